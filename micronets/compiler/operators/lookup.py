"""Functions of one int8 value, such as RELU and LOGISTIC: tables of 256 bytes, made with TFLM's arithmetic."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import activation_range, multiply_by_quantised_multiplier, quantise_multiplier
from micronets.compiler.fixed_point import logistic_table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_EVERY_INT8 = np.arange(-128, 128, dtype=np.int64)


@dataclass(eq=False, kw_only=True)
class LookupStep(Step):
    """Any function of one int8 value: output = table[input + 128]."""

    kind: ClassVar[str] = "lookup"
    table: np.ndarray
    """Int8, (256,)."""


def lower_table(lowering: LoweringContext, operator: Operator, table: np.ndarray, before: tuple[int, ...] = ()) -> None:
    """`before`: operators that the table carries out, too."""
    source = lowering.value(operator, lowering.tensor(operator, 0, "input"))
    if lowering.output(operator).elements != source.size_bytes:
        raise lowering.fail(operator, "changes the number of elements")
    lowering.add(
        LookupStep(
            inputs=[source],
            output=lowering.make(operator, source.shape),
            operators=(*before, operator.index),
            table=table.astype(np.int8),
        )
    )


def _rescaled(real: float, zero_point: int, out_zero_point: int) -> np.ndarray:
    multiplier, shift = quantise_multiplier(real)
    return multiply_by_quantised_multiplier(_EVERY_INT8 - zero_point, multiplier, shift) + out_zero_point


def lower_requantised(lowering: LoweringContext, operator: Operator) -> None:
    """Between scales of int8, or from and to uint8."""
    tensor, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
    scale, zero_point = lowering.per_tensor(operator, tensor, "input", tensor.dtype)
    out_scale, out_zero_point = lowering.per_tensor(operator, output, "output", output.dtype)
    table = np.clip(_rescaled(scale / out_scale, zero_point, out_zero_point), -128, 127)
    lower_table(lowering, operator, table)


def lower_relu(lowering: LoweringContext, operator: Operator) -> None:
    _, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    table = np.clip(_rescaled(scale / out_scale, zero_point, out_zero_point), max(-128, out_zero_point), 127)
    lower_table(lowering, operator, table)


def lower_relu6(lowering: LoweringContext, operator: Operator) -> None:
    """TFLM's RELU6 clamps in the input's scale and does not rescale."""
    _, scale, zero_point = lowering.activation(operator, 0)
    lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range("RELU6", scale, zero_point)
    lower_table(lowering, operator, np.clip(_EVERY_INT8, low, high))


def lower_logistic(lowering: LoweringContext, operator: Operator) -> None:
    _, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    if out_zero_point != -128 or out_scale != 1 / 256:
        raise lowering.fail(operator, f"has the output scale {out_scale:.6g}; 1/256 with zero point -128 is supported")
    try:
        table = logistic_table(scale, zero_point)
    except ValueError as error:
        raise lowering.fail(operator, f"cannot be carried out: {error}; train it anew") from error
    lower_table(lowering, operator, table)


def _bounds(step: LookupStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    table = step.table.astype(np.int64)
    spans = [table[low + 128 : high + 129] for low, high in zip(bounds.low, bounds.high, strict=True)]
    return Bounds(np.array([s.min() for s in spans]), np.array([s.max() for s in spans]))


class LookupKernel(Kernel[LookupStep]):
    function = "mn_lookup"
    file = "elementwise.c"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        table = source.array(f"{layer}_table", self.step.table)
        return [f"{self.function}({table}, {self.step.output.size_bytes}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={
        "LOGISTIC": OperatorKind(lower_logistic),
        "RELU": OperatorKind(lower_relu),
        "RELU6": OperatorKind(lower_relu6),
    },
    kernels={LookupStep: always(LookupKernel)},
    bounds={LookupStep: _bounds},
)
