"""A residual block row by row: two convolutions whose rows are added to what the first one reads."""

from micronets.compiler.kernels.add_linear import AddLinear
from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.convolution_by_rows import ConvolutionByRows
from micronets.compiler.kernels.fused_rows import FusedStep
from micronets.compiler.kernels.kernel import Distance, PlannedKernel


class FusedResidual(PlannedKernel[FusedStep]):
    """A band of `second`'s rows is made from rows of `first` that stay while a later band reads them, and added."""

    file = None
    function = "fused_residual"

    def __init__(self, first: ConvolutionByRows, second: ConvolutionByRows, addition: AddLinear, band: int) -> None:
        """`band` divides the rows."""
        super().__init__(
            FusedStep(
                inputs=first.step.inputs,
                output=addition.step.output,
                operators=first.step.operators + second.step.operators + addition.step.operators,
            )
        )
        self.first = first
        self.second = second
        self.addition = addition
        self.bands = RowBands.of(second.step, second.step.window, band)

    def files(self) -> set[str]:
        return self.first.files() | self.second.files() | self.addition.files() | {"movement.c"}

    def headers(self) -> set[str]:
        return self.first.headers() | self.second.headers() | self.addition.headers()

    @property
    def row_bytes(self) -> int:
        """Of what `first` makes."""
        _, columns, channels = self.first.step.output.shape
        return columns * channels

    @property
    def held_bytes(self) -> int:
        """Rows of `first`."""
        return -(-self.bands.rows_at_once * self.row_bytes // 4) * 4

    @property
    def band_bytes(self) -> int:
        """A band of what is added."""
        _, columns, channels = self.step.output.shape
        return self.bands.band * columns * channels

    @property
    def buffer_bytes(self) -> int:
        return self.held_bytes + -(-self.band_bytes // 4) * 4

    @property
    def scratch_bytes(self) -> int:
        return self.buffer_bytes + max(self.first.scratch_bytes, self.second.scratch_bytes)

    def overlaps(self) -> dict[int, Distance]:
        """A band of sums is written when its rows are made; later rows need the input from some row on."""
        row_bytes = self.band_bytes // self.bands.band
        distance = 0
        for line in range(self.bands.band, self.bands.out_rows, self.bands.band):
            unread = min(line, self.first.first_input_row(self.bands.rows_before(line)))
            distance = max(distance, (line - unread) * row_bytes)
        return {0: Distance(distance)}

    def emit_driver(self, name: str, layers: tuple[str, str, str], scratch: str, source: str, output: str) -> str:
        """C text of a function that calls the three layer functions band by band."""
        bands = self.bands
        first, second, addition = layers
        addends = ["sums", f"{source} + line * {self.band_bytes // bands.band}"]
        if self.addition.step.inputs[0] is self.step.inputs[0]:
            addends.reverse()
        return f"""static void {name}(void)
{{
    int8_t *const buffer = {scratch}, *const sums = buffer + {self.held_bytes};
    int32_t held = 0, made = 0;
    for (int32_t line = 0; line < {bands.out_rows}; line += {bands.band})
    {{
        const int32_t top = line - {bands.pad_top}, bottom = top + {bands.band - 1 + bands.window_rows};
        const int32_t begin = top < 0 ? 0 : top;
        const int32_t end = bottom > {bands.rows} ? {bands.rows} : bottom;
        mn_move_down(buffer, buffer + (begin - held) * {self.row_bytes}, (made - begin) * {self.row_bytes});
        held = begin;
        {first}(made, end - made, buffer + (made - held) * {self.row_bytes});
        made = end;
        /* Where row 0 would lie. */
        {second}(line, {bands.band}, (const int8_t *)((uintptr_t)buffer - (uintptr_t)(held * {self.row_bytes})), sums);
        {addition}({addends[0]}, {addends[1]}, {output} + line * {self.band_bytes // bands.band});
    }}
}}
"""

    def banded(self, band: int) -> "FusedResidual | None":
        """The same with another band; None where that does not divide the rows."""
        if self.bands.out_rows % band:
            return None
        return FusedResidual(self.first, self.second, self.addition, band)


def fuse_residual(first: PlannedKernel, second: PlannedKernel, addition: PlannedKernel) -> FusedResidual | None:
    """A row at a time; None where the three are no two convolutions of stride 1 and the addition of what they read."""
    if not (
        isinstance(first, ConvolutionByRows)
        and isinstance(second, ConvolutionByRows)
        and isinstance(addition, AddLinear)
    ):
        return None
    source = first.step.inputs[0]
    chained = second.step.inputs[0] is first.step.output and (
        {id(value) for value in addition.step.inputs} == {id(source), id(second.step.output)}
    )
    windows = (first.step.window, second.step.window)
    if not chained or any(window.stride != (1, 1) or window.dilation != (1, 1) for window in windows):
        return None
    same = source.shape == second.step.output.shape and first.step.output.shape[:2] == source.shape[:2]
    return (
        FusedResidual(first, second, addition, 1) if same and first.step.kind == second.step.kind == "conv_2d" else None
    )
