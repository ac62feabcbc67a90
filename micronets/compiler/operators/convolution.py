"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and TRANSPOSE_CONV.

Multipliers as TFLM's `PopulateConvolutionQuantizationParams` (double product of scales) and, for FULLY_CONNECTED per
tensor, `GetQuantizedConvolutionMultipler` (float32 product of scales).
"""

from typing import Any

import numpy as np

from micronets.compiler.arithmetic import activation_range, quantise_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.intervals import convolution_bounds, depthwise_bounds, transposed_convolution_bounds
from micronets.compiler.kernels import choose_kernel
from micronets.compiler.operators import options
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.operators.groups import add_groups, channelwise
from micronets.compiler.operators.window import window_of
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    Requantisation,
    TransposedConvolutionStep,
    Window,
)

_INT32 = 2
"""`TensorType` of the schema."""


def read_weights(lowering: LoweringContext, operator: Operator, position: int, sides: int) -> tuple[Tensor, np.ndarray]:
    tensor = lowering.tensor(operator, position, "weights")
    data = lowering.constant(operator, position, "weights", ("int8", "int4"))
    if len(tensor.shape) != sides:
        raise lowering.fail(operator, f"has weights of the shape {list(tensor.shape)}; {sides} sides are expected")
    if tensor.quantisation is None:
        raise lowering.fail(operator, "has weights without quantisation")
    if np.any(tensor.quantisation.zero_points != 0):
        raise lowering.fail(operator, "has weights with a zero point; only symmetric weights are supported")
    return tensor, data


def _bias(lowering: LoweringContext, operator: Operator, position: int, channels: int) -> np.ndarray:
    tensor = lowering.optional(operator, position)
    if tensor is None:
        return np.zeros(channels, np.int64)
    data = lowering.constant(operator, position, "bias", ("int32",))
    if data.size != channels:
        raise lowering.fail(operator, f"has {data.size} biases for {channels} output channels")
    return data.reshape(-1).astype(np.int64)


def channel_multipliers(
    lowering: LoweringContext,
    operator: Operator,
    scales_of_edges: tuple[float, float],
    weights: Tensor,
    channel_axis: int,
    channels: int,
    *,
    float_product: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers and shifts, int64 (channels,), from the input's scale and the weights' to the output's.

    Args:
        scales_of_edges: the input's and the output's.
        float_product: multiply the scales in float32, not float64.
    """
    input_scale, scale = scales_of_edges
    assert weights.quantisation is not None  # `read_weights` refuses those without
    scales = weights.quantisation.scales
    if len(scales) > 1 and weights.quantisation.axis != channel_axis:
        raise lowering.fail(
            operator, f"has weights quantised along side {weights.quantisation.axis}, not {channel_axis}"
        )
    if len(scales) not in (1, channels):
        raise lowering.fail(operator, f"has {len(scales)} weight scales for {channels} output channels")
    multipliers, shifts = [], []
    for weight_scale in scales:
        if float_product:
            real = float(np.float32(input_scale) * np.float32(weight_scale)) / scale
        else:
            real = input_scale * float(weight_scale) / scale
        if not np.isfinite(real):
            raise lowering.fail(operator, "has scales whose ratio overflows")
        multiplier, shift = quantise_multiplier(real)
        multipliers.append(multiplier)
        shifts.append(shift)
    repeat = channels if len(scales) == 1 else 1
    return np.repeat(np.array(multipliers, np.int64), repeat), np.repeat(np.array(shifts, np.int64), repeat)


def _requantisation(
    lowering: LoweringContext,
    operator: Operator,
    input_scale: float,
    weights: Tensor,
    channel_axis: int,
    channels: int,
    *,
    float_product: bool = False,
) -> Requantisation:
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    multipliers, shifts = channel_multipliers(
        lowering,
        operator,
        (input_scale, scale),
        weights,
        channel_axis,
        channels,
        float_product=float_product,
    )
    low, high = activation_range(operator.options.get("activation", "NONE"), scale, zero_point)
    return Requantisation(
        multipliers=multipliers,
        shifts=shifts,
        zero_point=zero_point,
        low=low,
        high=high,
    )


