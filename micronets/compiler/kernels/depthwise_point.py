"""Depthwise convolutions with kernels of one tap: a line for every channel (depthwise_point.c).

An output depends on one input alone, and of 256 inputs TFLM's sum, its two roundings and the clamp make a staircase.
Where the very same one is drawn by

    clamp((input * factor + constant) >> 22, low, high)

a multiply-accumulate and a saturation do. As TFLM rounds halves away from zero, some staircases are not quite a line's:
those have a step at zero,

    sum = input * factor + constant;  clamp((sum - (sum < 0 ? step : 0) >> 22) + zero_point, low, high)

Integers of these kinds are searched for around the real factor, and hold for all inputs or are given up.
"""

from dataclasses import dataclass

import numpy as np

from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.linear_sum import LARGEST_SHIFT
from micronets.compiler.requantise import requantise
from micronets.compiler.source import Source
from micronets.compiler.steps import DepthwiseConvolutionStep, Requantisation

_QUAD = 4
_EVERY_INT8 = np.arange(-128, 128, dtype=np.int64)[:, None]
_CHANGES = np.array(sorted(range(-12, 13), key=abs), np.int64)
"""Of a factor, the smallest first."""
_LARGEST_SUM = (1 << 31) - 1
_UNBOUND = 1 << 40


@dataclass(frozen=True)
class Lines:
    """Int64 (channels,); steps are None where no channel has one, and constants then hold the zero point."""

    factors: np.ndarray
    constants: np.ndarray
    steps: np.ndarray | None = None


class DepthwisePoint(Kernel[DepthwiseConvolutionStep]):
    file = "depthwise_point.c"
    header = "depthwise_point.h"

    def __init__(self, step: DepthwiseConvolutionStep, lines: Lines) -> None:
        super().__init__(step)
        self._lines = lines
        q = step.requantisation
        self.function = "mn_depthwise_point" + ("" if lines.steps is None else "_stepped")
        self.function += "" if (q.low, q.high) == (-128, 127) else "_clamped"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(self.step.output.size_bytes, exact=0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        (rows, columns, channels), q = self.step.output.shape, self.step.requantisation
        whole = -(-channels // _QUAD) * _QUAD
        columns_of = [line for line in vars(self._lines).values() if line is not None]
        quads = np.stack([np.pad(line, (0, whole - channels)).reshape(-1, _QUAD) for line in columns_of], axis=1)
        fields = {
            "pixels": rows * columns,
            "channels": channels,
            "zero_point": q.zero_point,
            "low": q.low,
            "high": q.high,
            "lines": source.array(f"{layer}_lines", quads.astype(np.int32)),
        }
        address = source.description("mn_depthwise_point", layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def depthwise_point(step: DepthwiseConvolutionStep) -> DepthwisePoint | None:
    """None for kernels, strides or multipliers other than 1, where sums may overflow, or a channel has no line."""
    window = step.window
    if window.size != (1, 1) or window.stride != (1, 1) or step.multiplier != 1:
        return None
    if step.inputs[0].shape != step.output.shape:
        return None
    q, weights = step.requantisation, step.weights.reshape(-1).astype(np.int64)
    sums = step.bias + weights * (_EVERY_INT8 - step.input_zero_point)
    if np.abs(sums).max() > _LARGEST_SUM >> max(0, int(q.shifts.max())):
        return None
    expected = requantise(sums, q.multipliers.astype(np.int64), q.shifts.astype(np.int64), q)
    scales = q.multipliers * np.exp2(q.shifts.astype(np.float64) - 31)
    base = np.round(weights * scales * 2.0**LARGEST_SHIFT).astype(np.int64)
    lines = _lines(expected, base, q) or _stepped_lines(expected, base, q, sums, scales)
    return None if lines is None else DepthwisePoint(step, lines)


def _lines(expected: np.ndarray, base: np.ndarray, q: Requantisation) -> Lines | None:
    factors = base + _CHANGES[:, None]
    least, limit = _bounds(expected, factors, q, np.ones_like(expected, bool))
    best = (limit - least).argmax(axis=0), np.arange(len(base))
    if np.any(least[best] >= limit[best]):
        return None
    return Lines(factors[best], (least[best] + limit[best] - 1) // 2)


def _stepped_lines(
    expected: np.ndarray, base: np.ndarray, q: Requantisation, sums: np.ndarray, scales: np.ndarray
) -> Lines | None:
    """Of sums, int64 (256, channels), and what they are scaled by."""
    factors, whole = base + _CHANGES[:, None], q.zero_point << LARGEST_SHIFT
    above, below = (_bounds(expected, factors, q, side) for side in (sums >= 0, sums < 0))
    best = np.minimum(above[1] - above[0], below[1] - below[0]).argmax(axis=0), np.arange(len(base))
    factor = factors[best]
    middle = np.round(sums[-1] * scales * 2.0**LARGEST_SHIFT).astype(np.int64) + whole + (1 << LARGEST_SHIFT - 1)
    middle -= _EVERY_INT8[-1] * factor
    constants, lower = (np.clip(middle, least[best], limit[best] - 1) - whole for least, limit in (above, below))
    made = _EVERY_INT8 * factor + constants
    steps = constants - lower
    stepped = made - np.where(made < 0, steps, 0) + whole
    if max(np.abs(made).max(), np.abs(stepped).max(), np.abs(steps).max()) > _LARGEST_SUM:
        return None
    holds = np.array_equal(np.clip(stepped >> LARGEST_SHIFT, q.low, q.high), expected)
    return Lines(factor, constants, steps) if holds else None


def _bounds(
    expected: np.ndarray, factors: np.ndarray, q: Requantisation, side: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of every factor, int64 (changes, channels), the least constant that gives what is expected of the inputs on a
    side, bool (256, channels), and the first that is too large.

    Products, constants and what they add up to fit int32, with the zero point or without.
    """
    least, limit = np.empty_like(factors), np.empty_like(factors)
    for number, factor in enumerate(factors):
        products = _EVERY_INT8 * factor
        reached = np.where(side & (expected > q.low), (expected << LARGEST_SHIFT) - products, -_UNBOUND)
        passed = np.where(side & (expected < q.high), ((expected + 1) << LARGEST_SHIFT) - products, _UNBOUND)
        least[number], limit[number] = reached.max(axis=0), passed.min(axis=0)
    room = _LARGEST_SUM - np.abs(_EVERY_INT8).max() * np.abs(factors) - abs(q.zero_point << LARGEST_SHIFT)
    return np.maximum(least, -room), np.minimum(limit, room + 1)
