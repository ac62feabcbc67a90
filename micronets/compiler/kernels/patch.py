"""Convolutions with larger kernels: patches of four pixels, multiplied like 1x1 pixels (patch.c)."""

import numpy as np

from micronets.compiler.kernels.convolution_by_rows import ConvolutionByRows
from micronets.compiler.kernels.kernel import Distance, shape_fields, window_fields
from micronets.compiler.kernels.point import BLOCK_PIXELS, PackedWeights, point_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep


class PatchConvolution(ConvolutionByRows):
    file = "patch.c"

    def __init__(self, step: ConvolutionStep, packed: PackedWeights) -> None:
        super().__init__(step)
        self.packed = packed
        self.function = f"mn_patch_{packed.variant}"
        self.weight_bits = packed.weight_bits
        self.blocks = 1

    def files(self) -> set[str]:
        return {self.file, "widen.c", *self.packed.dsp_files}

    @property
    def depth(self) -> int:
        return int(np.prod(self.step.weights.shape[1:]))

    @property
    def scratch_bytes(self) -> int:
        """Columns, and behind them patches or a pair's lanes."""
        words = self.packed.words
        return 4 * (BLOCK_PIXELS * words * self.blocks + max(2 * words, self.packed.lanes_words(self.blocks)))

    def overlaps(self) -> dict[int, Distance]:
        """Outputs of some blocks are written when their patches have been read; later ones read from their first row
        on."""
        _, columns, depth = self.step.inputs[0].shape
        out_rows, out_columns, channels = self.step.output.shape
        at_once = BLOCK_PIXELS * self.blocks
        distance = 0
        for row in range(out_rows):
            end = ((row + 1) * out_columns - 1) // at_once * at_once
            if end >= max(row * out_columns, at_once):
                # Within its row a later pixel may start left of this one's row end, so whole rows count as unread.
                distance = max(distance, end * channels - self.first_input_row(row) * columns * depth)
        return {0: Distance(distance)}

    def _describe(self, source: Source, layer: str) -> str:
        step = self.step
        return source.description(
            "mn_patch",
            layer,
            {
                "point": point_fields(source, layer, step, self.packed, self.depth, self.blocks),
                "in": shape_fields(step.inputs[0].shape),
                "out_columns": step.output.shape[1],
                "window": window_fields(step.window),
                "input_zero_point": step.input_zero_point,
            },
        )
