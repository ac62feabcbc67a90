"""Functions of one or two int16, such as ADD, MUL, PRELU, RELU, LOGISTIC and TANH."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import activation_range, quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.binary import BinaryStep, Multiplier, TwoValuesKernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.elementwise import broadcast
from micronets.compiler.operators.family import Family, Lower, always
from micronets.compiler.operators.int16 import LIMITS, activation, grid, symmetric
from micronets.compiler.sigmoid_int16 import sigmoid_table
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_SUM_SHIFT = 15
_POWER_OF_TWO = 1e-3
"""How far a scale's logarithm may be from an integer."""
_UNUSED = (0, 0)
_IDENTITY = (1 << 30, 1)


@dataclass(eq=False, kw_only=True)
class Int16BinaryStep(BinaryStep):
    """The same of int16."""


@dataclass(eq=False, kw_only=True)
class LinesStep(Step):
    """Two straight lines that meet at the zero point."""

    kind: ClassVar[str] = "int16_function"
    zero_points: tuple[int, int]
    """The input's and the output's."""
    above: Multiplier
    below: Multiplier
    mirrored: bool
    """The line below falls, its values having changed their sign before they are scaled; `negated`: afterwards."""
    negated: bool
    low: int = LIMITS[0]
    high: int = LIMITS[1]


@dataclass(eq=False, kw_only=True)
class SigmoidStep(Step):
    kind: ClassVar[str] = "int16_sigmoid"
    function: str
    multiplier: int
    shift: int
    """To the right."""


def _add_binary(
    lowering: LoweringContext,
    operator: Operator,
    function: str,
    input_multipliers: tuple[Multiplier, Multiplier] = (_UNUSED, _UNUSED),
    multiplier: Multiplier = _UNUSED,
) -> None:
    tensors = [lowering.tensor(operator, i, "input") for i in range(2)]
    first, second = (lowering.value(operator, tensor) for tensor in tensors)
    broadcast(lowering, operator, first.shape, second.shape)
    scale, zero_point = grid(lowering, operator, lowering.output(operator), "output")
    low, high = activation_range(operator.options.get("activation", "NONE"), scale, zero_point, LIMITS)
    zeros = [0 if tensor.quantisation is None else int(tensor.quantisation.zero_points[0]) for tensor in tensors]
    lowering.add(
        Int16BinaryStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            function=function,
            input_zero_points=(zeros[0], zeros[1]),
            input_multipliers=input_multipliers,
            multiplier=multiplier,
            zero_point=zero_point,
            low=low,
            high=high,
        )
    )


def _grids(lowering: LoweringContext, operator: Operator) -> tuple[float, float, float]:
    """Scales of both inputs and of the output."""
    first, second = (grid(lowering, operator, lowering.tensor(operator, i, "input"), "input")[0] for i in range(2))
    return first, second, grid(lowering, operator, lowering.output(operator), "output")[0]


def _require_symmetry(lowering: LoweringContext, operator: Operator) -> None:
    for position in range(2):
        activation(lowering, operator, position)
    symmetric(lowering, operator, lowering.output(operator), "output")


def _sum_multipliers(lowering: LoweringContext, operator: Operator) -> tuple[tuple[Multiplier, Multiplier], Multiplier]:
    first, second, out = _grids(lowering, operator)
    twice_larger = 2 * max(first, second)
    own, other = (quantise_multiplier(scale / twice_larger) for scale in (first, second))
    multiplier = quantise_multiplier(twice_larger / ((1 << _SUM_SHIFT) * out))
    if multiplier[1] > 0:
        raise lowering.fail(operator, "has an output scale too small for its inputs; TFLM refuses it")
    return (own, other), multiplier


def _lower_add(lowering: LoweringContext, operator: Operator) -> None:
    _add_binary(lowering, operator, "mn_int16_add", *_sum_multipliers(lowering, operator))


def _lower_subtract(lowering: LoweringContext, operator: Operator) -> None:
    _add_binary(lowering, operator, "mn_int16_subtract", *_sum_multipliers(lowering, operator))


