"""Operators that only move values: the same numpy expression tells where values come from, and folds constants."""

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_SIDES = 5
_INTEGERS = ("int32", "int64")

Movement = Callable[[LoweringContext, Operator, np.ndarray], list[np.ndarray]]
"""From the operator's input, in its shape, to its outputs."""


@dataclass(eq=False, kw_only=True)
class MovementStep(Step):
    """output[i, j, ...] = input[first + offsets[0][i] + offsets[1][j] + ...], positions of bytes in the input."""

    kind: ClassVar[str] = "movement"
    first: int
    offsets: list[np.ndarray]
    """Int64, one per side; each begins with 0."""


def separated(positions: np.ndarray) -> list[np.ndarray] | None:
    """Offsets along every side whose sums the positions (less the first) are; None where they are no such sums."""
    offsets = []
    for side in range(positions.ndim):
        line = positions[tuple(slice(None) if i == side else 0 for i in range(positions.ndim))]
        offsets.append(line - line[0])
    total = positions.flat[0] + sum(
        line.reshape([-1 if i == side else 1 for i in range(positions.ndim)]) for side, line in enumerate(offsets)
    )
    return offsets if np.array_equal(total, positions) else None


def merged(offsets: list[np.ndarray]) -> list[np.ndarray]:
    """The same with sides of 1 left out, and neighbours joined that step through the input as one side would."""
    result: list[np.ndarray] = []
    for line in offsets:
        if len(line) == 1:
            continue
        step = _stride(line)
        if result and step is not None and _stride(result[-1]) == step * len(line):
            result[-1] = (result[-1][:, None] + line).reshape(-1)
        else:
            result.append(line)
    return result or [np.zeros(1, np.int64)]


def _stride(line: np.ndarray) -> int | None:
    """Of evenly spaced offsets."""
    steps = np.diff(line)
    return int(steps[0]) if len(steps) and (steps == steps[0]).all() else None


def _lower(movement: Movement, position: int = 0) -> Callable[[LoweringContext, Operator], None]:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        tensor = lowering.tensor(operator, position, "input")
        known = lowering.data(tensor)
        if known is not None and tensor.dtype in _INTEGERS:
            for number, values in enumerate(movement(lowering, operator, known)):
                lowering.fold(operator, values, number)
            return
        source = lowering.moved(operator, position, len(operator.outputs))
        positions = np.arange(tensor.elements, dtype=np.int64).reshape(tensor.shape)
        outputs = movement(lowering, operator, positions)
        if len(outputs) != len(operator.outputs):
            raise lowering.fail(operator, f"has {len(operator.outputs)} outputs instead of {len(outputs)}")
        for number, taken in enumerate(outputs):
            output = lowering.output(operator, number)
            if taken.shape != output.shape:
                raise lowering.fail(operator, f"states the output {list(output.shape)} instead of {list(taken.shape)}")
            if taken.size == positions.size and np.array_equal(taken.reshape(-1), positions.reshape(-1)):
                lowering.reshape(operator, source, number)
                continue
            offsets = separated(taken)
            if offsets is None:
                raise lowering.fail(operator, "moves values in no regular way")
            items = source.item_bytes
            if items > 1:
                offsets = [*(line * items for line in offsets), np.arange(items, dtype=np.int64)]
            lowering.add(
                MovementStep(
                    inputs=[source],
                    output=lowering.make(operator, position=number),
                    operators=(operator.index,),
                    first=int(taken.flat[0]) * items,
                    offsets=merged(offsets),
                )
            )

    return lower


def _integers(lowering: LoweringContext, operator: Operator, position: int, role: str) -> list[int]:
    return [int(value) for value in lowering.constant(operator, position, role, _INTEGERS).reshape(-1)]


def _axis(lowering: LoweringContext, operator: Operator, axis: int, sides: int) -> int:
    if not -sides <= axis < sides:
        raise lowering.fail(operator, f"works along axis {axis} of {sides}")
    return axis % sides


