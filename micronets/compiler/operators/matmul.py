"""BATCH_MATMUL: products of matrices; a constant one on the right is what FULLY_CONNECTED has."""

from abc import abstractmethod
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.cores import Core, Extension
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.forms import Form, choose_form, general_form
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, KernelChoice, OperatorKind
from micronets.compiler.source import Source
from micronets.compiler.steps import FullyConnectedStep, Requantisation, Step, Value, Window

_LARGEST_ACCUMULATOR = (1 << 31) - 1
# For which columns are widened.
_LEAST_ROWS, _LEAST_GATHERED_ROWS = 2, 4


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
        address = source.description("mn_matmul", layer, matmul_fields(self.step, self.step.multiplier))
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def matmul_fields(step: MatmulStep, multiplier: tuple[int, int]) -> dict[str, Any]:
    """Of `mn_matmul`."""
    batches, rows, depth, columns = step.sides
    return {
        "batches": batches,
        "rows": rows,
        "depth": depth,
        "columns": columns,
        "first": vars(step.first),
        "second": vars(step.second),
        "multiplier": multiplier[0],
        "shift": multiplier[1],
        "zero_point": step.zero_point,
    }


class ColumnsKernel(Kernel[MatmulStep]):
    """Columns of one matrix, brought together, by all rows of the other, whose values should lie side by side: the
    second one is taken for the first where that makes them so."""

    header = "matmul.h"

    def __init__(self, step: MatmulStep) -> None:
        super().__init__(step)
        self._turned = step.first.column_stride != 1 and step.second.row_stride == 1

    @property
    def gathers(self) -> bool:
        """Rows' values, which do not lie side by side."""
        return self.step.first.column_stride != 1 and not self._turned

    @property
    def pays(self) -> bool:
        """Whether there are enough rows for the columns."""
        _, rows, _, columns = self.step.sides
        return (columns if self._turned else rows) >= (_LEAST_GATHERED_ROWS if self.gathers else _LEAST_ROWS)

    @property
    @abstractmethod
    def numbers(self) -> tuple[int, int, int]:
        """Start of sums, and what goes for multiplier and shift."""

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, (start, *multiplier) = self.step, self.numbers
        _, rows, _, columns = step.sides
        fields = matmul_fields(step, (multiplier[0], multiplier[1]))
        steps = (columns, 1)
        if self._turned:
            fields |= {"rows": columns, "columns": rows}
            fields |= {"first": vars(_transposed(step.second)), "second": vars(_transposed(step.first))}
            steps, inputs = (1, columns), inputs[::-1]
        by_columns = {"product": fields, "row_step": steps[0], "column_step": steps[1], "start": start}
        address = source.description("mn_matmul_columns", layer, by_columns)
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output}, {scratch});"]


class MatmulColumns(ColumnsKernel):
    file = "matmul_columns.c"

    def __init__(self, step: MatmulStep) -> None:
        super().__init__(step)
        self._form = _form(step)
        self.function = f"mn_matmul_columns_{self._form.name}"

    @property
    def scratch_bytes(self) -> int:
        depth = self.step.sides[2]
        # Of 4 items in two words each, or with Helium of 16 in a vector each.
        return max(32 * -(-depth // 4), 64 * -(-depth // 16)) + (depth if self.gathers else 0)

    @property
    def numbers(self) -> tuple[int, int, int]:
        form = self._form
        small = form.constants if form.name == "fast" else form.shifts
        return int(form.nudges[0]), int(form.factors[0]), int(small[0])


def _transposed(matrix: Matrix) -> Matrix:
    return Matrix(matrix.batch_stride, matrix.column_stride, matrix.row_stride, matrix.zero_point)


def _form(step: MatmulStep) -> Form:
    """Of requantisation, for whatever values the matrices have."""
    multiplier, shift = (np.array([number], np.int64) for number in step.multiplier)
    q = Requantisation(multipliers=multiplier, shifts=shift, zero_point=step.zero_point, low=-128, high=127)
    most = np.array([step.sides[2] * prod(128 + abs(matrix.zero_point) for matrix in (step.first, step.second))])
    if most[0] > _LARGEST_ACCUMULATOR:
        return general_form(q)
    return choose_form(q, -most, most, np.array([_LARGEST_ACCUMULATOR]))


def choose_matmul(slow: type[Kernel], fast: type[ColumnsKernel]) -> KernelChoice:
    """By columns, where that pays and the core has the instructions."""

    def choose(step: Step, analysis: Analysis, core: Core, optimise: str) -> Kernel:
        assert isinstance(step, MatmulStep)
        by_columns = fast(step)
        return slow(step) if core.extension is Extension.NONE or not by_columns.pays else by_columns

    return choose


def _options(table: Table | None) -> dict[str, Any]:
    return {"adj_x": table.bool(0) if table else False, "adj_y": table.bool(1) if table else False}


FAMILY = Family(
    operators={"BATCH_MATMUL": OperatorKind(_lower, _options, 101)},
    kernels={MatmulStep: choose_matmul(MatmulKernel, MatmulColumns)},
)