def _lower_multiply(lowering: LoweringContext, operator: Operator) -> None:
    _require_symmetry(lowering, operator)
    first, second, out = _grids(lowering, operator)
    multiplier = quantise_multiplier(first * second / out)
    _add_binary(lowering, operator, "mn_int16_multiply", multiplier=multiplier)


def _lower_squared_difference(lowering: LoweringContext, operator: Operator) -> None:
    _require_symmetry(lowering, operator)
    first, second, out = _grids(lowering, operator)
    twice_larger = 2 * max(first, second)
    multipliers = (quantise_multiplier(first / twice_larger), quantise_multiplier(second / twice_larger))
    multiplier = quantise_multiplier(twice_larger * twice_larger / out)
    _add_binary(lowering, operator, "mn_int16_squared_difference", multipliers, multiplier)


def _of_order(function: str) -> Lower:
    return lambda lowering, operator: _add_binary(lowering, operator, function)


def _lower_prelu(lowering: LoweringContext, operator: Operator) -> None:
    scale, _ = grid(lowering, operator, lowering.tensor(operator, 0, "input"), "input")
    alpha, _ = lowering.per_tensor(operator, lowering.tensor(operator, 1, "alpha"), "alpha")
    out, _ = grid(lowering, operator, lowering.output(operator), "output")
    multipliers = (quantise_multiplier(scale / out), quantise_multiplier(scale * alpha / out))
    _add_binary(lowering, operator, "mn_int16_prelu", multipliers)


def _lower_lines(
    lines: Callable[[Operator, np.float32, np.float32], tuple[float, float]],
    *,
    rectified: bool = False,
    mirrored: bool = False,
) -> Lower:
    """`lines` of the operator and both scales: the slopes above and below zero, in quantised steps."""

    def lower(lowering: LoweringContext, operator: Operator) -> None:
        tensor, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
        (scale, zero_point), (out_scale, out_zero) = (grid(lowering, operator, t, "input") for t in (tensor, output))
        above, below = lines(operator, np.float32(scale), np.float32(out_scale))
        _add_lines(
            lowering,
            operator,
            (zero_point, out_zero),
            (quantise_multiplier(above), quantise_multiplier(abs(below))),
            mirrored=mirrored,
            negated=below < 0,
            low=max(LIMITS[0], out_zero) if rectified else LIMITS[0],
        )

    return lower


def _add_lines(
    lowering: LoweringContext,
    operator: Operator,
    zero_points: tuple[int, int],
    multipliers: tuple[Multiplier, Multiplier],
    *,
    mirrored: bool = False,
    negated: bool = False,
    low: int = LIMITS[0],
    high: int = LIMITS[1],
) -> None:
    source = lowering.value(operator, lowering.tensor(operator, 0, "input"))
    if lowering.output(operator).elements != source.elements:
        raise lowering.fail(operator, "changes the number of elements")
    lowering.add(
        LinesStep(
            inputs=[source],
            output=lowering.make(operator, source.shape),
            operators=(operator.index,),
            zero_points=zero_points,
            above=multipliers[0],
            below=multipliers[1],
            mirrored=mirrored,
            negated=negated,
            low=low,
            high=high,
        )
    )


def _straight(operator: Operator, scale: np.float32, out_scale: np.float32) -> tuple[float, float]:
    slope = float(scale / out_scale)
    return slope, slope


def _leaky_relu(operator: Operator, scale: np.float32, out_scale: np.float32) -> tuple[float, float]:
    return float(scale / out_scale), float(scale * np.float32(operator.options["alpha"]) / out_scale)


def _lower_relu6(lowering: LoweringContext, operator: Operator) -> None:
    """Clamped in the input's scale, and not rescaled."""
    scale, zero_point = grid(lowering, operator, lowering.tensor(operator, 0, "input"), "input")
    grid(lowering, operator, lowering.output(operator), "output")
    low, high = activation_range("RELU6", scale, zero_point, LIMITS)
    _add_lines(lowering, operator, (0, 0), (_IDENTITY, _IDENTITY), low=low, high=high)