def check_output(
    lowering: LoweringContext, operator: Operator, computed: tuple[int, int, int], images: int = 1
) -> None:
    """The output's shape is the one that the window gives."""
    stated = lowering.shape(lowering.output(operator))
    if stated != (computed[0] * images, *computed[1:]):
        raise lowering.fail(operator, f"states the output {list(stated)}, but its window gives {list(computed)}")


def lower_convolution(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, data = read_weights(lowering, operator, 1, 4)
    channels, kernel_rows, kernel_columns, depth = data.shape
    image, images = lowering.images(operator, source, lowering.tensor(operator, 0, "input"))
    rows, columns, in_channels = image.shape
    if in_channels % depth or channels % (in_channels // depth):
        raise lowering.fail(operator, f"has weights for {depth} input channels, its input has {in_channels}")
    window, sides = window_of(lowering, operator, (rows, columns), (kernel_rows, kernel_columns))
    check_output(lowering, operator, (*sides, channels), images)
    step = ConvolutionStep(
        inputs=[image],
        output=lowering.image_output(operator, images),
        operators=(operator.index,),
        window=window,
        weights=data,
        bias=_bias(lowering, operator, 2, channels),
        input_zero_point=zero_point,
        requantisation=_requantisation(lowering, operator, scale, weights, 0, channels),
        weight_bits=4 if weights.dtype == "int4" else 8,
    )
    groups = in_channels // depth
    if groups == 1:
        lowering.add_images(operator, source, images, step)
    elif depth == 1:
        lowering.add_images(operator, source, images, channelwise(step, groups))
    else:
        add_groups(lowering, source, images, step, groups)


def lower_depthwise(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, data = read_weights(lowering, operator, 1, 4)
    _, kernel_rows, kernel_columns, channels = data.shape
    image, images = lowering.images(operator, source, lowering.tensor(operator, 0, "input"))
    rows, columns, in_channels = image.shape
    if data.shape[0] != 1 or channels % in_channels:
        raise lowering.fail(operator, f"has weights {list(data.shape)} for {in_channels} input channels")
    window, sides = window_of(lowering, operator, (rows, columns), (kernel_rows, kernel_columns))
    check_output(lowering, operator, (*sides, channels), images)
    lowering.add_images(
        operator,
        source,
        images,
        DepthwiseConvolutionStep(
            inputs=[image],
            output=lowering.image_output(operator, images),
            operators=(operator.index,),
            window=window,
            weights=data[0],
            multiplier=channels // in_channels,
            bias=_bias(lowering, operator, 2, channels),
            input_zero_point=zero_point,
            requantisation=_requantisation(lowering, operator, scale, weights, 3, channels),
            weight_bits=4 if weights.dtype == "int4" else 8,
        ),
    )


def lower_fully_connected(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, data = read_weights(lowering, operator, 1, 2)
    channels, depth = data.shape
    if source.size_bytes % depth:
        raise lowering.fail(operator, f"has weights for {depth} inputs, its input has {source.size_bytes} elements")
    rows = source.size_bytes // depth
    if lowering.output(operator).elements != rows * channels:
        raise lowering.fail(
            operator, f"states {lowering.output(operator).elements} outputs instead of {rows * channels}"
        )
    assert weights.quantisation is not None  # `read_weights` refuses those without
    per_tensor = len(weights.quantisation.scales) == 1
    if weights.dtype == "int4" and not per_tensor:
        raise lowering.fail(
            operator,
            "has 4-bit weights with a scale per channel, which TFLM refuses; accepted are one scale for all weights, "
            "or a 1x1 CONV_2D in its place",
        )
    lowering.add(
        FullyConnectedStep(
            inputs=[source if rows == 1 else source.viewed((1, rows, depth))],
            output=lowering.make(operator, (1, rows, channels)),
            operators=(operator.index,),
            window=Window((1, 1), (1, 1)),
            weights=data.reshape(channels, 1, 1, depth),
            bias=_bias(lowering, operator, 2, channels),
            input_zero_point=zero_point,
            requantisation=_requantisation(lowering, operator, scale, weights, 0, channels, float_product=per_tensor),
            weight_bits=4 if weights.dtype == "int4" else 8,
        )
    )


def lower_transposed_convolution(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 2)
    weights, data = read_weights(lowering, operator, 1, 4)
    channels, kernel_rows, kernel_columns, depth = data.shape
    image, images = lowering.images(operator, source, lowering.tensor(operator, 2, "input"))
    rows, columns, in_channels = image.shape
    if depth != in_channels:
        raise lowering.fail(operator, f"has weights for {depth} input channels, its input has {in_channels}")
    if operator.options["activation"] != "NONE":
        raise lowering.fail(operator, "has a fused activation, which TFLM does not carry out")
    output = lowering.image_output(operator, images)
    out_rows, out_columns, out_channels = output.shape
    # The padding is that of the convolution from the output to the input.
    window, sides = window_of(lowering, operator, (out_rows, out_columns), (kernel_rows, kernel_columns))
    if (*sides, out_channels) != (rows, columns, channels):
        raise lowering.fail(operator, f"turns {list(image.shape)} into {[out_rows, out_columns, out_channels]}")
    lowering.add_images(
        operator,
        source,
        images,
        TransposedConvolutionStep(
            inputs=[image],
            output=output,
            operators=(operator.index,),
            window=window,
            weights=data,
            bias=_bias(lowering, operator, 3, channels),
            input_zero_point=zero_point,
            requantisation=_requantisation(lowering, operator, scale, weights, 0, channels),
        ),
    )


def _convolution_options(table: Table | None) -> dict[str, Any]:
    table = options.needed(table)
    return {
        **options.padding(table),
        **options.strides(table),
        **options.activation(table, 3),
        "dilation_w": table.int32(4, 1),
        "dilation_h": table.int32(5, 1),
        "narrow_sums": table.int8(6) == _INT32,
    }


def _depthwise_options(table: Table | None) -> dict[str, Any]:
    table = options.needed(table)
    return {
        **options.padding(table),
        **options.strides(table),
        "depth_multiplier": table.int32(3),
        **options.activation(table, 4),
        "dilation_w": table.int32(5, 1),
        "dilation_h": table.int32(6, 1),
    }


def _fully_connected_options(table: Table | None) -> dict[str, Any]:
    if table is not None and table.int8(1) != 0:
        raise KeyError("weights_format")
    narrow = table.int8(4) == _INT32 if table else False
    return {**options.activation(table), "keep_dims": table.bool(2) if table else False, "narrow_sums": narrow}


def _transposed_convolution_options(table: Table | None) -> dict[str, Any]:
    table = options.needed(table)
    return {**options.padding(table), **options.strides(table), **options.activation(table, 3)}


FAMILY = Family(
    operators={
        "CONV_2D": OperatorKind(lower_convolution, _convolution_options, 1),
        "DEPTHWISE_CONV_2D": OperatorKind(lower_depthwise, _depthwise_options, 2),
        "FULLY_CONNECTED": OperatorKind(lower_fully_connected, _fully_connected_options, 8),
        "TRANSPOSE_CONV": OperatorKind(lower_transposed_convolution, _transposed_convolution_options, 49),
    },
    kernels={
        ConvolutionStep: choose_kernel,
        FullyConnectedStep: choose_kernel,
        DepthwiseConvolutionStep: choose_kernel,
        TransposedConvolutionStep: choose_kernel,
    },
    bounds={
        ConvolutionStep: convolution_bounds,
        FullyConnectedStep: convolution_bounds,
        DepthwiseConvolutionStep: depthwise_bounds,
        TransposedConvolutionStep: transposed_convolution_bounds,
    },
)
