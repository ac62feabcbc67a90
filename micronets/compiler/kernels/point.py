"""1x1 convolutions: pairs of output channels in 16-bit lanes, four pixels at a time (point_block.h)."""

from copy import copy
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.convolution_by_rows import PixelsByRows
from micronets.compiler.kernels.forms import Form, choose_form, extended, general_form, rounded_form
from micronets.compiler.kernels.kernel import Distance
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, Requantisation

BLOCK_PIXELS = 4
_LARGEST_PAIRED = (1 << 23) - 1
_LARGEST_SINGLE = (1 << 31) - 1
# The two words of four inputs, as SXTB16 and SXTB16 with a rotation by 8 leave them.
_LANE_ORDER = (0, 2, 1, 3)


class PackedWeights:
    """Weights (channels, depth) and biases as lanes of channel pairs, with the requantisation's form.

    Attributes:
        words: words of lanes per pair, even.
        lanes: int32 (pairs, words).
        starts: int64 (channels of all pairs,), the accumulators' start: bias, zero point and nudge.
        deep: whether sums may leave 24 bits, so that the kernels cut the depth, or lanes cannot hold both channels of
            some pair (point_deep.h).
        of_pairs: how many channels each pair has, where it is deep; None: two, but for an odd last one.
    """

    def __init__(
        self,
        step: ConvolutionStep,
        lanes: np.ndarray,
        starts: np.ndarray,
        form: Form,
        deep: bool,
        of_pairs: list[int] | None = None,
    ) -> None:
        self.step = step
        self.lanes = lanes
        self.starts = starts
        self.form = form
        self.deep = deep
        self.of_pairs = of_pairs

    @property
    def words(self) -> int:
        return self.lanes.shape[1]

    def pair_head(self, pair: int) -> list[int]:
        """Starts of acc_p and acc_b, or of acc_a and acc_b for deep sums."""
        a, b = int(self.starts[2 * pair]), int(self.starts[2 * pair + 1])
        if self.deep:
            return [_wrap32(a), _wrap32(b)]
        return [_wrap32(256 * a + b), _wrap32(b)]

    dsp_files: ClassVar[frozenset[str]] = frozenset({"point_dsp.c"})
    weight_bits: ClassVar[int] = 8

    @property
    def shareable(self) -> bool:
        """Whether several blocks of pixels can use a pair's lanes one after the other."""
        return not self.deep and self.form.name in ("fast", "rounded")

    def lanes_words(self, blocks: int) -> int:
        """What a pair takes in RAM, where it is copied there: for more than one block of pixels."""
        return self.words if blocks > 1 else 0

    def arranged(self, lanes: np.ndarray) -> Self:
        """The same with lanes in another order."""
        return type(self)(self.step, lanes, self.starts, self.form, self.deep, self.of_pairs)

    @property
    def variant(self) -> str:
        """How the C functions' names end."""
        return "deep" if self.deep else self.form.name

    @property
    def stream(self) -> np.ndarray:
        """All constants of point_block.h, int32 words."""
        return np.array([word for pair in range(len(self.lanes)) for word in self.pair_stream(pair)], np.int32)

    def pair_stream(self, pair: int) -> list[int]:
        if self.deep:
            alone = 2 * pair + 1 == len(self.step.bias)
            of_pair = (1 if alone else 2) if self.of_pairs is None else self.of_pairs[pair]
            return [of_pair, *self.pair_head(pair), *self.lanes[pair].tolist(), *self.form.pair_words(pair)]
        return [*self.pair_head(pair), *self.lanes[pair].tolist(), *self.form.pair_words(pair)]


def pack(
    step: ConvolutionStep, accumulators: Bounds, *, in_order: bool = False, fast: bool = True, left_shift: int = 0
) -> PackedWeights | None:
    """None where the lanes cannot hold the weights or their sums.

    Args:
        in_order: every channel is in one pair, an odd last one by itself, which dense.c wants.
        fast: whether the form may be that, which not all steps have that share a kernel.
        left_shift: see `choose_form`.
    """
    channels = step.weights.shape[0]
    low, high = accumulators.low, accumulators.high
    magnitude = np.maximum(np.abs(low), np.abs(high))
    if magnitude.max() > _LARGEST_SINGLE:
        return None
    places = _places(channels)
    largest = np.where(np.arange(len(places)) % 2 == 0, _LARGEST_PAIRED, _LARGEST_SINGLE)
    deep = bool(np.any(magnitude[places] > largest))
    if deep or in_order:
        places = np.arange(channels)
    lanes = _lanes(step, _even(places), np.arange(len(_even(places))) < len(places))
    if lanes is None:
        return None if in_order else _pack_apart(step)
    q = _of_channels(step, places)
    if deep:
        form = general_form(q)
    elif fast:
        form = choose_form(q, low[places], high[places], largest[: len(places)], left_shift)
    else:
        form = rounded_form(q, low[places], high[places]) or general_form(q)
    return _packed(step, lanes, places, form, deep)


