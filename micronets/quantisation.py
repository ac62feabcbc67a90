"""From real ranges and weights to the integers of a quantised .tflite file.

Activations: the nudged grid of TensorFlow's `fake_quant_with_min_max_vars` (narrow_range False), in float32 as there.
Weights and biases: the TensorFlow Lite 8-bit quantisation specification (symmetric, per output channel; bias step =
input step x weight step), and the same with 4-bit weights.
"""

from dataclasses import dataclass

import numpy as np

from micronets.errors import ModelError
from micronets.network import Range

LEVELS = 256
LEVELS_OF_FOUR_BITS = 16
SMALLEST_RANGE, LARGEST_RANGE = 1e-6, 1e9
"""Widths beyond these come from a layer that has died or diverged; the runtimes' constants overflow on them."""
INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class Quantisation:
    """An int8 tensor's grid: real value = scale x (integer - zero_point); `scale` is exact in float32."""

    scale: float
    zero_point: int

    @property
    def bounds(self) -> Range:
        """Lowest and highest representable value."""
        return self.scale * (-128 - self.zero_point), self.scale * (127 - self.zero_point)

    def quantise(self, values: np.ndarray) -> np.ndarray:
        """Nearest int8 of float values of any shape, saturating; ties go up, as in `fake_quant_with_min_max_vars`."""
        values = np.asarray(values, np.float32)
        scale = np.float32(self.scale)
        lowest = np.float32(-128 - self.zero_point) * scale
        highest = np.float32(127 - self.zero_point) * scale
        steps = np.floor((np.clip(values, lowest, highest) - lowest) * (np.float32(1) / scale) + np.float32(0.5))
        return np.clip(steps - 128, -128, 127).astype(np.int8)

    def dequantise(self, integers: np.ndarray) -> np.ndarray:
        """float32 values of int8 integers of any shape."""
        return (np.asarray(integers, np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)


SIXTEEN_LEVELS = Quantisation(float(np.float32(6) / np.float32(LEVELS_OF_FOUR_BITS - 1)), -128)
"""The grid that every tensor of 4 bits has in a file: a fused RELU6 leaves it the integers -128 to -113."""


def activation_quantisation(bounds: Range, what: str, levels: int = LEVELS) -> Quantisation:
    """The grid of 256 levels, or of the lowest 16 of these, that `fake_quant_with_min_max_vars` uses for a range.

    The zero point is rounded and kept on the grid, so that 0.0 is exact; a range that excludes 0 is shifted to it.

    Args:
        bounds: lowest and highest value.
        what: names the tensor in the ModelError raised where the range is empty, reversed or not finite.
        levels: 256 or 16.
    """
    low, high = np.float32(bounds[0]), np.float32(bounds[1])
    if not SMALLEST_RANGE <= float(high) - float(low) <= LARGEST_RANGE:
        raise ModelError(
            f"The range of {what} is [{low:g}, {high:g}], which cannot be quantised: "
            "training has diverged or the layer has died; train again with a lower learning rate or another seed."
        )
    scale = (high - low) / np.float32(levels - 1)
    zero_point = int(np.floor(np.clip(-low / scale, 0, levels - 1) + np.float32(0.5)))
    return Quantisation(float(scale), zero_point - 128)


@dataclass(frozen=True, eq=False)
class QuantisedWeights:
    """Integers of one layer with weights.

    Attributes:
        kernel: int8, shaped as the float kernel (output channel last), within ±127 or ±7.
        kernel_scale: float32 of shape (out,), normal and positive.
        bias: int32 of shape (out,).
        bias_scale: float32 of shape (out,).
    """

    kernel: np.ndarray
    kernel_scale: np.ndarray
    bias: np.ndarray
    bias_scale: np.ndarray


def quantise_weights(
    kernel: np.ndarray,
    bias: np.ndarray,
    kernel_scale: np.ndarray,
    weight_bits: int,
    input_scale: float,
    output_scale: float,
    what: str,
) -> QuantisedWeights:
    """Rounds weights and biases to their integers.

    Where all weights of a channel have (nearly) vanished, their step may be 0, or so small that the bias does not fit
    int32. Such a step is raised until the bias fits and the requantisation multiplier is at least 2^-31, which the
    runtimes need; it is checked that this loses nothing that the output could show.

    Args:
        kernel: float32 with the output channel last.
        bias: float32 of shape (out,).
        kernel_scale: float32 of shape (out,), 0 allowed.
        input_scale, output_scale: steps of the activations before and after the layer.
        what: names the layer in the ModelError raised where the layer cannot be computed in int32.
    """
    if not all(np.isfinite(values).all() for values in (kernel, bias, kernel_scale)) or (kernel_scale < 0).any():
        raise ModelError(
            f"The weights, biases or scales of {what} are not all finite, or a scale is negative: "
            "training has diverged; train again with a lower learning rate."
        )
    limit = 2 ** (weight_bits - 1) - 1
    for_bias = np.abs(bias.astype(np.float64)) / (input_scale * 2.0**30)
    least = np.maximum(for_bias, output_scale / input_scale * 2.0**-31)
    scale = np.maximum(kernel_scale, least).astype(np.float32)
    _check_rounding(kernel, scale, scale > kernel_scale, input_scale, output_scale, what)

    steps = np.rint(kernel.astype(np.float64) / scale)
    integers = np.clip(steps, -limit, limit).astype(np.int8)
    bias_step = input_scale * scale.astype(np.float64)
    integer_bias = np.rint(bias.astype(np.float64) / bias_step).astype(np.int64)
    _check_accumulator(integers, integer_bias, bias_step / output_scale, what)
    return QuantisedWeights(integers, scale, integer_bias.astype(np.int32), bias_step.astype(np.float32))


def _check_rounding(
    kernel: np.ndarray, scale: np.ndarray, raised: np.ndarray, input_scale: float, output_scale: float, what: str
) -> None:
    """Where a step was raised, rounding the weights to it may move the output by half an output step at most."""
    taps = kernel.reshape(-1, kernel.shape[-1])
    lost = np.minimum(np.abs(taps), scale / 2).sum(axis=0, dtype=np.float64) * input_scale * (LEVELS - 1)
    if (raised & (lost > output_scale / 2)).any():
        channel = int(np.argmax(np.where(raised, lost, 0)))
        raise ModelError(
            f"The bias of output channel {channel} of {what} does not fit int32 at its weights' step: it is too large "
            "for its weights; train again with more weight decay or a lower learning rate."
        )


def _check_accumulator(kernel: np.ndarray, bias: np.ndarray, multiplier: np.ndarray, what: str) -> None:
    """The sum of products, and where the requantisation shifts left also the shifted sum, must fit int32."""
    weights = np.abs(kernel.reshape(-1, kernel.shape[-1]).astype(np.int64)).sum(axis=0)
    greatest = weights * (LEVELS - 1) + np.abs(bias)
    if (greatest > INT32_MAX).any():
        raise ModelError(
            f"Output channel {int(np.argmax(greatest))} of {what} can overflow a 32-bit accumulator: it sums over too "
            "many weights; make the kernel or the number of input channels smaller."
        )
    left_shift = np.maximum(np.frexp(multiplier)[1], 0)
    if (greatest * 2.0**left_shift > INT32_MAX).any():
        raise ModelError(
            f"The output range of {what} is too narrow for its weights: requantisation can overflow 32 bits; "
            "train again with a lower learning rate for the ranges."
        )
