"""A convolution as it runs on the device: weights, normalisation and activation, in float or quantised."""

from typing import Any

import keras
import numpy as np
from keras import ops

from micronets.architecture import Padding
from micronets.layers.batch_normalisation import BatchNormalisation
from micronets.layers.fake_quantisation import SMALLEST_RANGE, ActivationRange, fake_quantise_kernel
from micronets.network import LayerParameters


class QuantisableConvolution(keras.layers.Layer):
    """Convolution or its transpose → BatchNorm (or bias) → ReLU6 (or nothing), each step fake-quantised if `quantised`.

    The kernel is quantised per output channel *before* BatchNorm. That equals quantising the folded kernel, whose scale
    is multiplied by |gamma / sigma| of its channel, so no folding is needed while training.

    Args:
        channels: output channels; None for a depthwise convolution (multiplier 1).
        kernel, stride: (height, width).
        padding: "same" or "valid".
        transposed: the map becomes `stride` times as high and wide.
        relu6: whether a ReLU6 follows, otherwise the output is linear.
        normalise: BatchNorm, otherwise a bias.
        quantised: whether weights and output are fake-quantised.
        weight_bits, activation_bits: 8 or 4; a linear output has 8.
    """

    def __init__(
        self,
        channels: int | None,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        *,
        relu6: bool,
        normalise: bool,
        quantised: bool,
        weight_bits: int = 8,
        activation_bits: int = 8,
        transposed: bool = False,
        padding: Padding = "same",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.depthwise = channels is None
        self.transposed = transposed
        # Axis of the output channels in the kernel, as Keras' operations want it.
        self.channel_axis = 2 if self.depthwise or transposed else 3
        self.kernel_size = kernel
        self.stride = stride
        self.padding = padding
        self.relu6 = relu6
        self.quantised = quantised
        self.weight_bits = weight_bits
        self.normalisation = BatchNormalisation(momentum=0.9, epsilon=1e-3, name="norm") if normalise else None
        self.range = ActivationRange(
            signed=not relu6, ceiling=6.0 if relu6 else None, trainable=quantised, bits=activation_bits, name="range"
        )

    def build(self, input_shape: Any) -> None:
        inputs = input_shape[-1]
        outputs = inputs if self.depthwise else self.channels
        channels = (inputs, 1) if self.depthwise else (outputs, inputs) if self.transposed else (inputs, outputs)
        fan_in: float = self.kernel_size[0] * self.kernel_size[1] * (1 if self.depthwise else inputs)
        if self.transposed:  # every output is reached by that share of the kernel
            fan_in /= self.stride[0] * self.stride[1]
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, *channels),
            initializer=keras.initializers.RandomNormal(stddev=(2.0 / fan_in) ** 0.5),
            name="kernel",
        )
        self.kernel_high = self.add_weight(
            shape=(outputs,), initializer="ones", trainable=self.quantised, name="range_kernel"
        )
        self.bias = None
        if self.normalisation is None:
            self.bias = self.add_weight(shape=(outputs,), initializer="zeros", name="bias")
        else:
            self.normalisation.build((None, None, None, outputs))

    def float_output(self, inputs: Any, training: bool | None = False) -> Any:
        """The layer without any quantisation of its own; shape (batch, height, width, channels)."""
        return self._activate(self._convolve(inputs, self.kernel, training))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not self.quantised:
            return self.float_output(inputs, training)
        kernel = fake_quantise_kernel(self.kernel, self.kernel_high, self.weight_bits, self.channel_axis)
        return self.range(self._convolve(inputs, kernel, training))

    def calibrate(self, lowest: float, highest: float) -> None:
        """Starts quantised training from the greatest weights and the given observed range of the output."""
        axes = (0, 1, 5 - self.channel_axis)
        self.kernel_high.assign(ops.maximum(ops.max(ops.abs(self.kernel), axis=axes), SMALLEST_RANGE))
        self.range.set_range(min(lowest, -SMALLEST_RANGE), max(highest, SMALLEST_RANGE))

    def state(self) -> list[keras.Variable]:
        """All variables, in an order that does not depend on what is trainable."""
        if self.normalisation is None:
            rest = [self.bias]
        else:
            norm = self.normalisation
            rest = [norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance]
        return [self.kernel, self.kernel_high, *rest, *self.range.state()]

    def parameters(self) -> LayerParameters:
        """Weights with BatchNorm folded in, and ranges (None where the layer is not quantised)."""
        kernel = ops.convert_to_numpy(self.kernel).astype(np.float32)
        if self.depthwise:
            kernel = kernel[..., 0]
        elif self.transposed:
            kernel = kernel.swapaxes(2, 3)
        step = np.maximum(ops.convert_to_numpy(self.kernel_high), SMALLEST_RANGE) / (2 ** (self.weight_bits - 1) - 1)
        if self.normalisation is None:
            gain, bias = np.ones_like(step), ops.convert_to_numpy(self.bias)
        else:
            norm = self.normalisation
            gamma, beta, mean, variance = (
                ops.convert_to_numpy(value) for value in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
            )
            gain = gamma / np.sqrt(variance + norm.epsilon)
            bias = beta - mean * gain
        return LayerParameters(
            kernel=(kernel * gain).astype(np.float32),
            bias=bias.astype(np.float32),
            kernel_scale=(step * np.abs(gain)).astype(np.float32) if self.quantised else None,
            output_range=self.range.get_range() if self.quantised else None,
        )

    def _convolve(self, inputs: Any, kernel: Any, training: bool | None) -> Any:
        if self.depthwise:
            outputs = ops.depthwise_conv(inputs, kernel, strides=self.stride, padding=self.padding)
        elif self.transposed:
            outputs = ops.conv_transpose(inputs, kernel, strides=self.stride, padding="same")
        else:
            outputs = ops.conv(inputs, kernel, strides=self.stride, padding=self.padding)
        if self.normalisation is None:
            return outputs + self.bias
        return self.normalisation(outputs, training=training)

    def _activate(self, outputs: Any) -> Any:
        return ops.relu6(outputs) if self.relu6 else outputs
