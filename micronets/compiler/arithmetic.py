"""TensorFlow Lite Micro's reference integer arithmetic, on Python integers and numpy int64 arrays.

Formulas: gemmlowp's `SaturatingRoundingDoublingHighMul` and `RoundingDivideByPOT` (fixedpoint.h), and TensorFlow Lite's
`QuantizeMultiplier` and `CalculateActivationRangeQuantized`. Real multipliers are written multiplier * 2**(shift - 31)
with a 31-bit multiplier.
"""

import math
from typing import Any

import numpy as np

INT32_MAX = (1 << 31) - 1
INT32_MIN = -(1 << 31)


def quantise_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) of a non-negative real multiplier: real ~ multiplier * 2**(shift - 31)."""
    if real == 0.0:
        return 0, 0
    if not 0 < real < math.inf:
        raise ValueError(f"the multiplier {real} is no positive number")
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return INT32_MAX, 30
    return multiplier, shift


def mean_multiplier(count: int, ratio: float) -> tuple[int, int]:
    """Of a mean over `count` values, whose division goes into the multiplier, as in TFLM's `QuantizedMeanOrSum`."""
    multiplier, shift = quantise_multiplier(ratio)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return ((multiplier << extra) // count if extra >= 0 else 0), shift - extra


def round_half_away(value: float) -> int:
    return int(math.floor(abs(value) + 0.5)) * (1 if value >= 0 else -1)


def wrap32(value: Any) -> Any:
    """The two's complement int32 of any integer or int64 array."""
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def saturating_rounding_doubling_high_multiply(a: Any, b: int) -> Any:
    """round(a * b / 2**31), halves upwards; `a` an integer or int64 array, both in int32's range, b not -2**31."""
    return (a * b + (1 << 30)) >> 31


def rounding_divide_by_power_of_two(value: Any, exponent: int) -> Any:
    """value / 2**exponent, rounded to nearest, halves away from zero."""
    if exponent == 0:
        return value
    return (value + (1 << (exponent - 1)) - (value < 0)) >> exponent


def multiply_by_quantised_multiplier(value: Any, multiplier: int, shift: int) -> Any:
    """TFLM's `MultiplyByQuantizedMultiplier` with double rounding; int32 overflow of the left shift wraps."""
    shifted = wrap32(value * (1 << max(shift, 0)))
    return rounding_divide_by_power_of_two(
        saturating_rounding_doubling_high_multiply(shifted, multiplier), max(-shift, 0)
    )


def activation_range(
    activation: str, scale: float, zero_point: int, limits: tuple[int, int] = (-128, 127)
) -> tuple[int, int]:
    """Least and greatest value that a fused activation lets through, within the limits of the type."""

    def quantised(real: float) -> int:
        """As TFLM, which divides in float32; FloatingPointError where that overflows."""
        return zero_point + round_half_away(float(np.float32(real) / np.float32(scale)))

    low, high = limits
    if activation in ("RELU", "RELU6"):
        low = max(low, quantised(0.0))
    if activation == "RELU6":
        high = min(high, quantised(6.0))
    if activation == "RELU_N1_TO_1":
        low, high = max(low, quantised(-1.0)), min(high, quantised(1.0))
    return low, high
