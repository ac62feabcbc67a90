"""gemmlowp's fixed-point exponential and logistic, on integers, for tables computed at compile time.

Formulas: gemmlowp/fixedpoint.h (`exp_on_negative_values`, `one_over_one_plus_x_for_x_in_0_1`, `logistic`) and
TensorFlow Lite's reference softmax and logistic. QI.F below means I integer and F fractional bits.
"""

import math
from collections.abc import Callable

import numpy as np

from micronets.compiler.arithmetic import (
    INT32_MAX,
    multiply_by_quantised_multiplier,
    quantise_multiplier,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_multiply,
    wrap32,
)

_SOFTMAX_INTEGER_BITS = 5
_SOFTMAX_SUM_BITS = 12
_LOGISTIC_INTEGER_BITS = 4
_LONGEST_LEFT_SHIFT = 62

# Q0.31 of exp(-2**k) for k = -2 ... 4.
_BARREL = [(k, round(math.exp(-(2.0**k)) * (1 << 31))) for k in range(-2, 5)]


def _multiply(a: int, b: int) -> int:
    return saturating_rounding_doubling_high_multiply(a, b)


def _exp_quarter(a: int) -> int:
    """exp(a) for a in [-1/4, 0), Q0.31 to Q0.31, a fourth-order Taylor expansion around -1/8."""
    exp_minus_eighth, third = 1895147668, 715827883
    x = a + (1 << 28)
    x2 = _multiply(x, x)
    x3 = _multiply(x2, x)
    x4_over_4 = rounding_divide_by_power_of_two(_multiply(x2, x2), 2)
    tail = rounding_divide_by_power_of_two(_multiply(x4_over_4 + x3, third) + x2, 1)
    return exp_minus_eighth + _multiply(exp_minus_eighth, x + tail)


def exp_on_negative_values(a: int, integer_bits: int) -> int:
    """exp(a) for a <= 0 in Q(integer_bits).(31 - integer_bits), as Q0.31."""
    if a == 0:
        return INT32_MAX
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    remainder_quarter = (a & (quarter - 1)) - quarter
    result = _exp_quarter(remainder_quarter << integer_bits)
    remainder = remainder_quarter - a
    for exponent, factor in _BARREL:
        if exponent < integer_bits and remainder & (1 << (fraction_bits + exponent)):
            result = _multiply(result, factor)
    return result


def _input_radius(integer_bits: int, left_shift: int) -> int:
    largest = ((1 << integer_bits) - 1) * (1 << (31 - integer_bits)) / (1 << left_shift)
    return int(math.floor(largest))


def softmax_multiplier(scale: float, beta: float) -> tuple[int, int]:
    """(multiplier, left shift) from steps of the input to Q5.26; ValueError where TFLM's softmax has none."""
    real = min(float(np.float64(beta) * np.float64(scale)) * (1 << (31 - _SOFTMAX_INTEGER_BITS)), (1 << 31) - 1.0)
    multiplier, left_shift = quantise_multiplier(real)
    if left_shift < 0:
        raise ValueError("the input's scale is too small for TFLM's softmax")
    return multiplier, left_shift


def softmax_exponentials(scale: float, beta: float) -> np.ndarray:
    """Q0.31 exponentials of 0, -1, ..., -255 input steps; shorter where TFLM treats the rest as zero."""
    multiplier, left_shift = softmax_multiplier(scale, beta)
    smallest = -_input_radius(_SOFTMAX_INTEGER_BITS, left_shift)
    table = []
    for difference in range(0, -256, -1):
        if difference < smallest:
            break
        rescaled = _multiply(wrap32(difference * (1 << left_shift)), multiplier)
        table.append(exp_on_negative_values(rescaled, _SOFTMAX_INTEGER_BITS))
    return np.array(table, np.int32)


def softmax_pairs(exponentials: np.ndarray) -> np.ndarray:
    """Int8 (256, 2): TFLM's softmax of two inputs that are 0, 1, ..., 255 steps apart, the larger one's first.

    Args:
        exponentials: as of `softmax_exponentials`.
    """
    pairs = [_softmax([INT32_MAX, int(e)]) for e in exponentials]
    alone = [*_softmax([INT32_MAX]), -128]
    return np.array(pairs + [alone] * (256 - len(pairs)), np.int8)


def _softmax(exponentials: list[int]) -> list[int]:
    """Outputs of exponentials in Q0.31, whose sum is one of Q12.19."""
    total = sum(int(rounding_divide_by_power_of_two(e, _SOFTMAX_SUM_BITS)) for e in exponentials)
    headroom = 32 - total.bit_length()
    scale = _one_over_one_plus((total << headroom) - (1 << 31))
    shift = _SOFTMAX_SUM_BITS - headroom + 31 - 8
    return [min(int(rounding_divide_by_power_of_two(_multiply(scale, e), shift)) - 128, 127) for e in exponentials]


