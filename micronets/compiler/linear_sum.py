"""Exact strength reduction of the addition of two quantised values.

TFLM brings both inputs to a common scale, adds them and scales the sum to the output's: three multiplications and three
roundings. What comes out is a staircase over a plane, and where the very same staircase is drawn by

    clamp((first * first_factor + second * second_factor + constant) >> shift, low, high)

two multiply-accumulates do. Integers of that kind are searched for around the real factors, with as large a shift as
int32 has room for, and hold for all 65,536 pairs of inputs or are given up.
"""

import math
from dataclasses import dataclass

import numpy as np

from micronets.compiler.arithmetic import multiply_by_quantised_multiplier
from micronets.compiler.operators.add_step import AddStep

LARGEST_SHIFT = 22
"""The shift that kernels know as a constant; inputs that count several times over in the output need a smaller one."""
_LEAST_SHIFT = 14
_INPUT_SHIFT = 20
_EVERY_INT8 = np.arange(-128, 128, dtype=np.int64)
# Factors that far from the real ones, in either direction, are tried.
_FARTHEST = 12
_LARGEST_SUM = (1 << 31) - 1
_UNBOUND = 1 << 40


@dataclass(frozen=True)
class LinearSum:
    first_factor: int
    second_factor: int
    constant: int
    shift: int


def add_every_pair(step: AddStep) -> np.ndarray:
    """TFLM's sum of every int8 with every other: int64 (256, 256), by first input from -128 on, then by second."""
    first, second = (
        multiply_by_quantised_multiplier((_EVERY_INT8 - zero_point) << _INPUT_SHIFT, *multiplier)
        for zero_point, multiplier in zip(step.input_zero_points, step.input_multipliers, strict=True)
    )
    scaled = multiply_by_quantised_multiplier(first[:, None] + second[None, :], *step.output_multiplier)
    return np.clip(scaled + step.zero_point, step.low, step.high)


def fit_linear_sum(step: AddStep) -> LinearSum | None:
    """None where no factors near the real ones give all of TFLM's sums, or one could leave int32."""
    out_multiplier, out_shift = step.output_multiplier
    out_scale = out_multiplier * 2.0 ** (out_shift - 31)
    first, second = (
        multiplier * 2.0 ** (shift - 31 + _INPUT_SHIFT) * out_scale for multiplier, shift in step.input_multipliers
    )
    room = _LARGEST_SUM / (128 * (abs(first) + abs(second)))
    shift = min(LARGEST_SHIFT, math.floor(math.log2(room)))
    return None if shift < _LEAST_SHIFT else _fit(step, first, second, shift)


def _fit(step: AddStep, first_factor: float, second_factor: float, shift: int) -> LinearSum | None:
    first, second = round(first_factor * 2**shift), round(second_factor * 2**shift)
    expected = add_every_pair(step)
    base = _EVERY_INT8[:, None] * first + _EVERY_INT8[None, :] * second
    least = np.where(expected > step.low, (expected << shift) - base, -_UNBOUND)
    limit = np.where(expected < step.high, ((expected + 1) << shift) - base, _UNBOUND)
    # Only pairs next to a step can become the closest ones by a small change of the factors.
    reach = 2 * 2 * 128 * _FARTHEST
    change = np.arange(-_FARTHEST, _FARTHEST + 1)
    x, y = np.nonzero(least >= least.max() - reach)
    lower = _extreme(least[x, y], x - 128, y - 128, change, np.maximum)
    x, y = np.nonzero(limit <= limit.min() + reach)
    upper = _extreme(limit[x, y], x - 128, y - 128, change, np.minimum)
    width = upper - lower
    i, j = np.unravel_index(width.argmax(), width.shape)
    if width[i, j] <= 0:
        return None
    constant = int((lower[i, j] + upper[i, j] - 1) // 2)
    found = LinearSum(int(first + change[i]), int(second + change[j]), constant, shift)
    return found if _holds(found, step, expected) else None


def _extreme(bounds: np.ndarray, x: np.ndarray, y: np.ndarray, change: np.ndarray, pick: np.ufunc) -> np.ndarray:
    """The tightest bound of the constant, int64 (changes of the first factor, of the second)."""
    by_first = bounds[None, :] - change[:, None] * x[None, :]
    by_second = change[:, None] * y[None, :]
    return np.stack([pick.reduce(by_first - line[None, :], axis=1) for line in by_second], axis=1)


def _holds(found: LinearSum, step: AddStep, expected: np.ndarray) -> bool:
    products = _EVERY_INT8[:, None] * found.first_factor + _EVERY_INT8[None, :] * found.second_factor
    sums = products + found.constant
    fits = max(np.abs(products).max(), np.abs(sums).max(), abs(found.constant)) <= _LARGEST_SUM
    return bool(fits and np.array_equal(np.clip(sums >> found.shift, step.low, step.high), expected))