def _transpose(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    order = _integers(lowering, operator, 1, "permutation")
    if sorted(order) != list(range(values.ndim)):
        raise lowering.fail(operator, f"has the permutation {order} for {values.ndim} sides")
    return [values.transpose(order)]


def _slice(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    begin, size = _integers(lowering, operator, 1, "begin"), _integers(lowering, operator, 2, "size")
    if len(begin) != values.ndim or len(size) != values.ndim:
        raise lowering.fail(operator, f"has {len(begin)} begins and {len(size)} sizes for {values.ndim} sides")
    ranges = []
    for side, first, length in zip(values.shape, begin, size, strict=True):
        end = side if length == -1 else first + length
        if not 0 <= first < end <= side:
            raise lowering.fail(operator, f"takes {first} to {end} of a side of {side}")
        ranges.append(slice(first, end))
    return [values[tuple(ranges)]]


def _strided_slice(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    begin, end, strides = (
        _integers(lowering, operator, i, role) for i, role in ((1, "begin"), (2, "end"), (3, "strides"))
    )
    options = operator.options
    if options["ellipsis_mask"] or options["new_axis_mask"]:
        raise lowering.fail(operator, "has an ellipsis or a new axis, which TFLM does not carry out")
    if len(begin) > values.ndim or not len(begin) == len(end) == len(strides) or 0 in strides:
        raise lowering.fail(operator, f"has {len(begin)} begins for {values.ndim} sides, or a stride of 0")
    taken: list[Any] = []
    for i, (side, stated, stop, stride) in enumerate(zip(values.shape, begin, end, strides, strict=False)):
        first = None if options["begin_mask"] >> i & 1 else stated
        if options["shrink_axis_mask"] >> i & 1:
            first = first or 0
            if not -side <= first < side:
                raise lowering.fail(operator, f"takes element {first} of a side of {side}")
            taken.append(first)
        else:
            taken.append(slice(first, None if options["end_mask"] >> i & 1 else stop, stride))
    result = values[tuple(taken)]
    if not result.size:
        raise lowering.fail(operator, "takes nothing of its input")
    return [result]


def _split(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    axis = _axis(lowering, operator, _integers(lowering, operator, 0, "axis")[0], values.ndim)
    if values.shape[axis] % len(operator.outputs):
        raise lowering.fail(operator, f"splits {values.shape[axis]} into {len(operator.outputs)} equal parts")
    return np.split(values, len(operator.outputs), axis)


def _split_v(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    sizes = _integers(lowering, operator, 1, "sizes")
    axis = _axis(lowering, operator, _integers(lowering, operator, 2, "axis")[0], values.ndim)
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = values.shape[axis] - sum(sizes) - 1
    if min(sizes, default=0) < 1 or sum(sizes) != values.shape[axis] or len(sizes) != len(operator.outputs):
        raise lowering.fail(operator, f"splits {values.shape[axis]} into {sizes[:6]}")
    return np.split(values, np.cumsum(sizes)[:-1], axis)


def _unpack(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    axis = _axis(lowering, operator, operator.options["axis"], values.ndim)
    return list(np.moveaxis(values, axis, 0))


def _gather(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    indices = lowering.constant(operator, 1, "indices", ("int32",))
    axis = _axis(lowering, operator, operator.options["axis"], values.ndim)
    if indices.size == 0 or indices.min() < 0 or indices.max() >= values.shape[axis]:
        raise lowering.fail(operator, f"takes elements outside a side of {values.shape[axis]}")
    return [np.take(values, indices, axis)]


lower_gather = _lower(_gather)
"""With constant indices."""


def _reverse(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    axes = _integers(lowering, operator, 1, "axes")
    return [np.flip(values, tuple(_axis(lowering, operator, axis, values.ndim) for axis in axes))]


def _broadcast_to(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    shape = _integers(lowering, operator, 1, "shape")
    if tuple(shape) != lowering.output(operator).shape:
        raise lowering.fail(operator, f"states the output {list(lowering.output(operator).shape)} instead of {shape}")
    return [np.broadcast_to(values, shape)]


def _mirror_pad(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    paddings = lowering.constant(operator, 1, "paddings", _INTEGERS)
    offset = 1 if operator.options["mode"] == "reflect" else 0
    if paddings.shape != (values.ndim, 2) or paddings.min() < 0:
        raise lowering.fail(operator, f"has paddings of the shape {list(paddings.shape)} or below zero")
    if any(paddings[i].max() > side - offset for i, side in enumerate(values.shape)):
        raise lowering.fail(operator, "pads by more than its input has")
    return [np.pad(values, paddings, operator.options["mode"])]


def _image(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> tuple[int, ...]:
    if values.ndim != 4 or operator.options["block_size"] < 1:
        raise lowering.fail(operator, f"has {values.ndim} sides and the block size {operator.options['block_size']}")
    return (*values.shape, operator.options["block_size"])


def _depth_to_space(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    batch, rows, columns, channels, block = _image(lowering, operator, values)
    if channels % block**2:
        raise lowering.fail(operator, f"divides {channels} channels by {block**2}")
    blocks = values.reshape(batch, rows, columns, block, block, -1).transpose(0, 1, 3, 2, 4, 5)
    return [blocks.reshape(batch, rows * block, columns * block, -1)]


def _space_to_depth(lowering: LoweringContext, operator: Operator, values: np.ndarray) -> list[np.ndarray]:
    batch, rows, columns, channels, block = _image(lowering, operator, values)
    if rows % block or columns % block:
        raise lowering.fail(operator, f"divides {rows} rows and {columns} columns by {block}")
    blocks = values.reshape(batch, rows // block, block, columns // block, block, channels)
    return [blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, rows // block, columns // block, -1)]


def movement_bounds(step: MovementStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    return Bounds.everything(step.output.shape[2], int(bounds.low.min()), int(bounds.high.max()))


def _run(line: np.ndarray) -> int:
    """The longest length of runs of neighbours that the line consists of."""
    return gcd(len(line), *(np.flatnonzero(np.diff(line) != 1) + 1))


class MovementKernel(Kernel[MovementStep]):
    file = "rearrange.c"
    header = "rearrange.h"

    def __init__(self, step: MovementStep) -> None:
        super().__init__(step)
        *self._lines, last = step.offsets
        self._block_bytes = _run(last)
        if self._block_bytes < len(last):
            self._lines.append(last[:: self._block_bytes])
        even = all(len(line) == 1 or _stride(line) is not None for line in self._lines)
        self.function = "mn_rearrange" if even else "mn_gather"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        lines = self._lines
        missing = _SIDES - len(lines)
        counts = [1] * missing + [len(line) for line in lines]
        if self.function == "mn_rearrange":
            how = [0] * missing + [_stride(line) or 0 for line in lines]
            names = [str(stride) for stride in how]
        else:
            zero = source.array(f"{layer}_zero", np.zeros(1, np.int32)) if missing else ""
            tables = [source.array(f"{layer}_offsets_{i}", line.astype(np.int32)) for i, line in enumerate(lines)]
            names = [zero] * missing + tables
        fields = {
            "counts": f"{{{', '.join(map(str, counts))}}}",
            "strides" if self.function == "mn_rearrange" else "offsets": f"{{{', '.join(names)}}}",
            "first": self.step.first,
            "block_bytes": self._block_bytes,
        }
        address = source.description(self.function, layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _strided_slice_options(table: Table | None) -> dict[str, Any]:
    names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return {name: table.int32(i) if table else 0 for i, name in enumerate(names)}


def _unpack_options(table: Table | None) -> dict[str, Any]:
    return {"axis": table.int32(1) if table else 0}


def _mirror_pad_options(table: Table | None) -> dict[str, Any]:
    return {"mode": {0: "reflect", 1: "symmetric"}[table.int8(0) if table else 0]}


def _block_options(table: Table | None) -> dict[str, Any]:
    return {"block_size": table.int32(0) if table else 0}


FAMILY = Family(
    operators={
        "BROADCAST_TO": OperatorKind(_lower(_broadcast_to)),
        "DEPTH_TO_SPACE": OperatorKind(_lower(_depth_to_space), _block_options, 94),
        "MIRROR_PAD": OperatorKind(_lower(_mirror_pad), _mirror_pad_options, 77),
        "REVERSE_V2": OperatorKind(_lower(_reverse)),
        "SLICE": OperatorKind(_lower(_slice)),
        "SPACE_TO_DEPTH": OperatorKind(_lower(_space_to_depth), _block_options, 19),
        "SPLIT": OperatorKind(_lower(_split, 1), options_type=35),
        "SPLIT_V": OperatorKind(_lower(_split_v), options_type=79),
        "STRIDED_SLICE": OperatorKind(_lower(_strided_slice), _strided_slice_options, 32),
        "TRANSPOSE": OperatorKind(_lower(_transpose)),
        "UNPACK": OperatorKind(_lower(_unpack), _unpack_options, 64),
    },
    kernels={MovementStep: always(MovementKernel)},
    bounds={MovementStep: movement_bounds},
)
