"""A convolution computed row by row into the depthwise convolution or pool after it: few of its rows ever exist."""

from dataclasses import dataclass
from typing import ClassVar

from micronets.compiler.kernels.convolution_by_rows import ConvolutionByRows
from micronets.compiler.kernels.depthwise import Depthwise3x3
from micronets.compiler.kernels.depthwise_lines import DepthwiseLines
from micronets.compiler.kernels.helium import HeliumDepthwise
from micronets.compiler.kernels.kernel import Distance, PlannedKernel
from micronets.compiler.kernels.packed import PackedDepthwise, PackedHeliumDepthwise, PackedLayer
from micronets.compiler.kernels.packed_point import PackedPoint
from micronets.compiler.operators.pooling import PoolKernel
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

RowReader = Depthwise3x3 | DepthwiseLines | HeliumDepthwise | PoolKernel


@dataclass(eq=False, kw_only=True)
class FusedStep(Step):
    kind: ClassVar[str] = "fused"


class FusedRows(PlannedKernel[FusedStep]):
    """`first` makes the rows that a band of `second` needs into a buffer; rows that the next band reads again stay."""

    file = None
    function = "fused_rows"

    def __init__(self, first: ConvolutionByRows, second: RowReader) -> None:
        super().__init__(
            FusedStep(
                inputs=first.step.inputs,
                output=second.step.output,
                operators=first.step.operators + second.step.operators,
            )
        )
        self.first = first
        self.second = second

    def files(self) -> set[str]:
        packed = {"nibbles.c"} if self.step.output.is_packed or self.first.step.output.is_packed else set()
        return self.first.files() | self.second.files() | {"movement.c"} | packed

    def headers(self) -> set[str]:
        packed = {"nibbles.h"} if self.step.output.is_packed or self.first.step.output.is_packed else set()
        return self.first.headers() | self.second.headers() | packed

    @property
    def row_bytes(self) -> int:
        _, columns, channels = self.first.step.output.shape
        return columns * channels

    @property
    def buffer_bytes(self) -> int:
        """Of the rows held."""
        return -(-self.second.bands.rows_at_once * self.row_bytes // 4) * 4

    @property
    def band_bytes(self) -> int:
        """Of a band of the output, where it is packed behind that."""
        _, columns, channels = self.step.output.shape
        return -(-self.second.bands.band * columns * channels // 4) * 4 if self.step.output.is_packed else 0

    @property
    def scratch_bytes(self) -> int:
        return self.buffer_bytes + self.band_bytes + max(self.first.scratch_bytes, self.second.scratch_bytes)

    def overlaps(self) -> dict[int, Distance]:
        """A band's outputs are written when the rows for it are made; later rows need the input from some row on."""
        bands = self.second.bands
        _, in_columns, depth = self.step.inputs[0].shape
        out_rows, out_columns, channels = self.step.output.shape
        distance = 0
        for line in range(bands.band, out_rows, bands.band):
            unread = self.first.first_input_row(bands.rows_before(line))
            written = self.step.output.packed_bytes(line * out_columns * channels)
            distance = max(distance, written - unread * in_columns * depth)
        return {0: Distance(distance)}

    def emit_first(self, source: Source, layer: str, address: str, scratch: str) -> list[str]:
        """C statements for the rows [row, row + rows) of `first` into `output`, C variables in scope."""
        own = f"{scratch} + {self.buffer_bytes + self.band_bytes}"
        statements = self.first.emit_rows(source, layer, address, own)
        if self.first.step.output.is_packed:
            # Its kernel may have left the clamp to the packing, which does not happen here.
            statements.append(f"mn_clamp_levels({self.first.step.output.least}, rows * {self.row_bytes}, output);")
        return statements

    def emit_second(self, source: Source, layer: str, output: str, scratch: str) -> list[str]:
        """C statements for output rows [row, row + rows) from `input`, C variables in scope."""
        own = f"{scratch} + {self.buffer_bytes + self.band_bytes}"
        if not self.step.output.is_packed:
            return self.second.emit_band(source, layer, output, own)
        assert isinstance(self.second, Depthwise3x3 | HeliumDepthwise)
        _, columns, channels = self.step.output.shape
        made, row = f"{scratch} + {self.buffer_bytes}", columns * channels
        return [
            *self.second.emit_lines(source, layer, made, own),
            f"mn_pack_nibbles({self.step.output.least}, rows * {row}, {made}, {output} + row * {row // 2});",
        ]

    def emit_driver(self, name: str, first: str, second: str, scratch: str) -> str:
        """C text of a function that calls the two layer functions band by band."""
        bands = self.second.bands
        return f"""static void {name}(void)
{{
    int8_t *const buffer = {scratch};
    int32_t held = 0, made = 0;
    for (int32_t line = 0; line < {bands.out_rows}; line += {bands.band})
    {{
        const int32_t lines = {bands.out_rows} - line < {bands.band} ? {bands.out_rows} - line : {bands.band};
        const int32_t top = line * {bands.stride} - {bands.pad_top};
        const int32_t bottom = top + (lines - 1) * {bands.stride} + {bands.window_rows};
        const int32_t begin = top < 0 ? 0 : top;
        const int32_t end = bottom > {bands.rows} ? {bands.rows} : bottom;
        mn_move_down(buffer, buffer + (begin - held) * {self.row_bytes}, (made - begin) * {self.row_bytes});
        held = begin;
        {first}(made, end - made, buffer + (made - held) * {self.row_bytes});
        made = end;
        {second}(line, lines, buffer);
    }}
}}
"""


def fuse(first: PlannedKernel, second: PlannedKernel, band: int) -> FusedRows | None:
    """None where the two are no convolution and 3x3 depthwise convolution or pool of its rows."""
    first, second = _of_bytes(first, second)
    if not isinstance(first, ConvolutionByRows) or not isinstance(second, RowReader):
        return None
    if second.step.inputs[0] is not first.step.output or first.step.kind != "conv_2d":
        return None
    banded = second.banded(band)
    # Rows that no window reads would be made all the same, and have no place in the buffer.
    if banded is None or banded.bands.stride > banded.bands.window_rows:
        return None
    return FusedRows(first, banded)


def _of_bytes(first: PlannedKernel, second: PlannedKernel) -> tuple[PlannedKernel, PlannedKernel]:
    """Without the packing between them; what `first` reads must be bytes."""
    if not isinstance(first, PackedLayer | PackedPoint) or not isinstance(
        second, PackedDepthwise | PackedHeliumDepthwise
    ):
        return first, second
    return (first, second) if first.step.inputs[0].is_packed else (first.inner, second.inner)
