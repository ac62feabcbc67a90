"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and TRANSPOSE_CONV."""

from typing import Any

from micronets.compiler.arithmetic import activation_range
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.intervals import convolution_bounds, depthwise_bounds, transposed_convolution_bounds
from micronets.compiler.kernels import choose_kernel
from micronets.compiler.operators import options
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
    slide_depthwise,
    slide_transposed,
)
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.operators.groups import add_groups, channelwise
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


def lower_convolution(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, data = read_weights(lowering, operator, 1, 4)
    over, groups = slide_convolution(lowering, operator, source, data)
    step = ConvolutionStep(
        inputs=[over.image],
        output=over.output,
        operators=(operator.index,),
        window=over.window,
        weights=data,
        bias=read_bias(lowering, operator, 2, len(data)),
        input_zero_point=zero_point,
        requantisation=_requantisation(lowering, operator, scale, weights, 0, len(data)),
        weight_bits=4 if weights.dtype == "int4" else 8,
    )
    if groups == 1:
        over.add(lowering, operator, step)
    elif data.shape[3] == 1:
        over.add(lowering, operator, channelwise(step, groups))
    else:
        add_groups(lowering, source, over.images, step, groups)


def lower_depthwise(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, data = read_weights(lowering, operator, 1, 4)
    over, multiplier = slide_depthwise(lowering, operator, source, data)
    channels = data.shape[3]
    step = DepthwiseConvolutionStep(
        inputs=[over.image],
        output=over.output,
        operators=(operator.index,),
        window=over.window,
        weights=data[0],
        multiplier=multiplier,
        bias=read_bias(lowering, operator, 2, channels),
        input_zero_point=zero_point,
        requantisation=_requantisation(lowering, operator, scale, weights, 3, channels),
        weight_bits=4 if weights.dtype == "int4" else 8,
    )
    over.add(lowering, operator, step)


def lower_fully_connected(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, data = read_weights(lowering, operator, 1, 2)
    channels, depth = data.shape
    rows = fully_connected_rows(lowering, operator, source, data)
    per_tensor = is_per_tensor(weights)
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
            bias=read_bias(lowering, operator, 2, channels),
            input_zero_point=zero_point,
            requantisation=_requantisation(lowering, operator, scale, weights, 0, channels, float_product=per_tensor),
            weight_bits=4 if weights.dtype == "int4" else 8,
        )
    )


def lower_transposed_convolution(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 2)
    weights, data = read_weights(lowering, operator, 1, 4)
    over = slide_transposed(lowering, operator, source, data)
    step = TransposedConvolutionStep(
        inputs=[over.image],
        output=over.output,
        operators=(operator.index,),
        window=over.window,
        weights=data,
        bias=read_bias(lowering, operator, 3, len(data)),
        input_zero_point=zero_point,
        requantisation=_requantisation(lowering, operator, scale, weights, 0, len(data)),
    )
    over.add(lowering, operator, step)


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
