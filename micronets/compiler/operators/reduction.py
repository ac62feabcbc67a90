"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL over any sides.

The mean over an image's rows and columns has a kernel of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import mean_multiplier, quantise_multiplier
from micronets.compiler.cores import Core, Extension
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.kernels.mean import sum_kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.operators.movement import MovementStep, merged, separated
from micronets.compiler.operators.pooling import lower_mean
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value

_WORD = 4

Multiplier = Callable[[int, float], tuple[int, int]]
"""(multiplier, shift) of the number of values and the ratio of scales."""


@dataclass(eq=False, kw_only=True)
class ReductionStep(Step):
    """Of an input [outer][count][inner], over the middle side."""

    kind: ClassVar[str] = "reduction"
    function: str
    sides: tuple[int, int, int]
    input_zero_point: int
    multiplier: tuple[int, int]
    zero_point: int


def _axes(lowering: LoweringContext, operator: Operator, sides: int) -> list[int]:
    axes = [int(axis) for axis in lowering.constant(operator, 1, "axes", ("int32",)).reshape(-1)]
    if any(not -sides <= axis < sides for axis in axes):
        raise lowering.fail(operator, f"works along the axes {axes[:6]} of {sides}")
    return sorted({axis % sides for axis in axes})


def _lower(lowering: LoweringContext, operator: Operator, multiplier: Multiplier) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    out_grid = lowering.per_tensor(operator, lowering.output(operator), "output")
    add_reduction(lowering, operator, source, (scale, zero_point), out_grid, multiplier, "mn_reduce_sum")


def _lower_extreme(lowering: LoweringContext, operator: Operator, function: str) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    if lowering.per_tensor(operator, lowering.output(operator), "output") != (scale, zero_point):
        raise lowering.fail(operator, "changes the scale; TFLM needs the output's to be the input's")
    add_reduction(lowering, operator, source, (scale, zero_point), (scale, zero_point), _unused, function)


def _lower_all(lowering: LoweringContext, operator: Operator) -> None:
    """Of values that are 0 or 1, the smallest."""
    tensor = lowering.tensor(operator, 0, "input")
    if tensor.dtype != "bool" or lowering.output(operator).dtype != "bool":
        raise lowering.fail(operator, f"has an input of type {tensor.dtype}; bool is supported")
    grid = (1.0, 0)
    add_reduction(lowering, operator, lowering.value(operator, tensor), grid, grid, _unused, "mn_reduce_minimum")


def add_reduction(
    lowering: LoweringContext,
    operator: Operator,
    source: Value,
    grid: tuple[float, int],
    out_grid: tuple[float, int],
    multiplier: Multiplier,
    function: str,
    kind: type[ReductionStep] = ReductionStep,
) -> None:
    """Adds a step of `kind`; `grid` and `out_grid` are (scale, zero point) of `source` and of the output."""
    source, sides = _reduced_sides(lowering, operator, source)
    elements = lowering.output(operator).elements
    if elements * sides[1] != source.elements:
        raise lowering.fail(operator, f"states {elements} outputs of {source.elements}")
    lowering.add(
        kind(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            function=function,
            sides=sides,
            input_zero_point=grid[1],
            multiplier=multiplier(sides[1], grid[0] / out_grid[0]),
            zero_point=out_grid[1],
        )
    )


