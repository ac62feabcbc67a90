"""4-bit weights of convolutions, packed: quads of output channels in 16-bit lanes (point_int4.h)."""

import numpy as np

from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.forms import Form, choose_form, extended
from micronets.compiler.steps import ConvolutionStep

_QUAD = 4
_LANE = np.array([1, 16, 256, 4096], np.int64)
# The kernel's sums of one, two, three and four channels must not wrap where it takes differences of them:
# |256 c + 16 b + a| < 2**27, and 4096 d within int32.
_LARGEST = np.array([1 << 20, 1 << 20, 1 << 18, (1 << 19) - 1], np.int64)
_HEAD_BITS = 12
_LARGEST_START = (1 << (31 - _HEAD_BITS)) - 1
_LARGEST_SMALL = (1 << (_HEAD_BITS - 1)) - 1
# The inputs of a column's two words per four inputs, as SXTB16 without and with a rotation by 8 leaves them.
_LANE_ORDER = (0, 2, 1, 3)


class QuadWeights:
    """Weights (channels, depth) as lanes of four channels, with starts and the requantisation's form.

    Attributes:
        words: words of lanes per quad.
        variant: how the C functions' names end.
        stream: the kernel's constants, int32 words.
    """

    dsp_file = "point_int4_dsp.c"
    weight_bits = 4
    shareable = False

    def __init__(self, lanes: np.ndarray, starts: np.ndarray, form: Form) -> None:
        quads = len(lanes)
        small = form.constants if form.name == "fast" else form.shifts
        heads = (starts << _HEAD_BITS) | (small & ((1 << _HEAD_BITS) - 1))
        self.words = lanes.shape[1]
        self.variant = f"int4_{form.name}"
        columns = heads.reshape(quads, _QUAD), lanes, form.factors.reshape(quads, _QUAD)
        self.stream = np.concatenate(columns, axis=1).astype(np.int32)


def pack_quads(step: ConvolutionStep, accumulators: Bounds) -> QuadWeights | None:
    """None where the weights are no 4-bit weights, or lanes or heads cannot hold them."""
    if step.weight_bits != 4:
        return None
    channels = step.weights.shape[0]
    weights = step.weights.reshape(channels, -1).astype(np.int64)
    depth = weights.shape[1]
    whole = -(-channels // _QUAD) * _QUAD
    largest = np.resize(_LARGEST, channels)
    if np.any(np.maximum(np.abs(accumulators.low), np.abs(accumulators.high)) > largest):
        return None
    form = choose_form(step.requantisation, accumulators.low, accumulators.high, largest)
    padded = np.zeros((whole, -(-depth // 4) * 4), np.int64)
    padded[:channels, :depth] = weights
    sums = np.cumsum(padded.reshape(-1, _QUAD, padded.shape[1]) * _LANE[:, None], axis=1)
    lanes = sums[:, -1]
    starts = step.bias - step.input_zero_point * weights.sum(axis=1) + form.nudges
    # The kernel takes a lane's low nibble, byte and twelve bits for the sums of fewer channels: weights of -8 beside
    # negative ones reach beyond these.
    if np.any(sums < -8 * _LANE[:, None]) or np.abs(starts).max() > _LARGEST_START:
        return None
    if form.name == "fast" and np.abs(form.constants).max() > _LARGEST_SMALL:
        return None
    order = np.arange(padded.shape[1]).reshape(-1, 4)[:, _LANE_ORDER].reshape(-1)
    words = np.ascontiguousarray(lanes[:, order].astype("<i2")).view("<i4")
    wide = Form(
        form.name,
        form.nudges,
        extended(form.factors, whole),
        extended(form.constants, whole),
        extended(form.shifts, whole),
    )
    return QuadWeights(words, np.concatenate([starts, np.zeros(whole - channels, np.int64)]), wide)
