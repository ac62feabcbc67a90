"""BATCH_MATMUL: products of matrices; a constant one on the right is what FULLY_CONNECTED has."""

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import FullyConnectedStep, Requantisation, Step, Value, Window


@dataclass(frozen=True)
class Matrix:
    """Strides in items; that of a batch is 0 where one matrix serves all."""

    batch_stride: int
    row_stride: int
    column_stride: int
    zero_point: int


@dataclass(eq=False, kw_only=True)
class MatmulStep(Step):
    kind: ClassVar[str] = "batch_matmul"
    sides: tuple[int, int, int, int]
    """Batches, rows, depth, columns."""
    first: Matrix
    second: Matrix
    multiplier: tuple[int, int]
    zero_point: int

    @property
    def macs(self) -> int:
        return prod(self.sides)


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    """The multiplier is made from a product of scales in float32, as for FULLY_CONNECTED."""
    (first, first_scale, first_zero), (second, second_scale, second_zero) = (
        lowering.activation(operator, i) for i in range(2)
    )
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    sides, matrices = matrices_of(lowering, operator, (first_zero, second_zero))
    real = float(np.float32(first_scale) * np.float32(second_scale)) / scale
    multiplier = quantise_multiplier(real)
    known = second.storage.constant
    shape = lowering.tensor(operator, 1, "input").shape
    if known is not None and prod(shape[:-2]) == 1 and second_zero == 0 and not operator.options["adj_x"]:
        _add_fully_connected(lowering, operator, first, known.reshape(shape[-2:]), first_zero, multiplier)
        return
    lowering.add(
        MatmulStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            sides=sides,
            first=matrices[0],
            second=matrices[1],
            multiplier=multiplier,
            zero_point=zero_point,
        )
    )


def matrices_of(
    lowering: LoweringContext, operator: Operator, zero_points: tuple[int, int]
) -> tuple[tuple[int, int, int, int], tuple[Matrix, Matrix]]:
    """Batches, rows, depth and columns, and how both inputs lie."""
    shapes = [lowering.tensor(operator, i, "input").shape for i in range(2)]
    if min(map(len, shapes)) < 2:
        raise lowering.fail(operator, f"multiplies {[list(shape) for shape in shapes]}; at least 2 sides are needed")
    across, down = operator.options["adj_x"], operator.options["adj_y"]
    rows, depth = shapes[0][-2:][::-1] if across else shapes[0][-2:]
    inner, columns = shapes[1][-2:][::-1] if down else shapes[1][-2:]
    counts = [prod(shape[:-2]) for shape in shapes]
    batches = max(counts)
    if depth != inner or any(count not in (1, batches) for count in counts):
        raise lowering.fail(operator, f"multiplies {list(shapes[0])} and {list(shapes[1])}")
    if min(counts) > 1 and shapes[0][:-2][-len(shapes[1][:-2]) :] != shapes[1][:-2][-len(shapes[0][:-2]) :]:
        raise lowering.fail(operator, f"multiplies {list(shapes[0])} and {list(shapes[1])}")
    if lowering.output(operator).elements != batches * rows * columns:
        raise lowering.fail(operator, f"states the output {list(lowering.output(operator).shape)}")
    sizes = [0 if count == 1 else shape[-2] * shape[-1] for count, shape in zip(counts, shapes, strict=True)]
    first = Matrix(sizes[0], *((1, rows) if across else (depth, 1)), zero_points[0])
    second = Matrix(sizes[1], *((1, depth) if down else (columns, 1)), zero_points[1])
    return (batches, rows, depth, columns), (first, second)


def _add_fully_connected(
    lowering: LoweringContext,
    operator: Operator,
    source: Value,
    weights: np.ndarray,
    input_zero_point: int,
    multiplier: tuple[int, int],
) -> None:
    weights = weights if operator.options["adj_y"] else weights.T
    channels, depth = weights.shape
    zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")[1]
    lowering.add(
        FullyConnectedStep(
            inputs=[source.viewed((1, source.elements // depth, depth))],
            output=lowering.make(operator, (1, source.elements // depth, channels)),
            operators=(operator.index,),
            window=Window((1, 1), (1, 1)),
            weights=np.ascontiguousarray(weights).reshape(channels, 1, 1, depth),
            bias=np.zeros(channels, np.int64),
            input_zero_point=input_zero_point,
            requantisation=Requantisation(
                multipliers=np.full(channels, multiplier[0], np.int64),
                shifts=np.full(channels, multiplier[1], np.int64),
                zero_point=zero_point,
                low=-128,
                high=127,
            ),
        )
    )


class MatmulKernel(Kernel[MatmulStep]):
    function = "mn_matmul"
    file = "matmul.c"
    header = "matmul.h"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        batches, rows, depth, columns = step.sides
        address = source.description(
            "mn_matmul",
            layer,
            {
                "batches": batches,
                "rows": rows,
                "depth": depth,
                "columns": columns,
                "first": vars(step.first),
                "second": vars(step.second),
                "multiplier": step.multiplier[0],
                "shift": step.multiplier[1],
                "zero_point": step.zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def _options(table: Table | None) -> dict[str, Any]:
    return {"adj_x": table.bool(0) if table else False, "adj_y": table.bool(1) if table else False}


FAMILY = Family(
    operators={"BATCH_MATMUL": OperatorKind(_lower, _options, 101)},
    kernels={MatmulStep: always(MatmulKernel)},
)
