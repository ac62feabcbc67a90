"""A trained float network that only answers: the teacher of a distillation."""

import math
from typing import Any

import keras
from keras import ops

from micronets.architecture import Addition, AveragePooling, DepthwiseConvolution, TransposedConvolution
from micronets.network import TrainedNetwork


class FrozenNetwork(keras.Model):
    """Features (batch, height, width, channels) → outputs (batch, outputs), from folded weights, unquantised."""

    def __init__(self, trained: TrainedNetwork, **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        # A keras layer tracks lists of its attributes; a tuple of arrays stays the plain data it is.
        architecture = trained.architecture
        reads = tuple(architecture.read_by(index) for index in range(len(architecture.layers)))
        self._chain = tuple(zip(architecture.layers, trained.parameters, reads, strict=True))
        self._outputs = math.prod(trained.architecture.output_shapes()[-1])
        self.build((None, *trained.architecture.input_shape))

    def build(self, input_shape: Any) -> None:
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = inputs
        earlier: list[Any] = []
        for index, (layer, parameters, read) in enumerate(self._chain):
            if read != index - 1:
                outputs = earlier[read]
            if isinstance(layer, Addition):
                outputs = _activate(_add(outputs, earlier[layer.source]), layer)
            elif isinstance(layer, AveragePooling):
                outputs = _pool(outputs, layer)
            else:
                outputs = _convolve(outputs, layer, parameters)
            earlier.append(outputs)
        return ops.reshape(outputs, (-1, self._outputs))


def _add(left: Any, right: Any) -> Any:
    width = max(left.shape[-1], right.shape[-1])
    pad = [ops.pad(side, ((0, 0), (0, 0), (0, 0), (0, width - side.shape[-1]))) for side in (left, right)]
    return pad[0] + pad[1]


def _pool(inputs: Any, layer: AveragePooling) -> Any:
    if layer.kernel is None:
        return ops.mean(inputs, axis=(1, 2), keepdims=True)
    return ops.average_pool(inputs, layer.kernel, layer.stride, padding="same")


def _convolve(inputs: Any, layer: Any, parameters: Any) -> Any:
    if isinstance(layer, DepthwiseConvolution):
        outputs = ops.depthwise_conv(inputs, parameters.kernel[..., None], strides=layer.stride, padding=layer.padding)
    elif isinstance(layer, TransposedConvolution):
        kernel = parameters.kernel.swapaxes(2, 3)
        outputs = ops.conv_transpose(inputs, kernel, strides=layer.stride, padding="same")
    else:
        outputs = ops.conv(inputs, parameters.kernel, strides=layer.stride, padding=layer.padding)
    outputs = outputs + parameters.bias
    return _activate(outputs, layer)


def _activate(outputs: Any, layer: Any) -> Any:
    return ops.relu6(outputs) if layer.activation == "relu6" else outputs
