"""CONCATENATION along any side, PACK along a new one."""

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

_RUN_BYTES = 32


@dataclass(eq=False, kw_only=True)
class ConcatenationStep(Step):
    """Copies inputs one after another along rows (0), columns (1) or channels (2)."""

    kind: ClassVar[str] = "concatenation"
    axis: int


def lower_concatenation(lowering: LoweringContext, operator: Operator) -> None:
    if operator.options["activation"] != "NONE":
        raise lowering.fail(operator, "has a fused activation, which TFLM does not carry out")
    out = lowering.output(operator)
    tensors = [lowering.tensor(operator, i, "input") for i in range(len(operator.inputs))]
    if any(len(tensor.shape) != len(out.shape) for tensor in tensors):
        raise lowering.fail(operator, "joins inputs of different numbers of sides")
    axis = _axis(lowering, operator, len(out.shape))
    _join(lowering, operator, axis, [tensor.shape for tensor in tensors])


def lower_pack(lowering: LoweringContext, operator: Operator) -> None:
    """Inputs of one shape, joined along a new side."""
    axis = _axis(lowering, operator, len(lowering.output(operator).shape))
    shapes = [lowering.tensor(operator, i, "input").shape for i in range(len(operator.inputs))]
    _join(lowering, operator, axis, [(*shape[:axis], 1, *shape[axis:]) for shape in shapes])


def _axis(lowering: LoweringContext, operator: Operator, sides: int) -> int:
    axis = operator.options["axis"]
    if not -sides <= axis < sides:
        raise lowering.fail(operator, f"joins along axis {axis} of {sides}")
    return axis % sides


def _join(lowering: LoweringContext, operator: Operator, axis: int, shapes: list[tuple[int, ...]]) -> None:
    out = lowering.output(operator)
    lengths = [shape[axis] for shape in shapes]
    expected = [tuple(length if i == axis else side for i, side in enumerate(out.shape)) for length in lengths]
    if shapes != expected or sum(lengths) != out.shape[axis]:
        raise lowering.fail(operator, f"joins {[list(shape) for shape in shapes][:4]} into {list(out.shape)}")
    tensors = [lowering.tensor(operator, i, "input") for i in range(len(operator.inputs))]
    known = [values for tensor in tensors if (values := lowering.data(tensor)) is not None]
    if out.dtype in ("int32", "int64") and len(known) == len(tensors):
        parts = [np.reshape(values, shape) for values, shape in zip(known, shapes, strict=True)]
        lowering.fold(operator, np.concatenate(parts, axis))
        return
    sources = []
    for position, length in enumerate(lengths):
        source = lowering.moved(operator, position)
        if out.dtype == "int8":
            grids = (lowering.per_tensor(operator, tensor, "input") for tensor in (tensors[position], out))
            if len(set(grids)) > 1:
                raise lowering.fail(operator, "joins inputs of different scales; TFLM needs them equal to the output's")
        sources.append((source, length))
    stated = lowering.shape(out)
    inner = axis - len(out.shape) + 3
    if inner < 0 or (inner == 0 and np.prod(out.shape[:axis], dtype=np.int64) > 1):
        # Beyond the three sides of a value: the joined one becomes the middle of three.
        inner = 1
        rows, channels = (int(np.prod(sides, dtype=np.int64)) for sides in (out.shape[:axis], out.shape[axis + 1 :]))
        stated = (rows, out.shape[axis], channels)
    views = []
    for source, length in sources:
        sides = list(stated)
        sides[inner] = length
        views.append(source.viewed((sides[0], sides[1], sides[2])))
    inputs = [source if source.shape == view.shape else view for (source, _), view in zip(sources, views, strict=True)]
    lowering.add(
        ConcatenationStep(
            inputs=inputs, output=lowering.make(operator, stated), operators=(operator.index,), axis=inner
        )
    )


def _bounds(step: ConcatenationStep, analysis: Analysis) -> Bounds:
    parts = [analysis.of(value) for value in step.inputs]
    if step.axis == 2:
        return Bounds(np.concatenate([p.low for p in parts]), np.concatenate([p.high for p in parts]))
    return Bounds(np.min([p.low for p in parts], axis=0), np.max([p.high for p in parts], axis=0))


class ConcatenationKernel(Kernel[ConcatenationStep]):
    """By copies of long runs (runs.c), or of short ones."""

    file = None

    def __init__(self, step: ConcatenationStep) -> None:
        super().__init__(step)
        self._outer = int(np.prod(step.output.shape[: step.axis], dtype=np.int64))
        self._in_runs = max(value.size_bytes for value in step.inputs) // self._outer >= _RUN_BYTES
        self.function = "mn_copy_runs" if self._in_runs else "mn_copy"

    def files(self) -> set[str]:
        return {"runs.c" if self._in_runs else "movement.c"}

    def headers(self) -> set[str]:
        return {"runs.h"} if self._in_runs else set()

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, outer = self.step, self._outer
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


def _pack_options(table: Table | None) -> dict[str, Any]:
    return {"axis": table.int32(1) if table else 0}


def _options(table: Table | None) -> dict[str, Any]:
    return {"axis": table.int32(0) if table else 0, **options.activation(table, 1)}


FAMILY = Family(
    operators={
        "CONCATENATION": OperatorKind(lower_concatenation, _options, 10),
        "PACK": OperatorKind(lower_pack, _pack_options, 59),
    },
    kernels={ConcatenationStep: always(ConcatenationKernel)},
    bounds={ConcatenationStep: _bounds},
)