def _reduced_sides(lowering: LoweringContext, operator: Operator, source: Value) -> tuple[Value, tuple[int, int, int]]:
    """The input and its sides [outer][count][inner], of which the middle one is reduced; moved where it has to be."""
    shape = lowering.tensor(operator, 0, "input").shape
    axes = _axes(lowering, operator, len(shape))
    count = prod(shape[i] for i in axes)
    first, end = (axes[0], axes[-1] + 1) if axes else (len(shape), len(shape))
    if end - first == len(axes):
        return source, (prod(shape[:first]), count, prod(shape[end:]))
    kept = [i for i in range(len(shape)) if i not in axes]
    return _last(source, shape, kept + axes, operator.index, lowering), (source.elements // count, count, 1)


def _last(source: Value, shape: tuple[int, ...], order: list[int], operator: int, lowering: LoweringContext) -> Value:
    """The input with its sides in another order."""
    items = source.item_bytes
    positions = np.arange(source.elements, dtype=np.int64).reshape(shape).transpose(order)
    offsets = separated(positions * items)
    assert offsets is not None
    if items > 1:
        offsets.append(np.arange(items, dtype=np.int64))
    output = Value(f"{source.name}_moved_{operator}", (1, 1, source.elements), item_bytes=items)
    lowering.add(MovementStep(inputs=[source], output=output, operators=(operator,), first=0, offsets=merged(offsets)))
    return output


def sum_multiplier(count: int, ratio: float) -> tuple[int, int]:
    return quantise_multiplier(ratio)


def _unused(count: int, ratio: float) -> tuple[int, int]:
    return 0, 0


def _lower_any_mean(lowering: LoweringContext, operator: Operator) -> None:
    shape = lowering.tensor(operator, 0, "input").shape
    if len(shape) == 4 and shape[0] == 1 and _axes(lowering, operator, 4) == [1, 2]:
        lower_mean(lowering, operator)
    else:
        _lower(lowering, operator, mean_multiplier)


class ReductionKernel(Kernel[ReductionStep]):
    file = "reduce.c"
    header = "reduce.h"

    def __init__(self, step: ReductionStep) -> None:
        super().__init__(step)
        self.function = step.function

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        outer, count, inner = self.step.sides
        fields = {
            "outer": outer,
            "count": count,
            "inner": inner,
            "input_zero_point": self.step.input_zero_point,
            "multiplier": self.step.multiplier[0],
            "shift": self.step.multiplier[1],
            "zero_point": self.step.zero_point,
        }
        return [f"{self.function}({source.description('mn_reduce', layer, fields)}, {inputs[0]}, {output});"]


class ExtremeKernel(ReductionKernel):
    """By words of four values (reduce_words.h)."""

    file = "reduce_words.c"

    def __init__(self, step: ReductionStep) -> None:
        super().__init__(step)
        self._of_runs = step.sides[2] == 1
        what = step.function.removeprefix("mn_reduce_")
        self.function = f"{what}_of_{step.sides[1]}" if self._of_runs else f"{step.function}_words"

    def headers(self) -> set[str]:
        return {"reduce.h", "reduce_words.h"}

    def definition(self) -> str:
        """Of runs: the instantiation for their length."""
        if not self._of_runs:
            return ""
        largest = int(self.step.function == "mn_reduce_maximum")
        return (
            f"static void {self.function}(const struct mn_reduce *p, const int8_t *input, int8_t *output)\n{{\n"
            f"    mn_extreme_of_runs({largest}, {self.step.sides[1]}, p, input, output);\n}}\n"
        )


def _choose(step: ReductionStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    """Without packed arithmetic, a word's maximum takes as long as its bytes'."""
    _, count, inner = step.sides
    if step.function == "mn_reduce_sum" and (inner == 1 or optimise != "size"):
        kernel = sum_kernel(step, step.sides, step.input_zero_point, step.multiplier, step.zero_point)
        return kernel or ReductionKernel(step)
    has_words = inner >= _WORD or (inner == 1 and count >= _WORD)
    if has_words and core.extension is not Extension.NONE and optimise != "size":
        return ExtremeKernel(step)
    return ReductionKernel(step)


def _options(table: Table | None) -> dict[str, Any]:
    return {"keep_dims": table.bool(0) if table else False}


FAMILY = Family(
    operators={
        "MEAN": OperatorKind(_lower_any_mean, _options, 27),
        "REDUCE_ALL": OperatorKind(_lower_all, _options, 27),
        "REDUCE_MAX": OperatorKind(lambda c, o: _lower_extreme(c, o, "mn_reduce_maximum"), _options, 27),
        "REDUCE_MIN": OperatorKind(lambda c, o: _lower_extreme(c, o, "mn_reduce_minimum"), _options, 27),
        "SUM": OperatorKind(lambda c, o: _lower(c, o, sum_multiplier), _options, 27),
    },
    kernels={ReductionStep: _choose},
)
