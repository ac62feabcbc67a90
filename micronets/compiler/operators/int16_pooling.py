"""AVERAGE_POOL_2D, MAX_POOL_2D, MEAN and SUM on int16 activations."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from micronets.compiler.arithmetic import activation_range, quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, Lower, always
from micronets.compiler.operators.int16 import LIMITS, grid
from micronets.compiler.operators.reduction import mean_multiplier, reduced_sides
from micronets.compiler.operators.window import window_of
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Window


@dataclass(eq=False, kw_only=True)
class Int16PoolStep(Step):
    kind: ClassVar[str] = "int16_pool"
    function: str
    window: Window
    low: int
    high: int


@dataclass(eq=False, kw_only=True)
class Int16SumStep(Step):
    """Of an input [outer][count][inner], over the middle side."""

    kind: ClassVar[str] = "int16_reduction"
    sides: tuple[int, int, int]
    input_zero_point: int
    multiplier: tuple[int, int]
    zero_point: int


def _pool(function: str) -> Lower:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        tensor = lowering.tensor(operator, 0, "input")
        grid(lowering, operator, tensor, "input")
        source = lowering.value(operator, tensor)
        image, images = lowering.images(operator, source, tensor)
        kernel = (operator.options["filter_h"], operator.options["filter_w"])
        window, sides = window_of(lowering, operator, image.shape[:2], kernel)
        output = lowering.image_output(operator, images)
        if output.shape != (*sides, image.shape[2]):
            raise lowering.fail(operator, f"states the output {list(output.shape)} instead of {list(sides)}")
        scale, zero_point = grid(lowering, operator, lowering.output(operator), "output")
        low, high = activation_range(operator.options["activation"], scale, zero_point, LIMITS)
        step = Int16PoolStep(
            inputs=[image],
            output=output,
            operators=(operator.index,),
            function=function,
            window=window,
            low=low,
            high=high,
        )
        lowering.add_images(operator, source, images, step)

    return lower


def _reduction(multiplier: Callable[[int, float], tuple[int, int]]) -> Lower:
    """`multiplier` of the number of values and the ratio of scales."""

    def lower(lowering: LoweringContext, operator: Operator) -> None:
        tensor, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
        (scale, zero_point), (out_scale, out_zero) = (grid(lowering, operator, t, "input") for t in (tensor, output))
        source, sides = reduced_sides(lowering, operator, lowering.value(operator, tensor))
        if output.elements * sides[1] != prod(sides):
            raise lowering.fail(operator, f"states {output.elements} outputs of {prod(sides)}")
        lowering.add(
            Int16SumStep(
                inputs=[source],
                output=lowering.make(operator),
                operators=(operator.index,),
                sides=sides,
                input_zero_point=zero_point,
                multiplier=multiplier(sides[1], scale / out_scale),
                zero_point=out_zero,
            )
        )

    return lower


class Int16PoolKernel(Kernel[Int16PoolStep]):
    file = "int16_pool.c"
    header = "int16_pool.h"

    def __init__(self, step: Int16PoolStep) -> None:
        super().__init__(step)
        self.function = step.function

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        fields = {
            "in": shape_fields(step.inputs[0].shape),
            "out": shape_fields(step.output.shape),
            "window": window_fields(step.window),
            "low": step.low,
            "high": step.high,
        }
        return [f"{self.function}({source.description('mn_pool', layer, fields)}, {inputs[0]}, {output});"]


class Int16SumKernel(Kernel[Int16SumStep]):
    function = "mn_int16_reduce_sum"
    file = "int16_pool.c"
    header = "int16_pool.h"

    def headers(self) -> set[str]:
        return {"int16_pool.h", "reduce.h"}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        outer, count, inner = step.sides
        fields = {
            "outer": outer,
            "count": count,
            "inner": inner,
            "input_zero_point": step.input_zero_point,
            "multiplier": step.multiplier[0],
            "shift": step.multiplier[1],
            "zero_point": step.zero_point,
        }
        return [f"{self.function}({source.description('mn_reduce', layer, fields)}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={},
    kernels={Int16PoolStep: always(Int16PoolKernel), Int16SumStep: always(Int16SumKernel)},
    by_type={
        "int16": {
            "AVERAGE_POOL_2D": _pool("mn_int16_average_pool"),
            "MAX_POOL_2D": _pool("mn_int16_max_pool"),
            "MEAN": _reduction(mean_multiplier),
            "SUM": _reduction(lambda count, ratio: quantise_multiplier(ratio)),
        }
    },
)
