"""QUANTIZE between types of another width, and CAST between integers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.lookup import lower_requantised
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_LIMITS = {"int8": (-128, 127), "int16": (-(1 << 15), (1 << 15) - 1), "int32": (-(1 << 31), (1 << 31) - 1)}
_PAIRS = (
    ("int16", "int8"),
    ("int8", "int16"),
    ("int8", "int32"),
    ("int16", "int16"),
    ("int16", "int32"),
    ("int32", "int8"),
    ("int32", "int16"),
)
_INTEGERS = ("int32", "int64")
_CASTS = ("int8", "int16", "int32", "bool")


@dataclass(eq=False, kw_only=True)
class ConvertStep(Step):
    """A `mn_convert_scaled`, or a `mn_cast`, which has no multiplier."""

    kind: ClassVar[str] = "convert"
    input_zero_point: int = 0
    multiplier: tuple[int, int] | None = None
    zero_point: int = 0
    limits: tuple[int, int] = (0, 0)


def _lower_quantize(lowering: LoweringContext, operator: Operator) -> None:
    tensor, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
    if {tensor.dtype, output.dtype} <= {"int8", "uint8"}:
        lower_requantised(lowering, operator)
        return
    if (tensor.dtype, output.dtype) not in _PAIRS:
        raise lowering.fail(operator, f"turns {tensor.dtype} into {output.dtype}; integers are supported inside")
    source = lowering.value(operator, tensor)
    (scale, zero_point), (out_scale, out_zero_point) = (_grid(lowering, operator, t) for t in (tensor, output))
    lowering.add(
        ConvertStep(
            inputs=[source],
            output=lowering.make(operator, source.shape),
            operators=(operator.index,),
            input_zero_point=zero_point,
            multiplier=quantise_multiplier(scale / out_scale),
            zero_point=out_zero_point,
            limits=_LIMITS[output.dtype],
        )
    )


def _grid(lowering: LoweringContext, operator: Operator, tensor: Tensor) -> tuple[float, int]:
    if tensor.quantisation is None or len(tensor.quantisation.scales) != 1:
        raise lowering.fail(operator, f"has tensor {tensor.index}, which is not quantised per tensor")
    return float(tensor.quantisation.scales[0]), int(tensor.quantisation.zero_points[0])


def _lower_cast(lowering: LoweringContext, operator: Operator) -> None:
    """Worked out beforehand where that is possible."""
    tensor, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
    known = lowering.data(tensor)
    if known is not None and output.dtype in _INTEGERS:
        lowering.fold(operator, known.astype(np.int64))
        return
    if tensor.dtype not in _CASTS or output.dtype not in _CASTS[:3]:
        raise lowering.fail(operator, f"casts {tensor.dtype} to {output.dtype}; integers are supported")
    source = lowering.value(operator, tensor)
    output_value = lowering.make(operator, source.shape)
    lowering.add(ConvertStep(inputs=[source], output=output_value, operators=(operator.index,)))


class ConvertKernel(Kernel[ConvertStep]):
    file = "convert.c"
    header = "convert.h"

    def __init__(self, step: ConvertStep) -> None:
        super().__init__(step)
        self.function = "mn_cast" if step.multiplier is None else "mn_convert_scaled"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        multiplier, shift = step.multiplier or (0, 0)
        low, high = (str(limit) if limit > -(1 << 31) else "INT32_MIN" for limit in step.limits)
        fields = {
            "count": step.output.elements,
            "input_bytes": step.inputs[0].item_bytes,
            "output_bytes": step.output.item_bytes,
            "input_zero_point": step.input_zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "zero_point": step.zero_point,
            "low": low,
            "high": high,
        }
        return [f"{self.function}({source.description('mn_convert', layer, fields)}, {inputs[0]}, {output});"]


FAMILY = Family(
    operators={
        "CAST": OperatorKind(_lower_cast, options_type=37),
        "QUANTIZE": OperatorKind(_lower_quantize),
    },
    kernels={ConvertStep: always(ConvertKernel)},
)
