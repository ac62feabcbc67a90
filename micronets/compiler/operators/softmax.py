"""SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION over the last side."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import (
    multiply_by_quantised_multiplier,
    quantise_multiplier,
    rounding_divide_by_power_of_two,
)
from micronets.compiler.cores import Core
from micronets.compiler.fixed_point import softmax_exponentials, softmax_multiplier, softmax_pairs
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.operators import options
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value

_LARGEST_SOFTMAX = (1 << 12) - 1
_LONGEST_VECTOR = (1 << 15) - 1
_LARGEST_DIFFERENCE = 255
_HALF = 1 << 11
"""For a sum of exponentials, of which 12 bits are rounded off."""


@dataclass(eq=False, kw_only=True)
class SoftmaxStep(Step):
    """Over the channels of every row and column."""

    kind: ClassVar[str] = "softmax"
    exponentials: np.ndarray
    """Int32 Q0.31: exp(-difference * scale) for difference = 0, 1, ...; differences beyond the end count as zero."""


@dataclass(eq=False, kw_only=True)
class LogSoftmaxStep(Step):
    kind: ClassVar[str] = "log_softmax"
    exponentials: np.ndarray
    """Int32 Q12.19, as those of `SoftmaxStep`."""
    differences: np.ndarray
    """Int32 Q5.26: -difference * scale."""
    divisor: tuple[int, int]
    """(multiplier, shift) from Q5.26 to steps of the input."""


@dataclass(eq=False, kw_only=True)
class L2NormalisationStep(Step):
    kind: ClassVar[str] = "l2_normalization"
    input_zero_point: int


def _over_rows(lowering: LoweringContext, operator: Operator, source: Value) -> tuple[int, int, int]:
    """The output's shape as rows of the last side."""
    if lowering.output(operator).elements != source.size_bytes:
        raise lowering.fail(operator, "changes the number of elements")
    depth = lowering.tensor(operator, 0, "input").shape[-1]
    return 1, source.size_bytes // depth, depth


def _require_output(lowering: LoweringContext, operator: Operator, scale: float, zero_point: int) -> None:
    found = lowering.per_tensor(operator, lowering.output(operator), "output")
    if found != (scale, zero_point):
        raise lowering.fail(
            operator, f"has the output scale {found[0]:.6g}; {scale:g} with zero point {zero_point} is supported"
        )


