"""Comparisons, logical operators and SELECT_V2; what is true is a bool of one byte."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel, shape_fields
from micronets.compiler.operators.binary import BinaryStep
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.elementwise import broadcast, broadcast_strides, in_one_line
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.lookup import lower_table
from micronets.compiler.source import Source
from micronets.compiler.steps import Shape, Step, Value

_LESS, _EQUAL, _GREATER = 1, 2, 4
_ACCEPTED = {
    "EQUAL": _EQUAL,
    "NOT_EQUAL": _LESS | _GREATER,
    "GREATER": _GREATER,
    "GREATER_EQUAL": _GREATER | _EQUAL,
    "LESS": _LESS,
    "LESS_EQUAL": _LESS | _EQUAL,
}
_FUNCTIONS = {"int8": "mn_compare_scaled", "bool": "mn_compare_int8", "int32": "mn_compare_int32"}


@dataclass(eq=False, kw_only=True)
class CompareStep(Step):
    kind: ClassVar[str] = "compare"
    function: str
    accepted: int
    zero_points: tuple[int, int] = (0, 0)
    multipliers: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))


@dataclass(eq=False, kw_only=True)
class SelectStep(Step):
    """Of the condition and two values."""

    kind: ClassVar[str] = "select_v2"


def _lower_comparison(lowering: LoweringContext, operator: Operator) -> None:
    tensors = [lowering.tensor(operator, i, "input") for i in range(2)]
    dtype = tensors[0].dtype
    if dtype not in _FUNCTIONS or tensors[1].dtype != dtype or lowering.output(operator).dtype != "bool":
        raise lowering.fail(operator, f"compares {dtype} and {tensors[1].dtype}; int8, int32 and bool are supported")
    if dtype == "bool" and operator.kind not in ("EQUAL", "NOT_EQUAL"):
        raise lowering.fail(operator, "compares bool; int8 and int32 are supported")
    first, second = (lowering.value(operator, tensor) for tensor in tensors)
    broadcast(lowering, operator, first.shape, second.shape)
    step = CompareStep(
        inputs=[first, second],
        output=lowering.make(operator),
        operators=(operator.index,),
        function=_FUNCTIONS[dtype],
        accepted=_ACCEPTED[operator.kind],
    )
    if dtype == "int8":
        grids = [lowering.per_tensor(operator, tensor, "input") for tensor in tensors]
        if max(scale for scale, _ in grids) >= 1:
            raise lowering.fail(operator, "has an input scale of 1 or more, which TFLM refuses")
        step.zero_points = (grids[0][1], grids[1][1])
        step.multipliers = (quantise_multiplier(grids[0][0]), quantise_multiplier(grids[1][0]))
    lowering.add(step)


def _lower_logical(lowering: LoweringContext, operator: Operator) -> None:
    """Of values that are 0 or 1, the smaller one, or the larger one."""
    first, second = (_bool(lowering, operator, i) for i in range(2))
    broadcast(lowering, operator, first.shape, second.shape)
    lowering.add(
        BinaryStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            function="mn_minimum" if operator.kind == "LOGICAL_AND" else "mn_maximum",
            input_zero_points=(0, 0),
            input_multipliers=((0, 0), (0, 0)),
            multiplier=(0, 0),
            zero_point=0,
        )
    )


def _bool(lowering: LoweringContext, operator: Operator, position: int) -> Value:
    tensor = lowering.tensor(operator, position, "input")
    if tensor.dtype != "bool":
        raise lowering.fail(operator, f"has an input of type {tensor.dtype}; bool is supported")
    return lowering.value(operator, tensor)


def _lower_not(lowering: LoweringContext, operator: Operator) -> None:
    _bool(lowering, operator, 0)
    lower_table(lowering, operator, np.arange(-128, 128) == 0)


def _lower_select(lowering: LoweringContext, operator: Operator) -> None:
    condition = _bool(lowering, operator, 0)
    tensors = [lowering.tensor(operator, i, "input") for i in (1, 2)]
    dtype = lowering.output(operator).dtype
    if dtype not in ("int8", "int16") or any(tensor.dtype != dtype for tensor in tensors):
        raise lowering.fail(operator, f"chooses between values of type {dtype}; int8 and int16 are supported")
    values = [condition, *(lowering.value(operator, tensor) for tensor in tensors)]
    stated = lowering.shape(lowering.output(operator))
    for value in values:
        if any(side not in (1, out) for side, out in zip(value.shape, stated, strict=True)):
            raise lowering.fail(operator, f"combines {list(value.shape)} into {list(stated)}")
    lowering.add(SelectStep(inputs=values, output=lowering.make(operator), operators=(operator.index,)))


def _input(shape: Shape, out: Shape, zero_point: int = 0, multiplier: tuple[int, int] = (0, 0)) -> dict[str, int]:
    how = {"zero_point": zero_point, "multiplier": multiplier[0], "shift": multiplier[1]}
    return {**broadcast_strides(shape, out), **how}


class CompareKernel(Kernel[CompareStep]):
    file = "compare.c"
    header = "compare.h"

    def __init__(self, step: CompareStep) -> None:
        super().__init__(step)
        self.function = step.function

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        shapes, out = in_one_line([value.shape for value in step.inputs], step.output.shape)
        sides = {
            name: _input(shapes[i], out, step.zero_points[i], step.multipliers[i])
            for i, name in enumerate(("first", "second"))
        }
        fields = {"out": shape_fields(out), **sides, "accepted": step.accepted}
        address = source.description("mn_compare", layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


class SelectKernel(Kernel[SelectStep]):
    function = "mn_select"
    file = "compare.c"
    header = "compare.h"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        sides = {
            name: _input(value.shape, step.output.shape)
            for name, value in zip(("condition", "first", "second"), step.inputs, strict=True)
        }
        fields = {"out": shape_fields(step.output.shape), **sides, "item_bytes": step.output.item_bytes}
        address = source.description("mn_select", layer, fields)
        return [f"{self.function}({address}, {', '.join(inputs)}, {output});"]


_OPTIONS = {"EQUAL": 53, "NOT_EQUAL": 54, "GREATER": 44, "GREATER_EQUAL": 45, "LESS": 41, "LESS_EQUAL": 46}

FAMILY = Family(
    operators={
        **{kind: OperatorKind(_lower_comparison, options_type=number) for kind, number in _OPTIONS.items()},
        "LOGICAL_AND": OperatorKind(_lower_logical, options_type=62),
        "LOGICAL_NOT": OperatorKind(_lower_not, options_type=63),
        "LOGICAL_OR": OperatorKind(_lower_logical, options_type=60),
        "SELECT_V2": OperatorKind(_lower_select, options_type=98),
    },
    kernels={CompareStep: always(CompareKernel), SelectStep: always(SelectKernel)},
)
