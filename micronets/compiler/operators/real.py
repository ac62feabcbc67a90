"""Float32 between DEQUANTIZE and QUANTIZE: functions of one int8 value, worked out for all 256 while compiling.

A float32 tensor is the int8 value behind it and what each int8 stands for; a QUANTIZE makes a table of it. The
arithmetic is in float32, as in TFLM, with functions of the C library rounded correctly.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import INT8_THROUGHOUT, LoweringContext, Reals
from micronets.compiler.operators.family import Family, Lower, OperatorKind
from micronets.compiler.operators.lookup import lower_table
from micronets.compiler.steps import Value

_EVERY_INT8 = np.arange(-128, 128, dtype=np.int64)
_ONE, _SIX = np.float32(1), np.float32(6)

Function = Callable[[np.ndarray, dict[str, Any]], np.ndarray]
"""Float32 (256,) to float32 (256,)."""
OfTwo = Callable[[np.ndarray, np.ndarray], np.ndarray]


def lower_dequantize(lowering: LoweringContext, operator: Operator) -> None:
    """Scaled in float64 and rounded, as TFLM's `Dequantize`."""
    source, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
    if source.dtype not in ("int8", "uint8") or output.dtype != "float32":
        raise lowering.fail(operator, f"turns {source.dtype} into {output.dtype} inside; int8 is supported there")
    scale, zero_point = lowering.per_tensor(operator, source, "input", source.dtype)
    value = lowering.value(operator, source)
    _keep(lowering, operator, value, scale * (_EVERY_INT8 - zero_point), ())


def _keep(
    lowering: LoweringContext, operator: Operator, value: Value, table: np.ndarray, operators: tuple[int, ...]
) -> None:
    """The operator's float32 output is what `table` has for an int8 value."""
    output = lowering.output(operator)
    if output.dtype != "float32" or output.elements != value.elements:
        raise lowering.fail(operator, f"turns {value.elements} values into {output.elements} of {output.dtype}")
    with np.errstate(over="ignore"):
        lowering.reals[output.index] = Reals(table.astype(np.float32), (*operators, operator.index))
    lowering.values[output.index] = value.viewed(lowering.shape(output))


