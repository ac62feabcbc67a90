"""3x3 convolutions of stride 1 over strips of four output columns (strip.c)."""

from dataclasses import dataclass

from micronets.compiler.kernels.convolution_by_rows import ConvolutionByRows
from micronets.compiler.kernels.kernel import Distance, shape_fields
from micronets.compiler.kernels.point import BLOCK_PIXELS, PackedWeights
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep

_SIDE = 3
# Cycles on a Cortex-M4: four inputs of each of six columns, a row of them beside that, a word of lanes copied to RAM,
# and the same word's wait for the flash where it is used in place.
_WIDENED_WORD = 40
_WIDENED_ROW = 80
_COPIED_LANE = 5.3
_LANE_IN_PLACE = 2.6


@dataclass(frozen=True)
class Strips:
    """So many rows of so many strips at once."""

    rows: int
    strips: int

    @property
    def blocks(self) -> int:
        return self.rows * self.strips


class StripConvolution(ConvolutionByRows):
    function = "mn_strip"
    file = "strip.c"
    header = "strip.h"

    def __init__(self, step: ConvolutionStep, packed: PackedWeights, *, reads_ahead: bool) -> None:
        """`reads_ahead`: the core's kernel reads a word beyond its strips and lanes."""
        super().__init__(step)
        self.packed = packed
        self.slack_bytes = 4 if reads_ahead else 0
        self.at_once = Strips(1, 1)

    @staticmethod
    def fits(step: ConvolutionStep, packed: PackedWeights) -> bool:
        window = step.window
        return (
            packed.shareable
            and (window.size, window.stride, window.dilation) == ((_SIDE, _SIDE), (1, 1), (1, 1))
            and step.weights.shape[3] % 4 == 0
            and step.weights.shape[0] > 1
            and step.output.shape[1] >= BLOCK_PIXELS
        )

    def files(self) -> set[str]:
        return {self.file, "strip_dsp.c"}

    @property
    def depth(self) -> int:
        return self.step.weights.shape[3]

    @property
    def scratch_bytes(self) -> int:
        """Strips, a pair's lanes where more than one block uses them, and what is read ahead."""
        rows, strips = self.at_once.rows, self.at_once.strips
        words = strips * (rows + _SIDE - 1) * _SIDE * self.depth
        return 4 * (words + (self.packed.words if self.at_once.blocks > 1 else 0)) + self.slack_bytes

    def arrangements(self, most_rows: int, most_blocks: int) -> list[Strips]:
        """What can be computed at once, of at most so many rows and blocks."""
        out_rows, out_columns, _ = self.step.output.shape
        return [
            Strips(rows, strips)
            for rows in range(1, min(most_rows, out_rows, most_blocks) + 1)
            for strips in range(1, min(out_columns // BLOCK_PIXELS, most_blocks // rows) + 1)
        ]

    def overhead_cycles(self, at_once: Strips) -> float:
        """Of a block, for all channels: what depends on the arrangement."""
        widened = self.depth // 4 * _WIDENED_WORD + _WIDENED_ROW
        lanes = len(self.packed.lanes) * self.packed.words
        per_lane = _COPIED_LANE / at_once.blocks if at_once.blocks > 1 else _LANE_IN_PLACE
        return widened * (at_once.rows + _SIDE - 1) / at_once.rows + lanes * per_lane

    def overlaps(self) -> dict[int, Distance]:
        """Outputs of some rows are written while later strips of theirs have not been read, if there are any."""
        out_rows, out_columns, channels = self.step.output.shape
        _, columns, depth = self.step.inputs[0].shape
        whole = self.at_once.strips * BLOCK_PIXELS == out_columns
        distance = 0
        for begin in range(0, out_rows, self.at_once.rows):
            end = min(begin + self.at_once.rows, out_rows)
            if whole and end == out_rows:
                break
            unread = self.first_input_row(end if whole else begin)
            distance = max(distance, end * out_columns * channels - unread * columns * depth)
        return {0: Distance(distance)}

    def _describe(self, source: Source, layer: str) -> str:
        step = self.step
        return source.description(
            "mn_strip",
            layer,
            {
                "in": shape_fields(step.inputs[0].shape),
                "out_columns": step.output.shape[1],
                "channels": step.output.shape[2],
                "pad_top": step.window.pad_top,
                "pad_left": step.window.pad_left,
                "input_zero_point": step.input_zero_point,
                "rows": self.at_once.rows,
                "strips": self.at_once.strips,
                "rounded": int(self.packed.form.name == "rounded"),
                "stream": source.array(f"{layer}_stream", self._lanes_by_unit().stream),
            },
        )

    def _lanes_by_unit(self) -> PackedWeights:
        """Of a row of the kernel, the lanes of one word of inputs under its three columns lie together."""
        packed = self.packed
        by_column = packed.lanes.reshape(-1, _SIDE, _SIDE, self.depth // 2)
        lanes = by_column.transpose(0, 1, 3, 2).reshape(packed.lanes.shape)
        return packed.arranged(lanes)
