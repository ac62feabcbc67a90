"""GATHER, GATHER_ND and EMBEDDING_LOOKUP where the indices are the network's own; TFLM stops at those out of range."""

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.movement import lower_gather
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value

_MOST_COORDINATES = 5


@dataclass(eq=False, kw_only=True)
class TakeStep(Step):
    """Of values [batches][outer][side][block] and indices [batches][count]: [batches][outer][count][block]."""

    kind: ClassVar[str] = "gather"
    sides: tuple[int, int, int, int]
    """Batches, outer, side, count."""
    block_bytes: int


@dataclass(eq=False, kw_only=True)
class TakePointsStep(Step):
    """Of values and indices [count][coordinates]: [count][block]."""

    kind: ClassVar[str] = "gather_nd"
    count: int
    strides: tuple[int, ...]
    """In bytes, of every coordinate."""
    block_bytes: int


def _indices(lowering: LoweringContext, operator: Operator, position: int) -> Value:
    tensor = lowering.tensor(operator, position, "indices")
    if tensor.dtype != "int32":
        raise lowering.fail(operator, f"has indices of type {tensor.dtype}; int32 is supported")
    return lowering.value(operator, tensor)


def _lower_gather(lowering: LoweringContext, operator: Operator) -> None:
    coordinates, shape = lowering.tensor(operator, 1, "indices"), lowering.tensor(operator, 0, "input").shape
    batch_dims = operator.options["batch_dims"]
    batch_dims += len(coordinates.shape) if batch_dims < 0 else 0
    if lowering.data(coordinates) is not None and batch_dims == 0:
        lower_gather(lowering, operator)
        return
    axis = operator.options["axis"] + (len(shape) if operator.options["axis"] < 0 else 0)
    if not 0 <= batch_dims <= axis < len(shape) or shape[:batch_dims] != coordinates.shape[:batch_dims]:
        raise lowering.fail(operator, f"takes {list(coordinates.shape)} along side {axis} of {list(shape)}")
    source = lowering.moved(operator, 0)
    _add(lowering, operator, source, _indices(lowering, operator, 1), batch_dims, axis, shape)


def _add(
    lowering: LoweringContext,
    operator: Operator,
    source: Value,
    indices: Value,
    batch_dims: int,
    axis: int,
    shape: tuple[int, ...],
) -> None:
    batches, outer = prod(shape[:batch_dims]), prod(shape[batch_dims:axis])
    count, inner = indices.elements // batches, prod(shape[axis + 1 :])
    output = lowering.output(operator)
    if output.elements != batches * outer * count * inner:
        raise lowering.fail(operator, f"states the output {list(output.shape)} of {count} from {list(shape)}")
    lowering.add(
        TakeStep(
            inputs=[source, indices],
            output=lowering.make(operator),
            operators=(operator.index,),
            sides=(batches, outer, shape[axis], count),
            block_bytes=inner * source.item_bytes,
        )
    )


def _lower_embedding(lowering: LoweringContext, operator: Operator) -> None:
    source, tensor = lowering.moved(operator, 1), lowering.tensor(operator, 1, "table")
    if len(tensor.shape) < 2:
        raise lowering.fail(operator, f"has a table of the shape {list(tensor.shape)}; at least 2 sides are needed")
    _add(lowering, operator, source, _indices(lowering, operator, 0), 0, 0, tensor.shape)


def _lower_gather_nd(lowering: LoweringContext, operator: Operator) -> None:
    source, shape = lowering.moved(operator, 0), lowering.tensor(operator, 0, "input").shape
    indices = lowering.tensor(operator, 1, "indices").shape
    if not indices or not 1 <= indices[-1] <= min(len(shape), _MOST_COORDINATES):
        raise lowering.fail(operator, f"has indices of the shape {list(indices)} into {list(shape)}")
    depth, count = indices[-1], prod(indices[:-1])
    if lowering.output(operator).elements != count * prod(shape[depth:]):
        raise lowering.fail(operator, f"states the output {list(lowering.output(operator).shape)}")
    known = lowering.data(lowering.tensor(operator, 1, "indices"))
    if known is not None and (known.min() < 0 or (known.reshape(-1, depth) >= np.array(shape[:depth])).any()):
        raise lowering.fail(operator, "takes elements outside of its input")
    lowering.add(
        TakePointsStep(
            inputs=[source, _indices(lowering, operator, 1)],
            output=lowering.make(operator),
            operators=(operator.index,),
            count=count,
            strides=tuple(prod(shape[i + 1 :]) * source.item_bytes for i in range(depth)),
            block_bytes=prod(shape[depth:]) * source.item_bytes,
        )
    )


class TakeKernel(Kernel[TakeStep]):
    function = "mn_take"
    file = "take.c"
    header = "take.h"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        batches, outer, side, count = self.step.sides
        fields = {
            "batches": batches,
            "outer": outer,
            "side": side,
            "count": count,
            "block_bytes": self.step.block_bytes,
        }
        address = source.description(self.function, layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


class TakePointsKernel(Kernel[TakePointsStep]):
    function = "mn_take_points"
    file = "take.c"
    header = "take.h"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        strides = self.step.strides
        fields = {
            "count": self.step.count,
            "coordinates": len(strides),
            "strides": f"{{{', '.join(map(str, strides))}}}",
            "last": self.step.inputs[0].size_bytes - self.step.block_bytes,
            "block_bytes": self.step.block_bytes,
        }
        address = source.description(self.function, layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def _gather_options(table: Table | None) -> dict[str, Any]:
    return {"axis": table.int32(0) if table else 0, "batch_dims": table.int32(1) if table else 0}


FAMILY = Family(
    operators={
        "EMBEDDING_LOOKUP": OperatorKind(_lower_embedding),
        "GATHER": OperatorKind(_lower_gather, _gather_options, 23),
        "GATHER_ND": OperatorKind(_lower_gather_nd),
    },
    kernels={TakeStep: always(TakeKernel), TakePointsStep: always(TakePointsKernel)},
)
