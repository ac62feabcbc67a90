"""4-bit weights of convolutions, packed: pairs of output channels, two words of lanes in one (point_int4.h)."""

import numpy as np

from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.point import PackedWeights, pack
from micronets.compiler.steps import ConvolutionStep

_HEAD_BITS = 12
_LARGEST_START = (1 << (31 - _HEAD_BITS)) - 1
_LARGEST_SMALL = (1 << (_HEAD_BITS - 1)) - 1
_CENTRE = 0x0808
"""8 added to both weights of a lane."""
_UNPACKED_WORDS = 7


class Int4Weights(PackedWeights):
    """Lanes of 4-bit weights, which a kernel unpacks to RAM a pair at a time."""

    dsp_files = frozenset({"point_dsp.c", "point_int4.c", "point_int4_dsp.c"})
    weight_bits = 4

    @property
    def shareable(self) -> bool:
        return True

    @property
    def variant(self) -> str:
        return f"int4_{self.form.name}"

    def lanes_words(self, blocks: int) -> int:
        return self.words + _UNPACKED_WORDS

    def pair_stream(self, pair: int) -> list[int]:
        small = self.form.constants if self.form.name == "fast" else self.form.shifts
        of_pair = slice(2 * pair, 2 * pair + 2)
        heads = (self.starts[of_pair] << _HEAD_BITS) | (small[of_pair] & ((1 << _HEAD_BITS) - 1))
        lanes = self.lanes[pair].astype("<i4").view("<i2").astype(np.int32) + _CENTRE
        words = lanes.astype("<i2").view("<i4")
        nibbles = words[0::2] | (words[1::2] << 4)
        return [*heads.tolist(), *nibbles.tolist(), *self.form.factors[of_pair].tolist()]


def pack_int4(step: ConvolutionStep, accumulators: Bounds) -> Int4Weights | None:
    """None where the weights are no 4-bit weights, or lanes or heads cannot hold what belongs to them."""
    packed = pack(step, accumulators) if step.weight_bits == 4 else None
    if packed is None or packed.deep or np.abs(packed.starts).max() > _LARGEST_START:
        return None
    if packed.form.name == "fast" and np.abs(packed.form.constants).max() > _LARGEST_SMALL:
        return None
    return Int4Weights(step, packed.lanes, packed.starts, packed.form, deep=False)
