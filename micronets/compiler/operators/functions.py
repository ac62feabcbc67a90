"""Tables of functions of one int8 value that TFLM has beside those in `lookup`: the same arithmetic, all 256 inputs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from micronets.compiler.arithmetic import multiply_by_quantised_multiplier, quantise_multiplier, round_half_away
from micronets.compiler.fixed_point import inverse_square_root, tanh_table
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.operators.lookup import lower_table

_EVERY_INT8 = np.arange(-128, 128, dtype=np.int64)
_INT16_MAX = (1 << 15) - 1

Function = Callable[[float, int, float, int, dict[str, Any]], np.ndarray]
"""(scale, zero point, output scale, output zero point, options) -> int64 (256,), to be clamped to int8."""


def _lower(function: Function) -> Callable[[LoweringContext, Operator], None]:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        _, scale, zero_point = lowering.activation(operator, 0)
        output = lowering.per_tensor(operator, lowering.output(operator), "output")
        try:
            table = function(scale, zero_point, *output, operator.options)
        except ValueError as error:
            raise lowering.fail(operator, f"cannot be carried out: {error}; train it anew") from error
        lower_table(lowering, operator, np.clip(table, -128, 127))

    return lower


def _ratio(scale: float, output_scale: float) -> float:
    """In float32, as TFLM divides scales."""
    return float(np.float32(scale) / np.float32(output_scale))


def _abs(scale: float, zero_point: int, out_scale: float, out_zero_point: int, options: dict[str, Any]) -> np.ndarray:
    values = np.abs(_EVERY_INT8 - zero_point)
    if scale != out_scale:
        values = multiply_by_quantised_multiplier(values, *quantise_multiplier(_ratio(scale, out_scale)))
    return values + out_zero_point


def _leaky_relu(
    scale: float, zero_point: int, out_scale: float, out_zero_point: int, options: dict[str, Any]
) -> np.ndarray:
    values = _EVERY_INT8 - zero_point
    alpha = float(np.float32(scale) * np.float32(options["alpha"]) / np.float32(out_scale))
    positive = multiply_by_quantised_multiplier(values, *quantise_multiplier(_ratio(scale, out_scale)))
    negative = multiply_by_quantised_multiplier(values, *quantise_multiplier(abs(alpha)))
    return np.where(values >= 0, positive, negative if alpha >= 0 else -negative) + out_zero_point


def _elu(scale: float, zero_point: int, out_scale: float, out_zero_point: int, options: dict[str, Any]) -> np.ndarray:
    """In float32 throughout."""
    inverse = np.float32(1) / np.float32(out_scale)
    table = []
    for value in _EVERY_INT8.tolist():
        real = np.float32(scale) * np.float32(value - zero_point)
        if real < 0:
            real = np.float32(math.exp(float(real))) - np.float32(1)
        table.append(int(np.float32(round_half_away(float(real * inverse))) + np.float32(out_zero_point)))
    return np.array(table, np.int64)


def _tanh(scale: float, zero_point: int, out_scale: float, out_zero_point: int, options: dict[str, Any]) -> np.ndarray:
    """Whatever the output states, TFLM answers at the scale 1/128 with the zero point 0."""
    return tanh_table(scale, zero_point).astype(np.int64)


def _rsqrt(scale: float, zero_point: int, out_scale: float, out_zero_point: int, options: dict[str, Any]) -> np.ndarray:
    """TFLM stops at values below zero, and at zero answers the largest value."""
    extra = 20
    root = np.sqrt(np.float32(scale)) * np.float32(out_scale)
    multiplier, shift = quantise_multiplier(1.0 / float(root))
    table = []
    for value in (_EVERY_INT8 - zero_point).tolist():
        if value <= 0:
            table.append(127)
            continue
        root_multiplier, root_shift = inverse_square_root(value)
        data = multiply_by_quantised_multiplier(1, root_multiplier, root_shift + extra)
        table.append(multiply_by_quantised_multiplier(data, multiplier, shift - extra) + out_zero_point)
    return np.array(table, np.int64)


def _int16(real: float) -> tuple[int, int]:
    """(multiplier, exponent) with 15 bits."""
    multiplier, exponent = quantise_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, _INT16_MAX), exponent


def _saturate(value: int) -> int:
    return max(-_INT16_MAX - 1, min(value, _INT16_MAX))


def _rounded_shift(value: int, exponent: int) -> int:
    half = 1 << exponent >> 1
    return (value + half - (value < 0)) >> exponent if exponent else value


def _hard_swish(
    scale: float, zero_point: int, out_scale: float, out_zero_point: int, options: dict[str, Any]
) -> np.ndarray:
    """x * relu6(x + 3) / 6 on int16."""
    fine = np.float32(1.0 / 128.0) * np.float32(scale)
    multiplier, exponent = _int16(float(fine / np.float32(out_scale)))
    relu_multiplier, relu_exponent = _int16(float(fine / np.float32(3.0 / 32768.0)))
    if exponent > 0:
        raise ValueError("the output's scale is too small for the input's")
    table = []
    for value in (_EVERY_INT8 - zero_point).tolist():
        shifted = value * (1 << 7)
        relu = shifted
        if relu_exponent > 0:
            relu = _saturate(relu << (relu_exponent - 1))
        relu = (relu * relu_multiplier + (1 << 14)) >> 15
        relu = _saturate(relu << 1) if relu_exponent > 0 else _rounded_shift(relu, -relu_exponent)
        relu = (relu + (1 << 15)) >> 1
        product = relu * ((shifted * multiplier + (1 << 14)) >> 15)
        # Divided towards zero.
        result = abs(product) >> 15
        table.append(_rounded_shift(result if product >= 0 else -result, -exponent) + out_zero_point)
    return np.array(table, np.int64)


def _leaky_relu_options(table: Table | None) -> dict[str, Any]:
    return {"alpha": table.float32(0) if table else 0.0}


FAMILY = Family(
    operators={
        "ABS": OperatorKind(_lower(_abs), options_type=78),
        "ELU": OperatorKind(_lower(_elu)),
        "HARD_SWISH": OperatorKind(_lower(_hard_swish), options_type=91),
        "LEAKY_RELU": OperatorKind(_lower(_leaky_relu), _leaky_relu_options, 75),
        "RSQRT": OperatorKind(_lower(_rsqrt)),
        "TANH": OperatorKind(_lower(_tanh)),
    },
)
