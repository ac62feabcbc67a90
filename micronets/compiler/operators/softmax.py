"""SOFTMAX over the last side."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.fixed_point import softmax_exponentials
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_LARGEST_SOFTMAX = (1 << 12) - 1


@dataclass(eq=False, kw_only=True)
class SoftmaxStep(Step):
    """Over the channels of every row and column."""

    kind: ClassVar[str] = "softmax"
    exponentials: np.ndarray
    """Int32 Q0.31: exp(-difference * scale) for difference = 0, 1, ...; differences beyond the end count as zero."""


def lower_softmax(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, _ = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    if out_zero_point != -128 or abs(out_scale * 256 - 1) > 0.01:
        raise lowering.fail(operator, f"has the output scale {out_scale:.6g}; 1/256 with zero point -128 is supported")
    beta = operator.options["beta"]
    if not (np.isfinite(beta) and beta > 0):
        raise lowering.fail(operator, f"has beta {beta}; a positive number is expected")
    try:
        exponentials = softmax_exponentials(scale, beta)
    except ValueError as error:
        raise lowering.fail(operator, f"cannot be carried out: {error}") from error
    if lowering.output(operator).elements != source.size_bytes:
        raise lowering.fail(operator, "changes the number of elements")
    depth = lowering.tensor(operator, 0, "input").shape[-1]
    if depth > _LARGEST_SOFTMAX:
        raise lowering.fail(operator, f"has {depth} classes; TFLM's sum overflows beyond {_LARGEST_SOFTMAX}")
    lowering.add(
        SoftmaxStep(
            inputs=[source],
            output=lowering.make(operator, (1, source.size_bytes // depth, depth)),
            operators=(operator.index,),
            exponentials=exponentials,
        )
    )


class SoftmaxKernel(Kernel[SoftmaxStep]):
    function = "mn_softmax"
    file = "softmax.c"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        address = source.description(
            "mn_softmax",
            layer,
            {
                "rows": rows * columns,
                "channels": channels,
                "exponentials": source.array(f"{layer}_exponentials", self.step.exponentials.astype(np.int32)),
                "count": len(self.step.exponentials),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _options(table: Table | None) -> dict[str, Any]:
    return {"beta": table.float32(0) if table else 0.0}


FAMILY = Family(
    operators={"SOFTMAX": OperatorKind(lower_softmax, _options, 9)},
    kernels={SoftmaxStep: always(SoftmaxKernel)},
)
