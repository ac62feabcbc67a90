"""4-bit weights of convolutions, packed: pairs of output channels, two words of lanes in one (point_int4.h)."""

from dataclasses import replace

import numpy as np

from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.forms import Form
from micronets.compiler.kernels.point import BLOCK_PIXELS, PackedWeights, pack
from micronets.compiler.steps import ConvolutionStep

_HEAD_BITS = 12
_LARGEST_START = (1 << (31 - _HEAD_BITS)) - 1
_LARGEST_SMALL = (1 << (_HEAD_BITS - 1)) - 1
_CENTRE = 0x0808
"""8 added to both weights of a lane."""
_UNPACKED_WORDS = 7
_LONGEST_RIGHT_SHIFT, _LONGEST_LEFT_SHIFT = 22, 6


class Int4Weights(PackedWeights):
    """Lanes of 4-bit weights, which a kernel unpacks to RAM a pair at a time."""

    dsp_files = frozenset({"point_dsp.c", "point_int4.c", "point_int4_dsp.c", "int4_blocks_dsp.c"})
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
        small = _small(self.form)
        of_pair = slice(2 * pair, 2 * pair + 2)
        heads = (self.starts[of_pair] << _HEAD_BITS) | (small[of_pair] & ((1 << _HEAD_BITS) - 1))
        lanes = self.lanes[pair].astype("<i4").view("<i2").astype(np.int32) + _CENTRE
        words = lanes.astype("<i2").view("<i4")
        nibbles = words[0::2] | (words[1::2] << 4)
        return [*heads.tolist(), *nibbles.tolist(), *self.form.factors[of_pair].tolist()]

    def lowered(self, least: int) -> "Int4Weights":
        """The same, of the form `fast`, for outputs from 0 on instead of `least`."""
        form = replace(self.form, constants=self.form.constants - least)
        return Int4Weights(self.step, self.lanes, self.starts, form, self.deep)


def pack_int4(step: ConvolutionStep, accumulators: Bounds) -> Int4Weights | None:
    """None where the weights are no 4-bit weights, or lanes or heads cannot hold what belongs to them."""
    rows, columns, channels = step.output.shape
    left_shift = max(0, int(step.requantisation.shifts.max()) + 1)
    if step.weight_bits != 4 or left_shift > _LONGEST_LEFT_SHIFT + 1:
        return None
    if channels == 1 and not (step.window.is_point and rows * columns < BLOCK_PIXELS):
        return None  # blocks are of pairs
    packed = pack(step, accumulators, left_shift=left_shift)
    if packed is None or packed.deep or np.abs(packed.starts).max() > _LARGEST_START:
        return None
    if np.abs(_small(packed.form)).max() > _LARGEST_SMALL:
        return None
    if packed.form.name == "general" and not _shifts_fit(step, accumulators):
        return None
    return Int4Weights(step, packed.lanes, packed.starts, packed.form, deep=False)


def _small(form: Form) -> np.ndarray:
    """Offsets, or shifts, to the left where they are positive."""
    if form.name in ("fast", "shifted"):
        return form.constants
    return form.shifts if form.name == "general" else -form.shifts


def _shifts_fit(step: ConvolutionStep, accumulators: Bounds) -> bool:
    """Whether accumulators, shifted to the left and doubled, fit int32, and constants do."""
    shifts = step.requantisation.shifts
    if shifts.min() < -_LONGEST_RIGHT_SHIFT or shifts.max() > _LONGEST_LEFT_SHIFT:
        return False
    magnitude = np.maximum(np.abs(accumulators.low), np.abs(accumulators.high))
    return bool(np.all(magnitude < 1 << (30 - np.maximum(shifts, 0))))
