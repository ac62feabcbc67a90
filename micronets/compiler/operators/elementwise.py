"""ADD and MUL, with broadcasting; addition of equal shapes as a plane (add_linear.c), or with every rounding in one
multiply-accumulate (add.c, binary_rounded.c)."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from micronets.compiler.arithmetic import activation_range, quantise_multiplier
from micronets.compiler.cores import Core
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.add_linear import add_linear
from micronets.compiler.kernels.kernel import Distance, Kernel, shape_fields
from micronets.compiler.operators import options
from micronets.compiler.operators.add_step import AddStep
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Shape, Step

_ADD_LEFT_SHIFT = 20
_LONGEST_SHIFT = 22
_ONE_HALF = (1 << 30, 0)
_ROUNDED = ("mn_add", "mn_subtract", "mn_multiply")


@dataclass(eq=False, kw_only=True)
class MultiplyStep(Step):
    kind: ClassVar[str] = "mul"
    input_zero_points: tuple[int, int]
    multiplier: tuple[int, int]
    zero_point: int
    low: int
    high: int


def broadcast(lowering: LoweringContext, operator: Operator, first: Shape, second: Shape) -> Shape:
    stated = lowering.shape(lowering.output(operator))
    for a, b, out in zip(first, second, stated, strict=True):
        if out != max(a, b) or a not in (1, out) or b not in (1, out):
            raise lowering.fail(operator, f"combines {list(first)} and {list(second)} into {list(stated)}")
    return stated


def lower_add(lowering: LoweringContext, operator: Operator) -> None:
    first, first_scale, first_zero = lowering.activation(operator, 0)
    second, second_scale, second_zero = lowering.activation(operator, 1)
    broadcast(lowering, operator, first.shape, second.shape)
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    twice_larger = 2 * max(first_scale, second_scale)
    output = quantise_multiplier(twice_larger / ((1 << _ADD_LEFT_SHIFT) * scale))
    if output[1] > 0:
        raise lowering.fail(operator, "has an output scale too small for its inputs; TFLM refuses it")
    low, high = activation_range(operator.options["activation"], scale, zero_point)
    lowering.add(
        AddStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            input_zero_points=(first_zero, second_zero),
            input_multipliers=(
                quantise_multiplier(first_scale / twice_larger),
                quantise_multiplier(second_scale / twice_larger),
            ),
            output_multiplier=output,
            zero_point=zero_point,
            low=low,
            high=high,
        )
    )


def lower_multiply(lowering: LoweringContext, operator: Operator) -> None:
    first, first_scale, first_zero = lowering.activation(operator, 0)
    second, second_scale, second_zero = lowering.activation(operator, 1)
    broadcast(lowering, operator, first.shape, second.shape)
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range(operator.options["activation"], scale, zero_point)
    lowering.add(
        MultiplyStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            input_zero_points=(first_zero, second_zero),
            multiplier=quantise_multiplier(first_scale * second_scale / scale),
            zero_point=zero_point,
            low=low,
            high=high,
        )
    )


def broadcast_strides(shape: Shape, out: Shape) -> dict[str, int]:
    rows, columns, channels = shape
    return {
        "row_stride": columns * channels if rows == out[0] else 0,
        "column_stride": channels if columns == out[1] else 0,
        "channel_stride": 1 if channels == out[2] else 0,
    }


def in_one_line(shapes: Sequence[Shape], out: Shape) -> tuple[list[Shape], Shape]:
    """The same shapes as a line of values, where each input has one for every output, or one for all."""
    if any(shape not in (out, (1, 1, 1)) for shape in shapes):
        return list(shapes), out
    return [(1, 1, prod(shape)) for shape in shapes], (1, 1, prod(out))


class BinaryKernel(Kernel):
    """With each rounding in one multiply-accumulate where binary_rounded.c has the function and shifts go right."""

    def __init__(self, step: Step, function: str) -> None:
        super().__init__(step)
        inputs_fit = all(-_LONGEST_SHIFT <= shift <= 0 for _, shift in self.input_multipliers())
        output_fits = -_LONGEST_SHIFT <= self.output_multiplier()[1] <= -1
        self.is_rounded = function in _ROUNDED and inputs_fit and output_fits
        self.function = f"{function}_rounded" if self.is_rounded else function

    def files(self) -> set[str]:
        return {"binary_rounded.c"} if self.is_rounded else super().files()

    def headers(self) -> set[str]:
        return {"binary_rounded.h"} if self.is_rounded else super().headers()

    def overlaps(self) -> dict[int, Distance]:
        return {i: Distance(0) for i, value in enumerate(self.step.inputs) if value.shape == self.step.output.shape}

    def input_multipliers(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return (0, 0), (0, 0)

    @abstractmethod
    def output_multiplier(self) -> tuple[int, int]:
        """Multiplier and shift of the result."""

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, rounded = self.step, self.is_rounded
        shapes, out = in_one_line([value.shape for value in step.inputs], step.output.shape)
        sides = {}
        for name, shape, input_zero, (multiplier, shift) in zip(
            ("first", "second"), shapes, step.input_zero_points, self.input_multipliers(), strict=True
        ):
            sides[name] = {
                **broadcast_strides(shape, out),
                "zero_point": input_zero,
                "multiplier": multiplier,
                "shift": -shift if rounded else shift,
            }
        (multiplier, shift), zero_point = self.output_multiplier(), step.zero_point
        if rounded:
            shift, zero_point = -shift, (1 << (-shift - 1)) + (zero_point << -shift)
        address = source.description(
            "mn_binary",
            layer,
            {
                "out": shape_fields(out),
                **sides,
                "multiplier": multiplier,
                "shift": shift,
                "zero_point": zero_point,
                "low": step.low,
                "high": step.high,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


class AddKernel(BinaryKernel):
    step: AddStep

    def __init__(self, step: AddStep) -> None:
        super().__init__(step, "mn_add")

    def input_multipliers(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.step.input_multipliers

    def output_multiplier(self) -> tuple[int, int]:
        return self.step.output_multiplier


class MultiplyKernel(BinaryKernel):
    step: MultiplyStep

    def __init__(self, step: MultiplyStep) -> None:
        super().__init__(step, "mn_multiply")

    def output_multiplier(self) -> tuple[int, int]:
        return self.step.multiplier


class AddSame(Kernel[AddStep]):
    function = "mn_add_same"
    file = "add.c"

    @staticmethod
    def fits(step: AddStep) -> bool:
        """Same shapes, and shifts as they are for scales within a factor of about four million."""
        same = all(value.shape == step.output.shape for value in step.inputs)
        inputs = all(m == _ONE_HALF or -_LONGEST_SHIFT <= m[1] <= -1 for m in step.input_multipliers)
        return same and inputs and -_LONGEST_SHIFT <= step.output_multiplier[1] <= -1

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0), 1: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        multiplier, shift = step.output_multiplier
        address = source.description(
            "mn_add_same",
            layer,
            {
                "count": step.output.size_bytes,
                "first": _addend(step.input_zero_points[0], *step.input_multipliers[0]),
                "second": _addend(step.input_zero_points[1], *step.input_multipliers[1]),
                "multiplier": multiplier,
                "constant": (1 << (-shift - 1)) + (step.zero_point << -shift),
                "shift": -shift,
                "low": step.low,
                "high": step.high,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def _addend(zero_point: int, multiplier: int, shift: int) -> dict[str, int]:
    # A multiplier of one half needs no rounding: doubled and shifted right once, it takes the others' form.
    double = 1 if (multiplier, shift) == _ONE_HALF else 0
    right = -shift + double
    return {
        "zero_point": zero_point,
        "left_shift": _ADD_LEFT_SHIFT + 1 + double,
        "multiplier": multiplier,
        "half": 1 << (right - 1),
        "right_shift": right,
    }


def _choose_addition(step: AddStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    linear = add_linear(step)
    if linear is not None:
        return linear
    return AddSame(step) if AddSame.fits(step) else AddKernel(step)


FAMILY = Family(
    operators={
        "ADD": OperatorKind(lower_add, options.activation, 11),
        "MUL": OperatorKind(lower_multiply, options.activation, 21),
    },
    kernels={AddStep: _choose_addition, MultiplyStep: always(MultiplyKernel)},
)
