"""1x1 convolutions of nibbles with 4-bit weights, two output channels' sums in one accumulator (point_fields.h)."""

import numpy as np

from micronets.compiler.kernels.int4 import Int4Weights
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.kernels.point import BLOCK_PIXELS, PointConvolution
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep

_BLOCKS = (16, 12, 10, 8, 7, 6, 5, 4, 3, 2)
_CHANNELS = 4
_STEPS = 16
_LEVELS = 15
"""Inputs are 0 to 15."""
_FIELD_BITS = 12
_HALF_FIELD = 1 << (_FIELD_BITS - 1)
_LARGEST = 1 << (31 - _FIELD_BITS)
_LONGEST_RIGHT_SHIFT, _LONGEST_LEFT_SHIFT = 22, 11
"""Sums have 20 bits, and are doubled."""
_ORDER = (0, 4, 2, 6, 1, 5, 3, 7)
"""The places of eight inputs in four words of lanes; the last four lie as they are."""


class FieldsPoint(Kernel[ConvolutionStep]):
    file = "point_fields.c"
    header = "point_fields.h"
    weight_bits = 4

    def __init__(self, plain: PointConvolution, inner: PointConvolution, chunk_words: int, blocks: int = 1) -> None:
        """`plain` is the kernel of the step as it stands, `inner` one that may leave the clamp to the packing."""
        super().__init__(plain.step)
        self.plain = plain
        self.inner = inner
        self.chunk_words = chunk_words
        self.blocks = blocks
        self.function = "mn_point_fields" if plain.step.output.is_packed else "mn_point_fields_to_bytes"

    def wider(self) -> "list[FieldsPoint]":
        """The same with more pixels at a time, the most first."""
        fitting = [blocks for blocks in _BLOCKS if blocks * BLOCK_PIXELS <= self.inner.pixels]
        return [FieldsPoint(self.plain, self.inner, self.chunk_words, blocks) for blocks in fitting]

    def files(self) -> set[str]:
        return {self.file, "point_fields_dsp.c"}

    @property
    def words(self) -> int:
        """Of a pixel's column."""
        return self.step.weights.shape[3] // 2

    @property
    def scratch_bytes(self) -> int:
        """Columns, and four channels' lanes, beyond which a core that reads ahead reads two words."""
        return 4 * self.words * (BLOCK_PIXELS * self.blocks + 2) + 2 * self.inner.slack_bytes

    def overlaps(self) -> dict[int, Distance]:
        """Pixels up to the end of some blocks are written when those up to the same end have been read."""
        source, output = self.step.inputs[0], self.step.output
        grows = output.packed_bytes(output.shape[2]) - source.packed_bytes(source.shape[2])
        at_once = BLOCK_PIXELS * self.blocks
        last = (self.inner.pixels - 1) // at_once * at_once
        return {0: Distance(max(0, last * grows))}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description(
            "mn_point_fields",
            layer,
            {
                "depth": self.step.weights.shape[3],
                "words": self.words,
                "chunk_words": self.chunk_words,
                "channels": self.step.weights.shape[0],
                "blocks": self.blocks,
                "made": self._made,
                "zero_point": self.step.requantisation.zero_point,
                "stream": source.array(f"{layer}_stream", self._stream()),
            },
        )
        return [f"{self.function}({address}, {self.inner.pixels}, {inputs[0]}, {output}, {scratch});"]

    @property
    def _made(self) -> str:
        if self.inner.packed.form.name != "fast":
            return "MN_FIELDS_ROUNDED"
        return "MN_FIELDS_NIBBLES" if self.step.output.is_packed else "MN_FIELDS_BYTES"

    def _stream(self) -> np.ndarray:
        """Int32 words."""
        weights = _ordered(self.step)
        channels = len(weights)
        starts = _starts(self.inner)
        starts[1::2] -= _HALF_FIELD * len(_chunk_ends(self.words, self.chunk_words))
        offsets, factors = _small(self.inner), _factors(self.inner)
        heads = ((starts << _FIELD_BITS) | (offsets & ((1 << _FIELD_BITS) - 1))).reshape(-1, _CHANNELS)
        # Nibbles (fours, words, lane) of a and b of both pairs.
        nibbles = weights.reshape(channels // _CHANNELS, _CHANNELS, self.words, 2) & 0xF
        first_a, first_b, second_a, second_b = (nibbles[:, i] for i in range(_CHANNELS))
        first = (first_a << 12) | (first_b ^ 8)
        second = (second_a << 12) | (second_b ^ 8)
        words = _turned_left(second[:, :, 0] | (second[:, :, 1] << 16)) | first[:, :, 0] | (first[:, :, 1] << 16)
        return (
            np.concatenate([heads, words, factors.reshape(-1, _CHANNELS)], axis=1)
            .astype(np.uint32)
            .view(np.int32)
            .reshape(-1)
        )


def fields_point(plain: PointConvolution, inner: PointConvolution) -> FieldsPoint | None:
    """None where the step has not the layout that point_fields.h describes, or sums might leave their fields."""
    step = inner.step
    if not plain.step.inputs[0].is_packed or not isinstance(inner.packed, Int4Weights):
        return None
    if step.weights.shape[0] % _CHANNELS or not (inner.packed.form.name == "fast" or _rounds_to_bytes(step)):
        return None
    weights = _ordered(step)
    if np.any(4096 * weights[0::2] + weights[1::2] < -(1 << 15)):
        return None
    starts = _starts(inner)
    highest = starts + _LEVELS * np.maximum(weights, 0).sum(axis=1)
    lowest = starts + _LEVELS * np.minimum(weights, 0).sum(axis=1)
    if highest.max() >= _LARGEST or lowest.min() < -_LARGEST or np.abs(_small(inner)).max() >= _HALF_FIELD:
        return None
    words = weights.shape[1] // 2
    for steps in range(-(-words // _STEPS), 0, -1):
        if _fields_hold(weights[1::2], _chunk_ends(words, steps * _STEPS)):
            most_chunks = len(_chunk_ends(words, steps * _STEPS))
            fits = np.abs(starts).max() + _HALF_FIELD * most_chunks < _LARGEST
            return FieldsPoint(plain, inner, steps * _STEPS) if fits else None
    return None


def _fields_hold(weights: np.ndarray, ends: list[int]) -> bool:
    """Whether sums of inputs times these channels' weights stay within a field from one end, in words, to the next."""
    begin = 0
    for end in ends:
        chunk = weights[:, 2 * begin : 2 * end]
        if _LEVELS * np.maximum(chunk, 0).sum(axis=1).max() >= _HALF_FIELD:
            return False
        if _LEVELS * np.minimum(chunk, 0).sum(axis=1).min() < -_HALF_FIELD:
            return False
        begin = end
    return True


def _chunk_ends(words: int, chunk_words: int) -> list[int]:
    first = chunk_words - -words % _STEPS
    return [*range(first, words, chunk_words), words]


def _ordered(step: ConvolutionStep) -> np.ndarray:
    """Int64 (channels, depth), inputs in the order of a column's lanes."""
    weights = step.weights.reshape(step.weights.shape[0], -1).astype(np.int64)
    eights = weights.shape[1] // 8 * 8
    ordered = weights.copy()
    ordered[:, :eights] = weights[:, :eights].reshape(len(weights), -1, 8)[:, :, _ORDER].reshape(len(weights), -1)
    return ordered


def _starts(inner: PointConvolution) -> np.ndarray:
    """Int64 (channels,): for inputs from 0 on; without the nudges of a form that is not used here."""
    step, least, form = inner.step, inner.step.inputs[0].least, inner.packed.form
    assert least is not None
    sums = step.weights.reshape(step.weights.shape[0], -1).sum(axis=1, dtype=np.int64)
    nudges = 0 if form.name == "fast" else form.nudges
    return inner.packed.starts - nudges + least * sums


def _rounds_to_bytes(step: ConvolutionStep) -> bool:
    """Whether TFLM's own requantisation fits: its shifts, and the bounds of int8."""
    q = step.requantisation
    shifts_fit = q.shifts.min() >= -_LONGEST_RIGHT_SHIFT and q.shifts.max() <= _LONGEST_LEFT_SHIFT
    return bool(shifts_fit and (q.low, q.high) == (-128, 127) and not step.output.is_packed)


def _small(inner: PointConvolution) -> np.ndarray:
    """Int64 (channels,): offsets, for outputs from 0 on where they are packed; or TFLM's shifts."""
    if inner.packed.form.name != "fast":
        return inner.step.requantisation.shifts
    return inner.packed.form.constants - (inner.step.output.least or 0)


def _factors(inner: PointConvolution) -> np.ndarray:
    form = inner.packed.form
    return form.factors if form.name == "fast" else inner.step.requantisation.multipliers


def _turned_left(lanes: np.ndarray) -> np.ndarray:
    """By 8 bits."""
    return ((lanes << 8) | (lanes >> 24)) & 0xFFFFFFFF
