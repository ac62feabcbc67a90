"""Convolutions with larger kernels: patches of four pixels, multiplied like 1x1 pixels (patch.c)."""

import numpy as np

from micronets.firmware.kernels.kernel import Distance, Kernel, shape_fields, window_fields
from micronets.firmware.kernels.point import BLOCK_PIXELS, PackedWeights, point_fields
from micronets.firmware.source import Source
from micronets.firmware.steps import Convolution


class PatchConvolution(Kernel[Convolution]):
    file = "patch.c"

    def __init__(self, step: Convolution, packed: PackedWeights) -> None:
        super().__init__(step)
        self.packed = packed
        self.function = f"mn_patch_{packed.form.name}"

    @property
    def depth(self) -> int:
        return int(np.prod(self.step.weights.shape[1:]))

    @property
    def scratch_bytes(self) -> int:
        return 4 * BLOCK_PIXELS * self.packed.words + -(-self.depth // 4) * 4

    def overlaps(self) -> dict[int, Distance]:
        """A block's outputs are written when its patches have been read; later blocks read from their first row on."""
        rows, columns, depth = self.step.inputs[0].shape
        out_rows, out_columns, channels = self.step.output.shape
        window = self.step.window
        pixels = out_rows * out_columns
        distance = 0
        for end in range(BLOCK_PIXELS, pixels, BLOCK_PIXELS):
            y = end // out_columns
            first_row = min(max(0, y * window.stride[0] - window.pad_top), rows)
            # Within its row a later pixel may start left of this one's row end, so whole rows count as unread.
            distance = max(distance, end * channels - first_row * columns * depth)
        return {0: Distance(distance)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        address = source.description(
            "mn_patch",
            layer,
            {
                "point": point_fields(source, layer, step, self.packed, self.depth),
                "in": shape_fields(step.inputs[0].shape),
                "out_columns": step.output.shape[1],
                "window": window_fields(step.window),
                "input_zero_point": step.input_zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output}, {scratch});"]
