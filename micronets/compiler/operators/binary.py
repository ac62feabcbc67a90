"""SUB, DIV, SQUARED_DIFFERENCE, MAXIMUM, MINIMUM and PRELU: functions of two values, with broadcasting (binary.c,
divide.c)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import activation_range, quantise_multiplier
from micronets.compiler.cores import Core
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis
from micronets.compiler.operators import options
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.elementwise import BinaryKernel, broadcast
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.steps import Step

_DIFFERENCE_SHIFT, _SQUARE_SHIFT = 20, 7
_UNUSED = (0, 0)

Multiplier = tuple[int, int]


@dataclass(eq=False, kw_only=True)
class BinaryStep(Step):
    """`function`(first, second), clamped; what the multipliers are for is the function's own."""

    kind: ClassVar[str] = "binary"
    function: str
    input_zero_points: tuple[int, int]
    input_multipliers: tuple[Multiplier, Multiplier]
    multiplier: Multiplier
    zero_point: int
    low: int = -128
    high: int = 127


def _add_step(
    lowering: LoweringContext,
    operator: Operator,
    function: str,
    input_multipliers: tuple[Multiplier, Multiplier] = (_UNUSED, _UNUSED),
    multiplier: Multiplier = _UNUSED,
    activation: str = "NONE",
) -> None:
    (first, _, first_zero), (second, _, second_zero) = (lowering.activation(operator, i) for i in range(2))
    broadcast(lowering, operator, first.shape, second.shape)
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range(activation, scale, zero_point)
    lowering.add(
        BinaryStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            function=function,
            input_zero_points=(first_zero, second_zero),
            input_multipliers=input_multipliers,
            multiplier=multiplier,
            zero_point=zero_point,
            low=low,
            high=high,
        )
    )


def _scales(lowering: LoweringContext, operator: Operator) -> tuple[float, float, float]:
    first, second = (lowering.activation(operator, i)[1] for i in range(2))
    return first, second, lowering.per_tensor(operator, lowering.output(operator), "output")[0]


def lower_subtract(lowering: LoweringContext, operator: Operator) -> None:
    """Ratios of scales in float64, as in TFLM of October 2026; releases before took them in float32."""
    first, second, out = _scales(lowering, operator)
    twice_larger = 2 * max(first, second)
    multiplier = quantise_multiplier(twice_larger / ((1 << _DIFFERENCE_SHIFT) * out))
    if multiplier[1] > 0:
        raise lowering.fail(operator, "has an output scale too small for its inputs; TFLM refuses it")
    own, other = (quantise_multiplier(scale / twice_larger) for scale in (first, second))
    _add_step(lowering, operator, "mn_subtract", (own, other), multiplier, operator.options["activation"])


def lower_squared_difference(lowering: LoweringContext, operator: Operator) -> None:
    first, second, out = _scales(lowering, operator)
    twice_larger = 2 * max(first, second)
    divisor = float(np.float32(1 << 2 * _SQUARE_SHIFT) * np.float32(out))
    multipliers = (quantise_multiplier(first / twice_larger), quantise_multiplier(second / twice_larger))
    multiplier = quantise_multiplier(twice_larger * twice_larger / divisor)
    _add_step(lowering, operator, "mn_squared_difference", multipliers, multiplier)


def lower_divide(lowering: LoweringContext, operator: Operator) -> None:
    """The ratio of scales in float32, as TFLM's `CalculateOpDataDiv`; dividing by zero is not defined there."""
    first, second, out = map(np.float32, _scales(lowering, operator))
    multiplier = quantise_multiplier(float(first / (second * out)))
    _add_step(lowering, operator, "mn_divide", multiplier=multiplier, activation=operator.options["activation"])


def lower_prelu(lowering: LoweringContext, operator: Operator) -> None:
    scale, alpha, out = _scales(lowering, operator)
    multipliers = (quantise_multiplier(scale / out), quantise_multiplier(scale * alpha / out))
    _add_step(lowering, operator, "mn_prelu", multipliers)


def _lower_larger(lowering: LoweringContext, operator: Operator) -> None:
    _add_step(lowering, operator, "mn_maximum")


def _lower_smaller(lowering: LoweringContext, operator: Operator) -> None:
    _add_step(lowering, operator, "mn_minimum")


class TwoValuesKernel(BinaryKernel):
    file = "binary.c"
    header = "binary.h"
    step: BinaryStep

    def __init__(self, step: BinaryStep) -> None:
        super().__init__(step, step.function)

    def input_multipliers(self) -> tuple[Multiplier, Multiplier]:
        return self.step.input_multipliers

    def output_multiplier(self) -> Multiplier:
        return self.step.multiplier


class DivisionKernel(TwoValuesKernel):
    file = "divide.c"


def _choose(step: BinaryStep, analysis: Analysis, core: Core, optimise: str) -> TwoValuesKernel:
    return DivisionKernel(step) if step.function == "mn_divide" else TwoValuesKernel(step)


FAMILY = Family(
    operators={
        "DIV": OperatorKind(lower_divide, options.activation, 29),
        "MAXIMUM": OperatorKind(_lower_larger, options_type=39),
        "MINIMUM": OperatorKind(_lower_smaller, options_type=39),
        "PRELU": OperatorKind(lower_prelu),
        "SQUARED_DIFFERENCE": OperatorKind(lower_squared_difference, options_type=76),
        "SUB": OperatorKind(lower_subtract, options.activation, 28),
    },
    kernels={BinaryStep: _choose},
)