def lower_log_softmax(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, _ = lowering.activation(operator, 0)
    _require_output(lowering, operator, 1 / 16, 127)
    shape = _over_rows(lowering, operator, source)
    if shape[2] > _LARGEST_SOFTMAX:
        raise lowering.fail(operator, f"has {shape[2]} classes; TFLM's sum overflows beyond {_LARGEST_SOFTMAX}")
    exponentials = softmax_exponentials(scale, 1.0)
    multiplier, shift = softmax_multiplier(scale, 1.0)
    steps = -np.arange(len(exponentials), dtype=np.int64)
    lowering.add(
        LogSoftmaxStep(
            inputs=[source],
            output=lowering.make(operator, shape),
            operators=(operator.index,),
            exponentials=rounding_divide_by_power_of_two(exponentials.astype(np.int64), 12),
            differences=multiply_by_quantised_multiplier(steps, multiplier, shift),
            divisor=quantise_multiplier((1 << (31 - shift)) / multiplier),
        )
    )


def lower_l2_normalisation(lowering: LoweringContext, operator: Operator) -> None:
    source, _, zero_point = lowering.activation(operator, 0)
    _require_output(lowering, operator, 1 / 128, 0)
    if operator.options["activation"] != "NONE":
        raise lowering.fail(operator, "has a fused activation, which TFLM does not carry out")
    shape = _over_rows(lowering, operator, source)
    if shape[2] > _LONGEST_VECTOR:
        raise lowering.fail(operator, f"has vectors of {shape[2]}; TFLM's sum overflows beyond {_LONGEST_VECTOR}")
    lowering.add(
        L2NormalisationStep(
            inputs=[source],
            output=lowering.make(operator, shape),
            operators=(operator.index,),
            input_zero_point=zero_point,
        )
    )


def _check_output(lowering: LoweringContext, operator: Operator) -> None:
    output = lowering.output(operator)
    if output.dtype == "int16" and output.quantisation is not None:
        scale, zero_point = float(output.quantisation.scales[0]), int(output.quantisation.zero_points[0])
        if zero_point != -(1 << 15) or abs(scale * 65536 - 1) > 0.01:
            raise lowering.fail(operator, f"has the output scale {scale:.6g}; 1/65536 from -32768 on is supported")
        return
    scale, zero_point = lowering.per_tensor(operator, output, "output")
    if zero_point != -128 or abs(scale * 256 - 1) > 0.01:
        raise lowering.fail(operator, f"has the output scale {scale:.6g}; 1/256 with zero point -128 is supported")


def lower_softmax(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, _ = lowering.activation(operator, 0)
    _check_output(lowering, operator)
    beta = operator.options["beta"]
    if not (np.isfinite(beta) and beta > 0):
        raise lowering.fail(operator, f"has beta {beta}; a positive number is expected")
    try:
        exponentials = softmax_exponentials(scale, beta)
    except ValueError as error:
        raise lowering.fail(operator, f"cannot be carried out: {error}") from error
    if lowering.output(operator).elements != source.size_bytes:
        raise lowering.fail(operator, "changes the number of elements")
    depth = lowering.tensor(operator, 0, "input").shape[-1]
    if depth > _LARGEST_SOFTMAX:
        raise lowering.fail(operator, f"has {depth} classes; TFLM's sum overflows beyond {_LARGEST_SOFTMAX}")
    lowering.add(
        SoftmaxStep(
            inputs=[source],
            output=lowering.make(operator, (1, source.size_bytes // depth, depth)),
            operators=(operator.index,),
            exponentials=exponentials,
        )
    )


class SoftmaxKernel(Kernel[SoftmaxStep]):
    function = "mn_softmax"
    file = "softmax.c"
    header = "softmax.h"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        table = self.step.exponentials.astype(np.int64)
        if len(table) <= _LARGEST_DIFFERENCE:
            table = np.append(table, 0)
        address = source.description(
            "mn_softmax",
            layer,
            {
                "rows": rows * columns,
                "channels": channels,
                "last": len(table) - 1,
                "exponentials": source.array(f"{layer}_exponentials", (table + _HALF).astype(np.uint32)),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


class SoftmaxPairKernel(Kernel[SoftmaxStep]):
    """Of two classes."""

    function = "mn_softmax_pair"
    file = "softmax_pair.c"
    header = "softmax_pair.h"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, _ = self.step.output.shape
        pairs = softmax_pairs(self.step.exponentials).view("<u2").reshape(-1)
        others = np.flatnonzero(pairs != pairs[-1])
        last = int(others[-1]) + 1 if len(others) else 0
        fields = {
            "rows": rows * columns,
            "last": last,
            "pairs": source.array(f"{layer}_pairs", pairs[: last + 1]),
        }
        return [f"{self.function}({source.description(self.function, layer, fields)}, {inputs[0]}, {output});"]


class SoftmaxInt16Kernel(Kernel[SoftmaxStep]):
    function = "mn_softmax_int16"
    file = "softmax_int16.c"
    header = "softmax_int16.h"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        address = source.description(
            "mn_softmax_int16",
            layer,
            {
                "rows": rows * columns,
                "channels": channels,
                "exponentials": source.array(f"{layer}_exponentials", self.step.exponentials.astype(np.int32)),
                "count": len(self.step.exponentials),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _choose_softmax(step: SoftmaxStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    if step.output.item_bytes == 2:
        return SoftmaxInt16Kernel(step)
    return SoftmaxPairKernel(step) if step.output.shape[2] == 2 else SoftmaxKernel(step)


class LogSoftmaxKernel(Kernel[LogSoftmaxStep]):
    function = "mn_log_softmax"
    file = "log_softmax.c"
    header = "log_softmax.h"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        address = source.description(
            "mn_log_softmax",
            layer,
            {
                "rows": rows * columns,
                "channels": channels,
                "exponentials": source.array(f"{layer}_exponentials", self.step.exponentials.astype(np.int32)),
                "differences": source.array(f"{layer}_differences", self.step.differences.astype(np.int32)),
                "count": len(self.step.exponentials),
                "divisor": self.step.divisor[0],
                "shift": self.step.divisor[1],
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


class L2NormalisationKernel(Kernel[L2NormalisationStep]):
    function = "mn_l2_normalisation"
    file = "l2_normalisation.c"
    header = "l2_normalisation.h"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        fields = {"rows": rows * columns, "channels": channels, "zero_point": self.step.input_zero_point}
        return [f"{self.function}({source.description(self.function, layer, fields)}, {inputs[0]}, {output});"]


def _options(table: Table | None) -> dict[str, Any]:
    return {"beta": table.float32(0) if table else 0.0}


FAMILY = Family(
    operators={
        "L2_NORMALIZATION": OperatorKind(lower_l2_normalisation, options.activation, 12),
        "LOG_SOFTMAX": OperatorKind(lower_log_softmax, options_type=36),
        "SOFTMAX": OperatorKind(lower_softmax, _options, 9),
    },
    kernels={
        L2NormalisationStep: always(L2NormalisationKernel),
        LogSoftmaxStep: always(LogSoftmaxKernel),
        SoftmaxStep: _choose_softmax,
    },
)
