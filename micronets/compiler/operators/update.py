"""DYNAMIC_UPDATE_SLICE: a copy of a tensor, part of which is another one's."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value

_SIDES = 6


@dataclass(eq=False, kw_only=True)
class UpdateStep(Step):
    """Of the whole, the part, and where the part begins (int32, one for each side), moved so that it lies inside."""

    kind: ClassVar[str] = "dynamic_update_slice"
    whole: tuple[int, ...]
    """The sides of both, as many of each."""
    part: tuple[int, ...]


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    whole, part = (lowering.tensor(operator, i, role) for i, role in ((0, "input"), (1, "update")))
    source = lowering.moved(operator, 0)
    if part.dtype != whole.dtype or lowering.output(operator).shape != whole.shape:
        raise lowering.fail(operator, f"writes {part.dtype} {list(part.shape)} into {whole.dtype} {list(whole.shape)}")
    if len(part.shape) != len(whole.shape) or any(p > w for p, w in zip(part.shape, whole.shape, strict=True)):
        raise lowering.fail(operator, f"writes {list(part.shape)} into {list(whole.shape)}")
    begin = _begin(lowering, operator, len(whole.shape))
    lowering.add(
        UpdateStep(
            inputs=[source, lowering.value(operator, part), begin],
            output=lowering.make(operator),
            operators=(operator.index,),
            whole=whole.shape,
            part=part.shape,
        )
    )


def _begin(lowering: LoweringContext, operator: Operator, sides: int) -> Value:
    tensor = lowering.tensor(operator, 2, "start")
    if tensor.elements != sides:
        raise lowering.fail(operator, f"has {tensor.elements} starts for {sides} sides")
    known = lowering.data(tensor)
    if known is not None and tensor.dtype in ("int32", "int64"):
        values = np.clip(known.reshape(1, 1, -1), 0, 1 << 30).astype(np.int32)
        return Value(f"constant_{tensor.index}", (1, 1, sides), values, item_bytes=4)
    if tensor.dtype != "int32":
        raise lowering.fail(operator, f"has starts of type {tensor.dtype}; int32 is supported")
    return lowering.value(operator, tensor)


class UpdateKernel(Kernel[UpdateStep]):
    function = "mn_update"
    file = "update.c"
    header = "update.h"

    def overlaps(self) -> dict[int, Distance]:
        """The whole is copied first, byte by byte from its beginning."""
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        missing = (1,) * (_SIDES - len(step.whole))
        fields = {
            "sides": len(step.whole),
            "whole": f"{{{', '.join(map(str, (*missing, *step.whole)))}}}",
            "part": f"{{{', '.join(map(str, (*missing, *step.part)))}}}",
            "item_bytes": step.output.item_bytes,
        }
        address = source.description(self.function, layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {inputs[2]}, {output});"]


FAMILY = Family(operators={"DYNAMIC_UPDATE_SLICE": OperatorKind(_lower)}, kernels={UpdateStep: always(UpdateKernel)})
