"""A convolution computed row by row into the depthwise convolution after it: only a few of its rows ever exist."""

from dataclasses import dataclass
from typing import ClassVar

from micronets.firmware.kernels.depthwise import Depthwise3x3
from micronets.firmware.kernels.helium import HeliumDepthwise, HeliumPatch, HeliumPoint
from micronets.firmware.kernels.kernel import Distance, Kernel, PlannedKernel
from micronets.firmware.kernels.patch import PatchConvolution
from micronets.firmware.kernels.point import PointConvolution
from micronets.firmware.steps import Step

RowMaker = PointConvolution | PatchConvolution | HeliumPoint | HeliumPatch
RowReader = Depthwise3x3 | HeliumDepthwise


@dataclass(eq=False, kw_only=True)
class FusedStep(Step):
    kind: ClassVar[str] = "fused"


class FusedRows(PlannedKernel[FusedStep]):
    """`first` makes the rows that a band of `second` needs into a buffer; rows that the next band reads again stay."""

    file = None
    function = "fused_rows"

    def __init__(self, first: RowMaker, second: RowReader) -> None:
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
        return self.first.files() | self.second.files() | {"movement.c"}

    @property
    def row_bytes(self) -> int:
        _, columns, channels = self.first.step.output.shape
        return columns * channels

    @property
    def buffer_bytes(self) -> int:
        sweep = self.second.sweep
        rows = min((sweep.band - 1) * sweep.stride + 3, sweep.inputs[1])
        return -(-rows * self.row_bytes // 4) * 4

    @property
    def scratch_bytes(self) -> int:
        return self.buffer_bytes + max(self.first.scratch_bytes, self.second.scratch_bytes)

    def overlaps(self) -> dict[int, Distance]:
        """A band's outputs are written when the rows for it are made; later rows need the input from some row on."""
        sweep = self.second.sweep
        _, in_columns, depth = self.step.inputs[0].shape
        out_rows, out_columns, channels = self.step.output.shape
        distance = 0
        for line in range(sweep.band, out_rows, sweep.band):
            made = min((line - 1) * sweep.stride - sweep.pads[1] + 3, sweep.inputs[1])
            unread = self.first.first_input_row(made)
            distance = max(distance, line * out_columns * channels - unread * in_columns * depth)
        return {0: Distance(distance)}

    def emit_driver(self, name: str, first: str, second: str, scratch: str) -> str:
        """C text of a function that calls the two layer functions band by band."""
        sweep = self.second.sweep
        return f"""static void {name}(void)
{{
    int8_t *const buffer = {scratch};
    int32_t held = 0, made = 0;
    for (int32_t line = 0; line < {sweep.outputs[1]}; line += {sweep.band})
    {{
        const int32_t lines = {sweep.outputs[1]} - line < {sweep.band} ? {sweep.outputs[1]} - line : {sweep.band};
        const int32_t top = line * {sweep.stride} - {sweep.pads[1]};
        const int32_t bottom = top + (lines - 1) * {sweep.stride} + 3;
        const int32_t begin = top < 0 ? 0 : top;
        const int32_t end = bottom > {sweep.inputs[1]} ? {sweep.inputs[1]} : bottom;
        mn_move_down(buffer, buffer + (begin - held) * {self.row_bytes}, (made - begin) * {self.row_bytes});
        held = begin;
        {first}(made, end - made, buffer + (made - held) * {self.row_bytes});
        made = end;
        {second}(line, lines, buffer);
    }}
}}
"""


def fuse(first: Kernel, second: Kernel, band: int) -> FusedRows | None:
    """None where the two are no convolution and 3x3 depthwise convolution of its rows."""
    if not isinstance(first, RowMaker) or not isinstance(second, RowReader):
        return None
    if second.step.inputs[0] is not first.step.output or first.step.kind != "conv_2d":
        return None
    banded = second.banded(band)
    return None if banded is None else FusedRows(first, banded)
