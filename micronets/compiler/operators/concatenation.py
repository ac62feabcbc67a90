"""CONCATENATION along any side."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators import options
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step


@dataclass(eq=False, kw_only=True)
class ConcatenationStep(Step):
    """Copies inputs one after another along rows (0), columns (1) or channels (2)."""

    kind: ClassVar[str] = "concatenation"
    axis: int


def lower_concatenation(lowering: LoweringContext, operator: Operator) -> None:
    out = lowering.output(operator)
    scale, zero_point = lowering.per_tensor(operator, out, "output")
    sources = []
    for position in range(len(operator.inputs)):
        source, in_scale, in_zero_point = lowering.activation(operator, position)
        if (in_scale, in_zero_point) != (scale, zero_point):
            raise lowering.fail(operator, "joins inputs of different scales; TFLM needs them equal to the output's")
        if len(lowering.tensor(operator, position, "input").shape) != len(out.shape):
            raise lowering.fail(operator, "joins inputs of different numbers of sides")
        sources.append(source)
    if operator.options["activation"] != "NONE":
        raise lowering.fail(operator, "has a fused activation, which TFLM does not carry out")
    axis = operator.options["axis"]
    sides = len(out.shape)
    if not -sides <= axis < sides:
        raise lowering.fail(operator, f"joins along axis {axis} of {sides}")
    axis = axis % sides - sides + 3
    if axis < 0:
        raise lowering.fail(operator, "joins along the batch")
    stated = lowering.shape(operator, out)
    for side in range(3):
        lengths = [source.shape[side] for source in sources]
        if (sum(lengths) if side == axis else max(lengths)) != stated[side] or (side != axis and len(set(lengths)) > 1):
            raise lowering.fail(operator, f"joins {[list(s.shape) for s in sources][:4]} into {list(stated)}")
    lowering.add(
        ConcatenationStep(inputs=sources, output=lowering.make(operator), operators=(operator.index,), axis=axis)
    )


def _bounds(step: ConcatenationStep, analysis: Analysis) -> Bounds:
    parts = [analysis.of(value) for value in step.inputs]
    if step.axis == 2:
        return Bounds(np.concatenate([p.low for p in parts]), np.concatenate([p.high for p in parts]))
    return Bounds(np.min([p.low for p in parts], axis=0), np.max([p.high for p in parts], axis=0))


class ConcatenationKernel(Kernel[ConcatenationStep]):
    function = "mn_copy"
    file = "movement.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        sides = step.output.shape
        outer = int(np.prod(sides[: step.axis], dtype=np.int64))
        stride = step.output.size_bytes // outer
        statements, offset = [], 0
        for i, (value, text) in enumerate(zip(step.inputs, inputs, strict=True)):
            block = value.size_bytes // outer
            address = source.description(
                "mn_copy", f"{layer}_{i}", {"count": outer, "block_bytes": block, "output_stride": stride}
            )
            statements.append(f"{self.function}({address}, {text}, {output} + {offset});")
            offset += block
        return statements


def _options(table: Table | None) -> dict[str, Any]:
    return {"axis": table.int32(0) if table else 0, **options.activation(table, 1)}


FAMILY = Family(
    operators={"CONCATENATION": OperatorKind(lower_concatenation, _options, 10)},
    kernels={ConcatenationStep: always(ConcatenationKernel)},
    bounds={ConcatenationStep: _bounds},
)