def _lower_quantize(lowering: LoweringContext, operator: Operator) -> None:
    """Halves away from zero, in float32; what is no int32 counts as the nearest one, and no number as 0."""
    finish = lowering.waiting.get(operator.inputs[0])
    if finish is not None:
        finish(operator)
        return
    reals = reals_of(lowering, operator, 0)
    output = lowering.output(operator)
    if output.dtype not in ("int8", "uint8"):
        raise lowering.fail(operator, f"turns float32 into {output.dtype} inside; int8 is supported there")
    scale, zero_point = lowering.per_tensor(operator, output, "output", output.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.nan_to_num(reals.table / np.float32(scale)).astype(np.float64)
    rounded = np.sign(steps) * np.floor(np.abs(steps) + 0.5)
    lower_table(lowering, operator, np.clip(rounded + zero_point, -128, 127), reals.operators)


def reals_of(lowering: LoweringContext, operator: Operator, position: int) -> Reals:
    """What an input of float32 stands for."""
    tensor = lowering.tensor(operator, position, "input")
    reals = lowering.reals.get(tensor.index)
    if reals is None:
        raise lowering.fail(operator, f"works on float32; {INT8_THROUGHOUT}")
    return reals


def _of_one(function: Function) -> Lower:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        reals = reals_of(lowering, operator, 0)
        with np.errstate(all="ignore"):
            made = function(reals.table, operator.options)
        _keep(lowering, operator, lowering.values[operator.inputs[0]], made, reals.operators)

    return lower


def _of_two(function: OfTwo) -> Lower:
    """Of float32 and a constant number, or of two functions of the same value."""

    def lower(lowering: LoweringContext, operator: Operator) -> None:
        sides: list[np.ndarray] = []
        operators: tuple[int, ...] = ()
        value: Value | None = None
        for position in range(2):
            tensor = lowering.tensor(operator, position, "input")
            known = lowering.data(tensor)
            if known is not None and known.size == 1:
                sides.append(np.full(256, known.reshape(-1)[0], np.float32))
                continue
            reals = reals_of(lowering, operator, position)
            sides.append(reals.table)
            operators += tuple(index for index in reals.operators if index not in operators)
            other = lowering.values[tensor.index]
            same = value is None or (value.storage is other.storage and value.offset_bytes == other.offset_bytes)
            if not same or (value is not None and value.elements != other.elements):
                raise lowering.fail(operator, f"works on two float32 tensors; {INT8_THROUGHOUT}")
            value = other
        assert value is not None  # constants alone are no float32 activation
        with np.errstate(all="ignore"):
            made = _activated(function(*sides), operator.options.get("activation", "NONE"))
        _keep(lowering, operator, value, made, operators)

    return lower


def _activated(values: np.ndarray, activation: str) -> np.ndarray:
    low, high = {"RELU": (0, np.inf), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}.get(activation, (-np.inf, np.inf))
    return np.clip(values, np.float32(low), np.float32(high))


def _rounded(function: Callable[[np.ndarray], np.ndarray]) -> Function:
    """Of the C library: in float64, rounded to float32."""
    return lambda x, options: function(x.astype(np.float64)).astype(np.float32)


def _logistic(x: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """TFLM's, which takes 1 and the exponential itself far from 0."""
    exponential = np.exp(x.astype(np.float64)).astype(np.float32)
    inverse = np.exp(-x.astype(np.float64)).astype(np.float32)
    return np.where(x > np.float32(16.619047164916992188), _ONE, np.where(x < -9, exponential, _ONE / (_ONE + inverse)))


def _leaky_relu(x: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    return np.where(x > 0, x, x * np.float32(options["alpha"]))


def _hard_swish(x: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    return x * np.clip(x + np.float32(3), np.float32(0), _SIX) / _SIX


def _elu(x: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    return np.where(x < 0, np.expm1(np.minimum(x, 0).astype(np.float64)).astype(np.float32), x)


def _floor_mod(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The remainder of C, moved to the divisor's sign."""
    remainder = np.fmod(first, second)
    return np.where((remainder != 0) & ((second < 0) != (remainder < 0)), remainder + second, remainder)


_FUNCTIONS: dict[str, Function] = {
    "ABS": lambda x, options: np.abs(x),
    "CEIL": lambda x, options: np.ceil(x),
    "COS": _rounded(np.cos),
    "ELU": _elu,
    "EXP": _rounded(np.exp),
    "FLOOR": lambda x, options: np.floor(x),
    "HARD_SWISH": _hard_swish,
    "LEAKY_RELU": _leaky_relu,
    "LOG": _rounded(np.log),
    "LOGISTIC": _logistic,
    "NEG": lambda x, options: -x,
    "RELU": lambda x, options: np.maximum(x, np.float32(0)),
    "RELU6": lambda x, options: np.clip(x, np.float32(0), _SIX),
    "ROUND": lambda x, options: np.rint(x),
    "RSQRT": lambda x, options: _ONE / np.sqrt(x),
    "SIN": _rounded(np.sin),
    "SQRT": lambda x, options: np.sqrt(x),
    "SQUARE": lambda x, options: x * x,
    "TANH": _rounded(np.tanh),
}
_FUNCTIONS_OF_TWO: dict[str, OfTwo] = {
    "ADD": np.add,
    "DIV": np.divide,
    "FLOOR_DIV": lambda first, second: np.floor(first / second),
    "FLOOR_MOD": _floor_mod,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "SQUARED_DIFFERENCE": lambda first, second: (first - second) * (first - second),
    "SUB": np.subtract,
}
_FLOAT_ONLY = ("CEIL", "COS", "EXP", "FLOOR", "FLOOR_DIV", "FLOOR_MOD", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE")


def _refuse(lowering: LoweringContext, operator: Operator) -> None:
    """The converter may quantise what TFLM runs in float32 only."""
    raise lowering.fail(
        operator,
        f"works on {lowering.activation_type(operator)}, which TFLM refuses; it takes float32, between DEQUANTIZE and "
        "QUANTIZE",
    )


FAMILY = Family(
    operators={"DEQUANTIZE": OperatorKind(lower_dequantize), **{name: OperatorKind(_refuse) for name in _FLOAT_ONLY}},
    by_type={
        "float32": {
            "QUANTIZE": _lower_quantize,
            **{name: _of_one(function) for name, function in _FUNCTIONS.items()},
            **{name: _of_two(function) for name, function in _FUNCTIONS_OF_TWO.items()},
        }
    },
)
