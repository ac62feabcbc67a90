"""CUMSUM: sums of all values up to each one along a side."""

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_LEFT_SHIFT = 20


def _options(table: Table | None) -> dict[str, Any]:
    """The fields of the schema's `CumsumOptions`, in its order."""
    return {"exclusive": table.bool(0) if table else False, "reverse": table.bool(1) if table else False}


@dataclass(eq=False, kw_only=True)
class CumsumStep(Step):
    """Of an input [outer][depth][inner]."""

    kind: ClassVar[str] = "cumsum"
    sides: tuple[int, int, int]
    backwards: bool
    exclusive: bool
    input_zero_point: int
    multiplier: tuple[int, int]
    """(multiplier, shift) from twice the input's scale, shifted left, to the output's."""
    zero_point: int


def lower_cumsum(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    shape = lowering.tensor(operator, 0, "input").shape
    axis = int(lowering.constant(operator, 1, "axis", ("int32",)).reshape(-1)[0])
    if not -len(shape) <= axis < len(shape):
        raise lowering.fail(operator, f"sums along axis {axis} of {len(shape)}")
    if lowering.output(operator).shape != shape:
        raise lowering.fail(operator, "changes the shape")
    multiplier, shift = quantise_multiplier(2 * scale / ((1 << _LEFT_SHIFT) * out_scale))
    if shift > 0:
        raise lowering.fail(operator, "has an output scale too small for its input; TFLM refuses it")
    axis %= len(shape)
    lowering.add(
        CumsumStep(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            sides=(prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])),
            backwards=operator.options["reverse"],
            exclusive=operator.options["exclusive"],
            input_zero_point=zero_point,
            multiplier=(multiplier, shift),
            zero_point=out_zero_point,
        )
    )


class CumsumKernel(Kernel[CumsumStep]):
    function = "mn_cumsum"
    file = "cumsum.c"
    header = "cumsum.h"

    def overlaps(self) -> dict[int, Distance]:
        """Every value is read before its sum is written: the output may take the input's place."""
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        outer, depth, inner = self.step.sides
        address = source.description(
            "mn_cumsum",
            layer,
            {
                "outer": outer,
                "depth": depth,
                "inner": inner,
                "backwards": int(self.step.backwards),
                "exclusive": int(self.step.exclusive),
                "input_zero_point": self.step.input_zero_point,
                "multiplier": self.step.multiplier[0],
                "shift": self.step.multiplier[1],
                "zero_point": self.step.zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={"CUMSUM": OperatorKind(lower_cumsum, _options, options_type=102)},
    kernels={CumsumStep: always(CumsumKernel)},
)
