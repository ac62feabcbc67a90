"""AVERAGE_POOL_2D, MAX_POOL_2D, MEAN and SUM on int16 activations."""

from dataclasses import dataclass
from typing import ClassVar

from micronets.compiler.arithmetic import activation_range, mean_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, Lower, always
from micronets.compiler.operators.int16 import LIMITS, grid
from micronets.compiler.operators.pooling import PoolStep, pool_fields, slide_pool
from micronets.compiler.operators.reduction import (
    Multiplier,
    ReductionKernel,
    ReductionStep,
    add_reduction,
    sum_multiplier,
)
from micronets.compiler.source import Source


@dataclass(eq=False, kw_only=True)
class Int16PoolStep(PoolStep):
    kind: ClassVar[str] = "int16_pool"
    function: str


@dataclass(eq=False, kw_only=True)
class Int16SumStep(ReductionStep):
    kind: ClassVar[str] = "int16_reduction"


def _pool(function: str) -> Lower:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        tensor = lowering.tensor(operator, 0, "input")
        grid(lowering, operator, tensor, "input")
        over = slide_pool(lowering, operator, lowering.value(operator, tensor))
        scale, zero_point = grid(lowering, operator, lowering.output(operator), "output")
        low, high = activation_range(operator.options["activation"], scale, zero_point, LIMITS)
        step = Int16PoolStep(
            inputs=[over.image],
            output=over.output,
            operators=(operator.index,),
            function=function,
            window=over.window,
            low=low,
            high=high,
        )
        over.add(lowering, operator, step)

    return lower


def _reduction(multiplier: Multiplier) -> Lower:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        tensor = lowering.tensor(operator, 0, "input")
        in_grid = grid(lowering, operator, tensor, "input")
        out_grid = grid(lowering, operator, lowering.output(operator), "output")
        source = lowering.value(operator, tensor)
        add_reduction(lowering, operator, source, in_grid, out_grid, multiplier, "mn_int16_reduce_sum", Int16SumStep)

    return lower


class Int16PoolKernel(Kernel[Int16PoolStep]):
    file = "int16_pool.c"
    header = "int16_pool.h"

    def __init__(self, step: Int16PoolStep) -> None:
        super().__init__(step)
        self.function = step.function

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description("mn_pool", layer, pool_fields(self.step))
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


class Int16SumKernel(ReductionKernel):
    file = "int16_pool.c"

    def headers(self) -> set[str]:
        return {"int16_pool.h", "reduce.h"}


FAMILY = Family(
    operators={},
    kernels={Int16PoolStep: always(Int16PoolKernel), Int16SumStep: always(Int16SumKernel)},
    by_type={
        "int16": {
            "AVERAGE_POOL_2D": _pool("mn_int16_average_pool"),
            "MAX_POOL_2D": _pool("mn_int16_max_pool"),
            "MEAN": _reduction(mean_multiplier),
            "SUM": _reduction(sum_multiplier),
        }
    },
)