def _pack_apart(step: ConvolutionStep) -> PackedWeights:
    """Channels whose weights a lane cannot hold together, -128 above a negative one, in pairs of their own."""
    channels = step.weights.shape[0]
    places: list[int] = []
    of_pairs: list[int] = []
    while len(places) == 0 or places[-1] + 1 < channels:
        first = places[-1] + 1 if places else 0
        both = first + 1 < channels and _lanes(step, np.array([first, first + 1]), np.ones(2, bool)) is not None
        of_pairs.append(2 if both else 1)
        places += [first, first + 1 if both else first]
    used = np.array([place for of_pair in of_pairs for place in (True, of_pair == 2)])
    lanes = _lanes(step, np.array(places), used)
    assert lanes is not None
    packed = _packed(step, lanes, np.array(places), general_form(_of_channels(step, np.array(places))), deep=True)
    return PackedWeights(step, packed.lanes, packed.starts, packed.form, deep=True, of_pairs=of_pairs)


def _of_channels(step: ConvolutionStep, places: np.ndarray) -> Requantisation:
    q = step.requantisation
    return replace(q, multipliers=q.multipliers[places], shifts=q.shifts[places])


def _even(places: np.ndarray) -> np.ndarray:
    return extended(places, len(places) + len(places) % 2)


def _lanes(step: ConvolutionStep, places: np.ndarray, used: np.ndarray) -> np.ndarray | None:
    """Int32 (pairs, words): the weights of the channels at `places`, of an even number; those not `used` are zero.

    None where int16 does not hold them.
    """
    weights = step.weights.reshape(step.weights.shape[0], -1).astype(np.int64)
    depth = weights.shape[1]
    padded = np.zeros((len(places), -(-depth // 4) * 4), np.int64)
    padded[:, :depth] = weights[places] * used[:, None]
    lanes = 256 * padded[0::2] + padded[1::2]
    if lanes.min() < -(1 << 15):
        return None
    order = np.arange(padded.shape[1]).reshape(-1, 4)[:, _LANE_ORDER].reshape(-1)
    return np.ascontiguousarray(lanes[:, order].astype("<i2")).view("<i4")


def _packed(step: ConvolutionStep, lanes: np.ndarray, places: np.ndarray, form: Form, deep: bool) -> PackedWeights:
    even = 2 * len(lanes)
    wide = Form(
        form.name,
        form.nudges,
        extended(form.factors, even),
        extended(form.constants, even),
        extended(form.shifts, even),
    )
    bias = step.bias - step.input_zero_point * step.weights.reshape(len(step.bias), -1).sum(axis=1, dtype=np.int64)
    starts = np.zeros(even, np.int64)
    starts[: len(places)] = bias[places] + form.nudges
    return PackedWeights(step, lanes, starts, wide, deep)


def _places(channels: int) -> np.ndarray:
    """The channels of all pairs: of an odd number the second one is in the first two pairs (point_block.h)."""
    if channels % 2 == 0 or channels == 1:
        return np.arange(channels)
    return np.concatenate([[0], np.arange(1, channels + 1) - (np.arange(1, channels + 1) > 1)])


class PointConvolution(PixelsByRows):
    file = "point.c"

    def __init__(self, step: ConvolutionStep, packed: PackedWeights, *, reads_ahead: bool) -> None:
        """`reads_ahead`: the core's kernel reads a word beyond its column."""
        super().__init__(step)
        self.packed = packed
        self.has_few_pixels = packed.weight_bits == 4 and self.pixels < BLOCK_PIXELS
        few = f"mn_point_int4_few_{packed.form.name}"
        self.function = few if self.has_few_pixels else f"mn_point_{packed.variant}"
        self.slack_bytes = 4 if reads_ahead else 0
        self.weight_bits = packed.weight_bits
        self.blocks = 1

    def of_any_pixels(self) -> "PointConvolution":
        """By code that does not rely on having few."""
        made = copy(self)
        made.has_few_pixels = False
        made.function = f"mn_point_{self.packed.variant}"
        return made

    def files(self) -> set[str]:
        return {self.file, "widen.c", *self.packed.dsp_files}

    @property
    def scratch_bytes(self) -> int:
        return (
            4 * (BLOCK_PIXELS * self.packed.words * self.blocks + self.packed.lanes_words(self.blocks))
            + self.slack_bytes
        )

    def overlaps(self) -> dict[int, Distance]:
        """Pixels up to the end of some blocks are written when those up to the same end have been read."""
        depth, channels = self.step.weights.shape[3], self.step.weights.shape[0]
        at_once = BLOCK_PIXELS * self.blocks
        last_end = (self.pixels - 1) // at_once * at_once
        return {0: Distance(max(0, last_end * (channels - depth)))}

    def _describe(self, source: Source, layer: str) -> str:
        fields = point_fields(source, layer, self.step, self.packed, self.step.weights.shape[3], self.blocks)
        return source.description("mn_point", layer, fields)


def point_fields(
    source: Source, layer: str, step: ConvolutionStep, packed: PackedWeights, depth: int, blocks: int
) -> dict[str, int | str]:
    """struct mn_point for a step of `depth` inputs per pixel."""
    fields = point_fields_of_stream(source, layer, step, packed.words, depth, packed.stream, blocks)
    return fields | {"zero_point": int(packed.form.shifts[0])} if packed.form.name == "shifted" else fields


def point_fields_of_stream(
    source: Source, layer: str, step: ConvolutionStep, words: int, depth: int, stream: np.ndarray, blocks: int = 1
) -> dict[str, int | str]:
    q = step.requantisation
    return {
        "depth": depth,
        "words": words,
        "channels": step.weights.shape[0],
        "blocks": blocks,
        "zero_point": q.zero_point,
        "low": q.low,
        "high": q.high,
        "stream": source.array(f"{layer}_stream", stream),
    }


def _wrap32(value: int) -> int:
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
