"""CONV_2D, FULLY_CONNECTED and TRANSPOSE_CONV on int16 activations, with weights of int8."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import activation_range
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.convolution_operands import (
    channel_multipliers,
    is_per_tensor,
    read_bias,
    read_weights,
)
from micronets.compiler.operators.convolution_windows import (
    fully_connected_rows,
    slide_convolution,
    slide_transposed,
)
from micronets.compiler.operators.family import Family, always
from micronets.compiler.operators.int16 import (
    LIMITS,
    activation,
    are_short,
    reduced_multipliers,
    short_multipliers,
    symmetric,
)
from micronets.compiler.operators.window import Sliding
from micronets.compiler.source import Source
from micronets.compiler.steps import Value, WeightedWindowStep, Window

_QUAD_ORDER = [0, 2, 1, 3]


@dataclass(frozen=True, eq=False)
class Int16Requantisation:
    """From sums to int16. `narrow`, with biases of int32: sums wrap as int32 and are rounded twice."""

    bias: np.ndarray
    """Int64, one per output channel."""
    multipliers: np.ndarray
    """Int64; of 31 bits where `narrow`, else of 15."""
    shifts: np.ndarray
    narrow: bool
    low: int
    high: int


@dataclass(eq=False, kw_only=True)
class Int16Step(WeightedWindowStep):
    requantisation: Int16Requantisation


@dataclass(eq=False, kw_only=True)
class Int16ConvolutionStep(Int16Step):
    """Weights (output channels, kernel rows, kernel columns, input channels)."""

    kind: ClassVar[str] = "conv_2d"


@dataclass(eq=False, kw_only=True)
class Int16FullyConnectedStep(Int16ConvolutionStep):
    """Apart from a convolution only by its name."""

    kind: ClassVar[str] = "fully_connected"


@dataclass(eq=False, kw_only=True)
class Int16DepthwiseStep(Int16Step):
    """Weights (kernel rows, kernel columns, output channels)."""

    kind: ClassVar[str] = "depthwise_conv_2d"


@dataclass(eq=False, kw_only=True)
class Int16TransposedStep(Int16Step):
    """Weights (output channels, kernel rows, kernel columns, input channels)."""

    kind: ClassVar[str] = "transpose_conv"

    @property
    def _positions(self) -> Value:
        return self.inputs[0]


def requantisation_of(
    lowering: LoweringContext,
    operator: Operator,
    input_scale: float,
    weights: Tensor,
    channel_axis: int,
    bias_position: int,
    *,
    float_product: bool = False,
) -> Int16Requantisation:
    """Where there are no biases, the options say how sums are kept; TRANSPOSE_CONV also takes biases of int16."""
    channels = weights.shape[channel_axis]
    out_scale = symmetric(lowering, operator, lowering.output(operator), "output")
    multipliers, shifts = channel_multipliers(
        lowering, operator, (input_scale, out_scale), weights, channel_axis, channels, float_product=float_product
    )
    accepted = {"DEPTHWISE_CONV_2D": ("int64",), "TRANSPOSE_CONV": ("int16", "int64")}
    types = accepted.get(operator.kind, ("int32", "int64"))
    bias = read_bias(lowering, operator, bias_position, channels, types)
    tensor = lowering.optional(operator, bias_position)
    narrow = bool(operator.options.get("narrow_sums")) if tensor is None else tensor.dtype == "int32"
    if not narrow:
        multipliers = reduced_multipliers(lowering, operator, multipliers, shifts)
    low, high = activation_range(operator.options.get("activation", "NONE"), out_scale, 0, LIMITS)
    return Int16Requantisation(bias, multipliers, shifts, narrow, low, high)


def int8_weights(lowering: LoweringContext, operator: Operator, position: int, sides: int) -> tuple[Tensor, np.ndarray]:
    """The tensor of so many sides, and its values."""
    tensor, data = read_weights(lowering, operator, position, sides)
    if tensor.dtype != "int8":
        raise lowering.fail(operator, f"has weights of {tensor.dtype} for int16; int8 is supported")
    return tensor, data


def _lower_convolution(lowering: LoweringContext, operator: Operator) -> None:
    source, scale = activation(lowering, operator, 0)
    weights, data = int8_weights(lowering, operator, 1, 4)
    over, groups = slide_convolution(lowering, operator, source, data)
    kind: type[Int16ConvolutionStep] | type[Int16DepthwiseStep] = Int16ConvolutionStep
    if groups > 1 and data.shape[3] == 1:
        kind, data = Int16DepthwiseStep, np.ascontiguousarray(data[..., 0].transpose(1, 2, 0))
    elif groups > 1:
        data = _ungrouped(data, groups)
    add_step(lowering, operator, over, kind, data, requantisation_of(lowering, operator, scale, weights, 0, 2))


def add_step(
    lowering: LoweringContext,
    operator: Operator,
    over: Sliding,
    kind: type[Int16Step],
    weights: np.ndarray,
    requantisation: Int16Requantisation,
) -> None:
    step = kind(
        inputs=[over.image],
        output=over.output,
        operators=(operator.index,),
        window=over.window,
        weights=weights,
        requantisation=requantisation,
    )
    over.add(lowering, operator, step)


def _ungrouped(weights: np.ndarray, groups: int) -> np.ndarray:
    """The same convolution in one group, with weights of 0 for the inputs of others."""
    channels, rows, columns, depth = weights.shape
    whole = np.zeros((channels, rows, columns, groups * depth), weights.dtype)
    for group, own in enumerate(np.split(np.arange(channels), groups)):
        whole[own, :, :, group * depth : (group + 1) * depth] = weights[own]
    return whole


def _lower_fully_connected(lowering: LoweringContext, operator: Operator) -> None:
    source, scale = activation(lowering, operator, 0)
    weights, data = int8_weights(lowering, operator, 1, 2)
    channels, depth = data.shape
    rows = fully_connected_rows(lowering, operator, source, data)
    lowering.add(
        Int16FullyConnectedStep(
            inputs=[source.viewed((1, rows, depth))],
            output=lowering.make(operator, (1, rows, channels)),
            operators=(operator.index,),
            window=Window((1, 1), (1, 1)),
            weights=data.reshape(channels, 1, 1, depth),
            requantisation=requantisation_of(
                lowering, operator, scale, weights, 0, 2, float_product=is_per_tensor(weights)
            ),
        )
    )


def _lower_transposed(lowering: LoweringContext, operator: Operator) -> None:
    source, scale = activation(lowering, operator, 2)
    weights, data = int8_weights(lowering, operator, 1, 4)
    over = slide_transposed(lowering, operator, source, data)
    requantisation = requantisation_of(lowering, operator, scale, weights, 0, 3)
    add_step(lowering, operator, over, Int16TransposedStep, data, requantisation)


def is_short(step: Int16Step, channel_axis: int) -> bool:
    """Whether sums fit 32 bits, and values are one product with 2**-32 (`are_short`)."""
    q = step.requantisation
    axes = tuple(i for i in range(step.weights.ndim) if i != channel_axis)
    return not q.narrow and are_short(step.weights, axes, q.bias, q.shifts)


def _requantisation_fields(source: Source, layer: str, q: Int16Requantisation, short: bool) -> dict[str, object]:
    if short:
        bias, multipliers, shifts = q.bias.astype(np.int32), short_multipliers(q.multipliers, q.shifts), "0"
    else:
        bias, multipliers = np.ascontiguousarray(q.bias).view(np.int32), q.multipliers
        shifts = source.array(f"{layer}_shifts", q.shifts.astype(np.int8))
    return {
        "bias": source.array(f"{layer}_bias", bias),
        "multipliers": source.array(f"{layer}_multipliers", multipliers.astype(np.int32)),
        "shifts": shifts,
        "narrow": int(q.narrow),
        "low": q.low,
        "high": q.high,
    }


class Int16Kernel(Kernel[Int16Step]):
    header = "int16_convolution.h"
    description: ClassVar[str]
    """The C structure."""
    short = False
    """Sums in 32 bits, by a kernel of its own."""

    takes_scratch: ClassVar[bool] = False

    def fields(self, source: Source, layer: str) -> dict[str, Any]:
        return {**self._shapes(), **self._numbers(source, layer, self.step.weights)}

    def _shapes(self) -> dict[str, Any]:
        step = self.step
        return {
            "in": shape_fields(step.inputs[0].shape),
            "out": shape_fields(step.output.shape),
            "window": window_fields(step.window),
        }

    def _numbers(self, source: Source, layer: str, weights: np.ndarray) -> dict[str, Any]:
        return {
            "weights": source.array(f"{layer}_weights", weights),
            "requantisation": _requantisation_fields(source, layer, self.step.requantisation, self.short),
        }

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description(self.description, layer, self.fields(source, layer))
        arguments = [address, inputs[0], output, *([scratch] if self.takes_scratch else [])]
        return [f"{self.function}({', '.join(arguments)});"]


class Int16ConvolutionKernel(Int16Kernel):
    """Over patches, which are gathered where the input's pixels are none by themselves."""

    description = "mn_int16_convolution"
    takes_scratch = True
    file = "int16_convolution.c"

    def __init__(self, step: Int16Step) -> None:
        super().__init__(step)
        self.short = is_short(step, 0)
        self.function = "mn_int16_convolution_short" if self.short else "mn_int16_convolution"

    def files(self) -> set[str]:
        return {"int16_convolution_short.c" if self.short else "int16_convolution.c"}

    @property
    def _quads(self) -> int:
        return -(-self.step.weights[0].size // 4)

    @property
    def _direct(self) -> bool:
        return self.step.window.is_point and self.step.weights.shape[3] % 4 == 0

    @property
    def scratch_bytes(self) -> int:
        return 0 if self._direct else 2 * 8 * self._quads

    def fields(self, source: Source, layer: str) -> dict[str, Any]:
        channels, quads = len(self.step.weights), self._quads
        padded = np.zeros((channels + channels % 2, 4 * quads), np.int8)
        padded[:channels, : self.step.weights[0].size] = self.step.weights.reshape(channels, -1)
        by_pair = padded.reshape(-1, 2, quads, 4)[..., _QUAD_ORDER].transpose(0, 2, 1, 3)
        return {
            **self._shapes(),
            "quads": quads,
            "direct": int(self._direct),
            **self._numbers(source, layer, by_pair),
        }


class Int16TransposedKernel(Int16Kernel):
    function = description = "mn_int16_transposed"
    file = "int16_transposed.c"


FAMILY = Family(
    operators={},
    kernels={
        Int16ConvolutionStep: always(Int16ConvolutionKernel),
        Int16FullyConnectedStep: always(Int16ConvolutionKernel),
        Int16TransposedStep: always(Int16TransposedKernel),
    },
    by_type={
        "int16": {
            "CONV_2D": _lower_convolution,
            "FULLY_CONNECTED": _lower_fully_connected,
            "TRANSPOSE_CONV": _lower_transposed,
        }
    },
)
