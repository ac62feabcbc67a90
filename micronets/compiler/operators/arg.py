"""ARG_MAX and ARG_MIN along any side, as int32."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step


@dataclass(eq=False, kw_only=True)
class ArgStep(Step):
    """Of an input [outer][count][inner]."""

    kind: ClassVar[str] = "arg"
    function: str
    sides: tuple[int, int, int]


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    source, _, _ = lowering.activation(operator, 0)
    shape, output = lowering.tensor(operator, 0, "input").shape, lowering.output(operator)
    axis = int(lowering.constant(operator, 1, "axis", ("int32",)).reshape(-1)[0])
    if not -len(shape) <= axis < len(shape):
        raise lowering.fail(operator, f"searches along axis {axis} of {len(shape)}")
    axis %= len(shape)
    if output.dtype != "int32":
        raise lowering.fail(operator, f"has an output of type {output.dtype}; int32 is supported")
    if output.shape != (*shape[:axis], *shape[axis + 1 :]):
        raise lowering.fail(operator, f"turns {list(shape)} into {list(output.shape)}")
    lowering.add(
        ArgStep(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            function="mn_arg_max" if operator.kind == "ARG_MAX" else "mn_arg_min",
            sides=(prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])),
        )
    )


class ArgKernel(Kernel[ArgStep]):
    file = "arg.c"
    header = "arg.h"

    def __init__(self, step: ArgStep) -> None:
        super().__init__(step)
        self.function = step.function

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        outer, count, inner = self.step.sides
        address = source.description("mn_arg", layer, {"outer": outer, "count": count, "inner": inner})
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={
        "ARG_MAX": OperatorKind(_lower, options_type=40),
        "ARG_MIN": OperatorKind(_lower, options_type=57),
    },
    kernels={ArgStep: always(ArgKernel)},
)
