"""SOFTMAX on int16 activations, from tables of the exponential and of reciprocals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, always
from micronets.compiler.operators.int16 import LIMITS, activation, symmetric
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_STEPS = 512
_RANGE = np.float32(LIMITS[1] - LIMITS[0])
_MOST_CLASSES = (1 << 16) - 1
"""Their exponentials sum up in an int32."""


@dataclass(eq=False, kw_only=True)
class Int16SoftmaxStep(Step):
    """Over the channels of every row and column."""

    kind: ClassVar[str] = "int16_softmax"
    multiplier: tuple[int, int]
    """(multiplier, shift) from steps of the input to 65535ths of 10."""


def _rounded(values: np.ndarray) -> np.ndarray:
    """To integers, halves away from zero, in float32."""
    return np.copysign(np.floor(np.abs(values) + np.float32(0.5)), values).astype(np.float32)


def _table(scale: np.float32, zero_point: int, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Int16 (513,), with half the error in the middle of two entries taken off both: TFLM's `LUTPopulateInt16`.

    Every operation is in float32. The output's scale is 2 / 65535, its zero point 0.
    """
    low, high = scale * np.float32(LIMITS[0] - zero_point), scale * np.float32(LIMITS[1] - zero_point)
    out_scale = np.float32(2) / _RANGE
    inverse = np.float32(65536) / (out_scale * np.float32(LIMITS[1]) - out_scale * np.float32(LIMITS[0]))
    step = (high - low) / np.float32(_STEPS)
    places = np.arange(_STEPS + 1, dtype=np.float32) * step
    entries = function(low + places)
    middle = _rounded(function(low + places[:-1] + step / np.float32(2)) * inverse)
    values = _rounded(entries[:-1] * inverse)
    between = _rounded((entries[1:] * inverse + values) / np.float32(2))
    corrected = values - _rounded((between - middle) / np.float32(2))
    last = _rounded(function(np.array([high])) * inverse)
    return np.clip(np.concatenate([corrected, last]), *LIMITS).astype(np.int16)


def _exponential(values: np.ndarray) -> np.ndarray:
    return np.exp(values.astype(np.float64)).astype(np.float32)


def _reciprocal(values: np.ndarray) -> np.ndarray:
    return np.float32(1) / (np.float32(1) + values)


def exponentials() -> np.ndarray:
    """Of -10 to 0."""
    return _table(np.float32(10) / _RANGE, LIMITS[1], _exponential)


def reciprocals() -> np.ndarray:
    """Of 1 to 2."""
    return _table(np.float32(1) / _RANGE, LIMITS[0], _reciprocal)


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    source, scale = activation(lowering, operator, 0)
    output = lowering.output(operator)
    out_scale = symmetric(lowering, operator, output, "output")
    if abs(out_scale * 32768 - 1) > 0.001:
        raise lowering.fail(operator, f"has the output scale {out_scale:.6g}; 1/32768 is supported")
    depth = lowering.tensor(operator, 0, "input").shape[-1]
    if output.elements != source.elements or depth > _MOST_CLASSES:
        raise lowering.fail(operator, f"has {depth} classes, or another number of outputs")
    beta = float(np.float32(operator.options["beta"]))
    lowering.add(
        Int16SoftmaxStep(
            inputs=[source],
            output=lowering.make(operator, (1, source.elements // depth, depth)),
            operators=(operator.index,),
            multiplier=quantise_multiplier(scale * beta / (10.0 / 65535.0)),
        )
    )


class Int16SoftmaxKernel(Kernel[Int16SoftmaxStep]):
    function = "mn_int16_softmax"
    file = "int16_softmax.c"
    header = "int16_softmax.h"

    def overlaps(self) -> dict[int, Distance]:
        """The largest is found before anything is written."""
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        fields = {
            "rows": rows * columns,
            "channels": channels,
            "multiplier": self.step.multiplier[0],
            "shift": self.step.multiplier[1],
            "exponentials": source.array(f"{layer}_exponentials", exponentials()),
            "reciprocals": source.array(f"{layer}_reciprocals", reciprocals()),
        }
        return [f"{self.function}({source.description(self.function, layer, fields)}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={},
    kernels={Int16SoftmaxStep: always(Int16SoftmaxKernel)},
    by_type={"int16": {"SOFTMAX": _lower}},
)
