"""Weights, biases and multipliers of convolutions and fully connected layers, whatever the type of their activations.

Multipliers as TFLM's `PopulateConvolutionQuantizationParams` (double product of scales) and, for FULLY_CONNECTED per
tensor, `GetQuantizedConvolutionMultipler` (float32 product of scales).
"""

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.operators.context import LoweringContext


def read_weights(lowering: LoweringContext, operator: Operator, position: int, sides: int) -> tuple[Tensor, np.ndarray]:
    """Symmetric weights of int8 or int4, with so many `sides`: the tensor, and its data."""
    tensor = lowering.tensor(operator, position, "weights")
    data = lowering.constant(operator, position, "weights", ("int8", "int4"))
    if len(tensor.shape) != sides:
        raise lowering.fail(operator, f"has weights of the shape {list(tensor.shape)}; {sides} sides are expected")
    if tensor.quantisation is None:
        raise lowering.fail(operator, "has weights without quantisation")
    if np.any(tensor.quantisation.zero_points != 0):
        raise lowering.fail(operator, "has weights with a zero point; only symmetric weights are supported")
    return tensor, data


def read_bias(
    lowering: LoweringContext,
    operator: Operator,
    position: int,
    channels: int,
    dtypes: tuple[str, ...] = ("int32",),
) -> np.ndarray:
    """Int64 (channels,); zeros where there are none."""
    if lowering.optional(operator, position) is None:
        return np.zeros(channels, np.int64)
    data = lowering.constant(operator, position, "bias", dtypes)
    if data.size != channels:
        raise lowering.fail(operator, f"has {data.size} biases for {channels} output channels")
    return data.reshape(-1).astype(np.int64)


def is_per_tensor(weights: Tensor) -> bool:
    """Whether one scale holds for all weights."""
    assert weights.quantisation is not None  # `read_weights` refuses those without
    return len(weights.quantisation.scales) == 1


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