def _reciprocal(a: int) -> int:
    """2 / (1 + a) for a in [0, 1) in Q0.31, as Q2.29: three Newton-Raphson steps."""
    total = a + INT32_MAX
    half_denominator = (total + (1 if total >= 0 else -1)) // 2
    x = 1515870810 + _multiply(half_denominator, -1010580540)
    for _ in range(3):
        residue = (1 << 29) - _multiply(half_denominator, x)
        x = wrap32(x + _shift_left_saturating(_multiply(x, residue), 2))
    return x


def _one_over_one_plus(a: int) -> int:
    """1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31."""
    return _shift_left_saturating(_reciprocal(a), 1)


def _shift_left_saturating(value: int, bits: int) -> int:
    limit = (1 << (31 - bits)) - 1
    if value > limit:
        return INT32_MAX
    if value < -limit:
        return -(1 << 31)
    return value << bits


def logistic_table(scale: float, zero_point: int) -> np.ndarray:
    """TFLM's int8 logistic (output scale 1/256, zero point -128) of every int8 input, as int8 (256,)."""
    return _sigmoid_table(scale, zero_point, _logistic_int8)


def tanh_table(scale: float, zero_point: int) -> np.ndarray:
    """TFLM's int8 tanh (output scale 1/128, zero point 0) of every int8 input, as int8 (256,)."""
    return _sigmoid_table(scale, zero_point, _tanh_int8)


def _sigmoid_table(scale: float, zero_point: int, function: Callable[[int, int, int], int]) -> np.ndarray:
    """`function` gets the input less the zero point, and the multiplier and shift that bring it to Q4.27.

    Raises ValueError where TFLM would shift a 64-bit integer by more than it has."""
    fraction, left_shift = math.frexp(float(scale) * (1 << (31 - _LOGISTIC_INTEGER_BITS)))
    if left_shift > _LONGEST_LEFT_SHIFT:
        raise ValueError(f"the input scale {scale:.6g} is beyond 2^{_LONGEST_LEFT_SHIFT + _LOGISTIC_INTEGER_BITS - 31}")
    multiplier = int(math.floor(fraction * (1 << 31) + 0.5))
    radius = _input_radius(_LOGISTIC_INTEGER_BITS, max(left_shift, 0))
    table = []
    for quantised in range(-128, 128):
        centred = quantised - zero_point
        if centred <= -radius:
            table.append(-128)
        elif centred >= radius:
            table.append(127)
        else:
            table.append(function(centred, multiplier, left_shift))
    return np.array(table, np.int8)


def _logistic_int8(centred: int, multiplier: int, left_shift: int) -> int:
    x = multiply_by_quantised_multiplier(centred, multiplier, left_shift)
    if x == 0:
        probability = 1 << 30
    else:
        upper = _one_over_one_plus(exp_on_negative_values(-abs(x), _LOGISTIC_INTEGER_BITS))
        probability = upper if x > 0 else INT32_MAX - upper
    return min(rounding_divide_by_power_of_two(probability, 23), 255) - 128


def _tanh_int8(centred: int, multiplier: int, left_shift: int) -> int:
    x = multiply_by_quantised_multiplier(centred, multiplier, left_shift)
    if x == 0:
        return 0
    # (1 - e) / (1 + e) for e = exp(-2 |x|); doubling the exponent takes one more integer bit.
    reciprocal = _reciprocal(exp_on_negative_values(-abs(x), _LOGISTIC_INTEGER_BITS + 1))
    magnitude = _shift_left_saturating(reciprocal - (1 << 29), 2)
    return max(-128, min(rounding_divide_by_power_of_two(magnitude if x > 0 else -magnitude, 24), 127))


def inverse_square_root(value: int) -> tuple[int, int]:
    """(multiplier, shift) of 1 / sqrt(value), 0 < value < 2**27: five Newton-Raphson steps in Q3.28."""
    if value == 1:
        return INT32_MAX, 0
    pairs = (31 - value.bit_length()) // 2 - 1
    right_shift = 11 - pairs
    halved = (value << (2 * pairs)) >> 1
    half = rounding_divide_by_power_of_two(halved, 1)
    x = 1 << 28
    for _ in range(5):
        cube = _shift_left_saturating(_multiply(_multiply(x, x), x), 6)
        # Products of two Q3.28 are Q6.25.
        x = _shift_left_saturating(_multiply(3 << 27, x) - _multiply(half, cube), 3)
    multiplier = _multiply(x, 1518500250)
    return (multiplier << -right_shift, 0) if right_shift < 0 else (multiplier, -right_shift)
