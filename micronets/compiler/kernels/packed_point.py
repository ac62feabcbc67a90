"""1x1 convolutions that read or write nibbles (nibbles_point.c)."""

import numpy as np

from micronets.compiler.kernels.int4 import Int4Weights
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.kernels.point import BLOCK_PIXELS, PackedWeights, PointConvolution, point_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep

_BLOCKS = (16, 12, 10, 8, 7, 6, 5, 4, 3, 2)
_GROUP = 4
# The places of eight inputs in four words of lanes: as nibbles_point.c widens nibbles, and as point.c widens bytes.
_NIBBLE_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
_BYTE_ORDER = (0, 2, 1, 3, 4, 6, 5, 7)


class PackedPoint(Kernel[ConvolutionStep]):
    file = "nibbles_point.c"
    header = "nibbles.h"

    def __init__(self, plain: PointConvolution, inner: PointConvolution, blocks: int = 1) -> None:
        """`plain` is the kernel of the step as it stands, `inner` one that may leave the clamp to the packing."""
        super().__init__(plain.step)
        self.plain = plain
        self.inner = inner
        self.blocks = blocks
        self.weight_bits = inner.weight_bits
        self.function = f"mn_point_nibbles_{inner.packed.variant}"

    @staticmethod
    def fits(inner: PointConvolution) -> bool:
        return not inner.packed.deep and inner.packed.form.name in ("fast", "rounded")

    def wider(self) -> "list[PackedPoint]":
        """The same with more pixels at a time, the most first."""
        fitting = [blocks for blocks in _BLOCKS if blocks * BLOCK_PIXELS <= self.inner.pixels]
        return [PackedPoint(self.plain, self.inner, blocks) for blocks in fitting]

    def files(self) -> set[str]:
        return {"nibbles_point.c", "widen.c", *Int4Weights.dsp_files, *self.inner.packed.dsp_files}

    @property
    def _pair_words(self) -> int:
        return self.inner.packed.lanes_words(self.blocks)

    @property
    def scratch_bytes(self) -> int:
        """Columns, a pair's lanes, and four channels of as many pixels."""
        pixels = BLOCK_PIXELS * self.blocks
        made_bytes = _GROUP * pixels if self.step.output.is_packed else 0
        return 4 * (self.inner.packed.words * pixels + self._pair_words) + made_bytes + self.inner.slack_bytes

    def overlaps(self) -> dict[int, Distance]:
        """Pixels up to the end of some blocks are written when those up to the same end have been read."""
        source, output = self.step.inputs[0], self.step.output
        grows = output.packed_bytes(output.shape[2]) - source.packed_bytes(source.shape[2])
        at_once = BLOCK_PIXELS * self.blocks
        last = (self.inner.pixels - 1) // at_once * at_once
        return {0: Distance(max(0, last * grows))}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, value = self.step, self.step.inputs[0]
        weights, output_least = self.inner.packed, step.output.least or 0
        if isinstance(weights, Int4Weights) and weights.form.name == "fast":
            weights, output_least = weights.lowered(output_least), 0
        if value.is_packed:
            weights = _arranged(weights)
        address = source.description(
            "mn_point_nibbles",
            layer,
            {
                "point": point_fields(source, layer, self.inner.step, weights, value.shape[2], self.blocks),
                "group_words": 2 * len(weights.pair_stream(0)),
                "pair_words": self._pair_words,
                "input_packed": int(value.is_packed),
                "output_packed": int(step.output.is_packed),
                "input_least": value.least or 0,
                "output_least": output_least,
            },
        )
        return [f"{self.function}({address}, {self.inner.pixels}, {inputs[0]}, {output}, {scratch});"]


def _arranged(packed: PackedWeights) -> PackedWeights:
    """Lanes in the order of widened nibbles; the last four of an odd number of fours lie as those of bytes."""
    lanes = np.ascontiguousarray(packed.lanes).view("<i2")
    eights = lanes.shape[1] // 8 * 8
    order = [_BYTE_ORDER.index(place) for place in _NIBBLE_ORDER]
    arranged = lanes.copy()
    arranged[:, :eights] = lanes[:, :eights].reshape(len(lanes), -1, 8)[:, :, order].reshape(len(lanes), -1)
    return packed.arranged(arranged.view("<i4"))