def _lower_sigmoid(function: str, longest_shift: int) -> Lower:
    """Inputs to steps of 1 / 12288, or by 3 / 4 where they are a power of two already."""

    def lower(lowering: LoweringContext, operator: Operator) -> None:
        source, scale = activation(lowering, operator, 0)
        out_scale = symmetric(lowering, operator, lowering.output(operator), "output")
        if abs(np.log2(out_scale) + 15) >= _POWER_OF_TWO:
            raise lowering.fail(operator, f"has the output scale {out_scale:.6g}; 1/32768 is supported")
        power = round(np.log2(scale))
        multiplier, shift = 3 << max(power + 12, 0), 0
        if not (abs(np.log2(scale) - power) < _POWER_OF_TWO and 0 <= power + 12 <= longest_shift):
            real = scale * 4096.0 * 3.0
            while real <= 32767.0 / 2.0 and shift <= 30:
                real, shift = real * 2, shift + 1
            multiplier = int(real)
        if multiplier > 32767:
            raise lowering.fail(operator, f"has the input scale {scale:.6g}; at most 2.67 is supported")
        lowering.add(
            SigmoidStep(
                inputs=[source],
                output=lowering.make(operator, source.shape),
                operators=(operator.index,),
                function=function,
                multiplier=multiplier,
                shift=shift,
            )
        )

    return lower


class Int16BinaryKernel(TwoValuesKernel):
    file = "int16_binary.c"
    header = "int16_binary.h"

    def overlaps(self) -> dict[int, Distance]:
        """An input of int8 may not be written over by int16."""
        return {
            i: Distance(0)
            for i, value in enumerate(self.step.inputs)
            if value.shape == self.step.output.shape and value.item_bytes == self.step.output.item_bytes
        }


class LinesKernel(Kernel[LinesStep]):
    function = "mn_int16_lines"
    file = "int16_functions.c"
    header = "int16_functions.h"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        fields = {
            "count": step.output.elements,
            "input_zero_point": step.zero_points[0],
            "zero_point": step.zero_points[1],
            "low": step.low,
            "high": step.high,
            "multiplier": step.above[0],
            "shift": step.above[1],
            "below_multiplier": step.below[0],
            "below_shift": step.below[1],
            "mirrored": int(self.step.mirrored),
            "negated": int(step.negated),
        }
        return [f"{self.function}({source.description(self.function, layer, fields)}, {inputs[0]}, {output});"]


class SigmoidKernel(Kernel[SigmoidStep]):
    file = "int16_functions.c"
    header = "int16_functions.h"

    def __init__(self, step: SigmoidStep) -> None:
        super().__init__(step)
        self.function = step.function

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        fields = {
            "count": self.step.output.elements,
            "multiplier": self.step.multiplier,
            "shift": self.step.shift,
            "table": source.array(f"{layer}_sigmoid", sigmoid_table()),
        }
        return [f"{self.function}({source.description('mn_int16_sigmoid', layer, fields)}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={},
    kernels={
        Int16BinaryStep: always(Int16BinaryKernel),
        LinesStep: always(LinesKernel),
        SigmoidStep: always(SigmoidKernel),
    },
    by_type={
        "int16": {
            "ABS": _lower_lines(_straight, mirrored=True),
            "ADD": _lower_add,
            "LEAKY_RELU": _lower_lines(_leaky_relu),
            "LOGISTIC": _lower_sigmoid("mn_int16_logistic", 0),
            "MAXIMUM": _of_order("mn_int16_maximum"),
            "MINIMUM": _of_order("mn_int16_minimum"),
            "MUL": _lower_multiply,
            "PRELU": _lower_prelu,
            "RELU": _lower_lines(_straight, rectified=True),
            "RELU6": _lower_relu6,
            "SQUARED_DIFFERENCE": _lower_squared_difference,
            "SUB": _lower_subtract,
            "TANH": _lower_sigmoid("mn_int16_tanh", 1),
        }
    },
)
