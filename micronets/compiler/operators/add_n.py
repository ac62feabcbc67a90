"""ADD_N: the sum of several inputs of one scale."""

from dataclasses import dataclass
from typing import ClassVar

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_LEFT_SHIFT = 20


@dataclass(eq=False, kw_only=True)
class SumStep(Step):
    kind: ClassVar[str] = "add_n"
    input_zero_point: int
    multiplier: tuple[int, int]
    """(multiplier, shift) from twice the inputs' scale, shifted left, to the output's."""
    zero_point: int


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    read = [lowering.activation(operator, i) for i in range(len(operator.inputs))]
    if len(read) < 2 or len({(scale, zero_point) for _, scale, zero_point in read}) > 1:
        raise lowering.fail(operator, f"adds {len(read)} inputs; at least 2 of one scale and zero point are supported")
    shapes = {lowering.tensor(operator, i, "input").shape for i in range(len(read))}
    if shapes != {lowering.output(operator).shape}:
        raise lowering.fail(operator, f"adds the shapes {sorted(map(list, shapes))[:4]}")
    _, scale, zero_point = read[0]
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    multiplier = quantise_multiplier(2 * scale / ((1 << _LEFT_SHIFT) * out_scale))
    if multiplier[1] > 0:
        raise lowering.fail(operator, "has an output scale too small for its inputs; TFLM refuses it")
    lowering.add(
        SumStep(
            inputs=[value for value, _, _ in read],
            output=lowering.make(operator),
            operators=(operator.index,),
            input_zero_point=zero_point,
            multiplier=multiplier,
            zero_point=out_zero_point,
        )
    )


class SumKernel(Kernel[SumStep]):
    function = "mn_add_n"
    file = "add_n.c"
    header = "add_n.h"

    def overlaps(self) -> dict[int, Distance]:
        """Every value is read before its sum is written."""
        return {i: Distance(0) for i in range(len(self.step.inputs))}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        address = source.description(
            "mn_add_n",
            layer,
            {
                "inputs": len(inputs),
                "count": step.output.size_bytes,
                "input_zero_point": step.input_zero_point,
                "multiplier": step.multiplier[0],
                "shift": step.multiplier[1],
                "zero_point": step.zero_point,
            },
        )
        values = ", ".join(inputs)
        return [
            f"const int8_t *const values[] = {{{values}}};",
            f"{self.function}({address}, values, {output});",
        ]


FAMILY = Family(operators={"ADD_N": OperatorKind(_lower)}, kernels={SumStep: always(SumKernel)})
