"""CUMSUM in float32 between DEQUANTIZE and QUANTIZE, as the converter leaves it: one step from int8 to int8."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, always
from micronets.compiler.operators.real import reals_of
from micronets.compiler.source import Source
from micronets.compiler.steps import Step


@dataclass(eq=False, kw_only=True)
class FloatCumsumStep(Step):
    """Of an input [outer][depth][inner]."""

    kind: ClassVar[str] = "cumsum"
    sides: tuple[int, int, int]
    backwards: bool
    exclusive: bool
    reals: np.ndarray
    """Float32 (256,): what every int8 of the input stands for."""
    scale: float
    """The output's, a float32."""
    zero_point: int


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    """Waits for the QUANTIZE behind it."""
    reals, value = reals_of(lowering, operator, 0), lowering.values[operator.inputs[0]]
    shape = lowering.tensor(operator, 0, "input").shape
    axis = int(lowering.constant(operator, 1, "axis", ("int32",)).reshape(-1)[0])
    if not -len(shape) <= axis < len(shape) or lowering.output(operator).shape != shape:
        raise lowering.fail(operator, f"sums {list(shape)} along axis {axis}")
    axis %= len(shape)

    def finish(quantize: Operator) -> None:
        output = lowering.output(quantize)
        scale, zero_point = lowering.per_tensor(quantize, output, "output", output.dtype)
        lowering.add(
            FloatCumsumStep(
                inputs=[value],
                output=lowering.make(quantize),
                operators=(*reals.operators, operator.index, quantize.index),
                sides=(prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])),
                backwards=operator.options["reverse"],
                exclusive=operator.options["exclusive"],
                reals=reals.table,
                scale=scale,
                zero_point=zero_point,
            )
        )

    lowering.waiting[operator.outputs[0]] = finish


class FloatCumsumKernel(Kernel[FloatCumsumStep]):
    function = "mn_cumsum_float"
    file = "cumsum_float.c"
    header = "cumsum_float.h"

    def overlaps(self) -> dict[int, Distance]:
        """Every value is read before its sum is written."""
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        outer, depth, inner = step.sides
        fields = {
            "outer": outer,
            "depth": depth,
            "inner": inner,
            "backwards": int(step.backwards),
            "exclusive": int(step.exclusive),
            "reals": source.array(f"{layer}_reals", step.reals.view(np.int32)),
            "scale": f"{step.scale.hex()}F",
            "zero_point": step.zero_point,
        }
        return [f"{self.function}({source.description(self.function, layer, fields)}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={}, kernels={FloatCumsumStep: always(FloatCumsumKernel)}, by_type={"float32": {"CUMSUM": _lower}}
)
