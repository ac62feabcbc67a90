"""An `Architecture` as a Keras model, in float or quantised, and back as a `TrainedNetwork`."""

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    DepthwiseConvolution,
    TransposedConvolution,
)
from micronets.layers.convolution import QuantisableConvolution
from micronets.layers.fake_quantisation import ActivationRange, least_error_ceiling
from micronets.network import LayerParameters, Range, TrainedNetwork


class Network(keras.Model):
    """The trainable form of an architecture: features (batch, height, width, channels) → outputs (batch, outputs).

    Outputs are logits; those of an architecture that reconstructs are the features row by row.

    Features come in their own units; the first layer divides by the half width of `input_range`, which folds into the
    first convolution's weights on the way out; the last one of a reconstruction multiplies by it again.

    Args:
        input_range: lowest and highest value that an input keeps when quantised.
        quantised: fake-quantise input, weights and activations, to the bits that the architecture says.
        dropout: rate before the classifier, while training.
    """

    def __init__(
        self,
        architecture: Architecture,
        input_range: Range,
        *,
        quantised: bool,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.architecture = architecture
        self.input_range = input_range
        self.quantised = quantised
        self.input_gain = 1.0 / max(abs(input_range[0]), abs(input_range[1]))
        self.dropout = keras.layers.Dropout(dropout)
        self.stages = [
            self._stage(index, layer, last=index == len(architecture.layers) - 1)
            for index, layer in enumerate(architecture.layers)
        ]
        self.build((None, *architecture.input_shape))

    def _stage(self, index: int, layer: Any, last: bool) -> keras.layers.Layer:
        name = f"layer_{index:02d}"
        if isinstance(layer, AveragePooling):
            return AveragePool(layer, name=name)
        if isinstance(layer, Addition):
            return PaddedAddition(self.quantised, relu6=layer.activation == "relu6", name=name)
        return QuantisableConvolution(
            None if isinstance(layer, DepthwiseConvolution) else layer.channels,
            layer.kernel,
            layer.stride,
            relu6=layer.activation == "relu6",
            normalise=not last,
            quantised=self.quantised,
            weight_bits=self.architecture.weight_bits()[index],
            activation_bits=self.architecture.activation_bits()[index],
            transposed=isinstance(layer, TransposedConvolution),
            padding="same" if isinstance(layer, TransposedConvolution) else layer.padding,
            name=name,
        )

    def build(self, input_shape: Any) -> None:
        for stage, before in zip(self.stages, self.architecture.input_shapes(), strict=True):
            stage.build((None, *before))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = self._quantise_input(inputs)
        earlier: list[Any] = []
        for index, stage in enumerate(self.stages):
            if index == len(self.stages) - 1:
                outputs = self.dropout(outputs, training=training)
            outputs = self._run_stage(index, stage, outputs, earlier, training)
            earlier.append(outputs)
        if self.architecture.reconstructs:
            outputs = outputs / self.input_gain
        return ops.reshape(outputs, (-1, math.prod(self.architecture.output_shapes()[-1])))

    def _quantise_input(self, inputs: Any) -> Any:
        if self.quantised:
            low, high = self.input_range
            inputs = keras.quantizers.fake_quant_with_min_max_vars(inputs, low, high, num_bits=8)
        return inputs * self.input_gain

    def _read_by(self, index: int, outputs: Any, earlier: list[Any]) -> Any:
        """What stage `index` reads, given the output of the one before it."""
        read = self.architecture.read_by(index)
        return outputs if read == index - 1 else earlier[read]

    def _run_stage(self, index: int, stage: Any, inputs: Any, earlier: list[Any], training: bool | None) -> Any:
        inputs = self._read_by(index, inputs, earlier)
        if isinstance(stage, PaddedAddition):
            layer = self.architecture.layers[index]
            assert isinstance(layer, Addition)
            return stage([inputs, earlier[layer.source]])
        if isinstance(stage, AveragePool):
            pooled = stage(inputs)
            return self._range_layer(index)(pooled) if self.quantised else pooled
        return stage(inputs, training=training)

    def _range_layer(self, index: int) -> ActivationRange:
        """The range that layer `index` hands on: an average pool keeps that of its input, and rounds to it."""
        return self.stages[self.architecture.made_by(index)].range

    def copy_from(self, other: "Network") -> None:
        """Takes over every variable of a network of the same architecture, float or quantised."""
        for mine, theirs in zip(self.stages, other.stages, strict=True):
            if not isinstance(mine, AveragePool):
                for target, source in zip(mine.state(), theirs.state(), strict=True):
                    target.assign(source)

    def calibrate(self, features: np.ndarray) -> None:
        """Sets every range to what the float network shows on `features` (batch, height, width, channels)."""
        outputs = ops.convert_to_tensor(features) * self.input_gain
        earlier: list[Any] = []
        for index, stage in enumerate(self.stages):
            if isinstance(stage, QuantisableConvolution):
                outputs = stage.float_output(self._read_by(index, outputs, earlier))
                highest = float(ops.max(outputs))
                if stage.range.bits < 8:
                    highest = least_error_ceiling(ops.convert_to_numpy(outputs), 2**stage.range.bits)
                stage.calibrate(float(ops.min(outputs)), highest)
            elif isinstance(stage, AveragePool):
                outputs = stage(outputs)
            else:
                layer = self.architecture.layers[index]
                assert isinstance(layer, Addition)
                outputs = stage.float_output(outputs, earlier[layer.source])
                stage.range.set_range(float(ops.min(outputs)), float(ops.max(outputs)))
            earlier.append(outputs)

    def trained(self, labels: tuple[str, ...]) -> TrainedNetwork:
        """The network as numbers, BatchNorm and input gain folded into the weights."""
        parameters = []
        for index, stage in enumerate(self.stages):
            if isinstance(stage, QuantisableConvolution):
                learnt = stage.parameters()
                if index == 0:
                    learnt = _scale_kernel(learnt, self.input_gain)
            else:
                output_range = self._range_layer(index).get_range() if self.quantised else None
                learnt = LayerParameters(None, None, None, output_range)
            parameters.append(learnt)
        if self.architecture.reconstructs:
            parameters[-1] = _scale_outputs(parameters[-1], 1.0 / self.input_gain)
        return TrainedNetwork(
            self.architecture,
            tuple(labels),
            self.input_range if self.quantised else None,
            tuple(parameters),
        )


class AveragePool(keras.layers.Layer):
    """Average over SAME windows, or over the whole map; padding does not count."""

    def __init__(self, layer: AveragePooling, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pooling = layer

    def build(self, input_shape: Any) -> None:
        self.built = True

    def call(self, inputs: Any) -> Any:
        if self.pooling.kernel is None:
            return ops.mean(inputs, axis=(1, 2), keepdims=True)
        return ops.average_pool(inputs, self.pooling.kernel, self.pooling.stride, padding="same")


class PaddedAddition(keras.layers.Layer):
    """Adds two maps; the narrower one is padded with zero channels. ReLU6 or nothing follows, quantised like that of a
    convolution."""

    def __init__(self, quantised: bool, *, relu6: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quantised = quantised
        self.relu6 = relu6
        self.range = ActivationRange(
            signed=not relu6, ceiling=6.0 if relu6 else None, trainable=quantised, name="range"
        )

    def build(self, input_shape: Any) -> None:
        self.built = True

    def state(self) -> list[keras.Variable]:
        """All variables."""
        return self.range.state()

    def float_output(self, left: Any, right: Any) -> Any:
        """The layer without quantisation."""
        total = padded_sum(left, right)
        return ops.relu6(total) if self.relu6 else total

    def call(self, inputs: Any) -> Any:
        return self.range(padded_sum(*inputs)) if self.quantised else self.float_output(*inputs)


def padded_sum(left: Any, right: Any) -> Any:
    """The sum of two maps (batch, height, width, channels), the narrower one padded with zero channels."""
    widths = [ops.shape(side)[-1] for side in (left, right)]
    if all(isinstance(width, int) for width in widths):
        widest = max(widths)
    else:  # of a graph on maps of any number of channels
        widest = ops.maximum(*widths)
    sides = [
        side if width is widest else ops.pad(side, ((0, 0), (0, 0), (0, 0), (0, widest - width)))
        for side, width in zip((left, right), widths, strict=True)
    ]
    return sides[0] + sides[1]


def _scale_outputs(parameters: LayerParameters, factor: float) -> LayerParameters:
    scaled = _scale_kernel(parameters, factor)
    assert scaled.bias is not None
    output_range = scaled.output_range
    if output_range is not None:
        output_range = factor * output_range[0], factor * output_range[1]
    return replace(scaled, bias=(scaled.bias * factor).astype(np.float32), output_range=output_range)


def _scale_kernel(parameters: LayerParameters, gain: float) -> LayerParameters:
    assert parameters.kernel is not None
    scale = None if parameters.kernel_scale is None else np.asarray(parameters.kernel_scale * gain).astype(np.float32)
    return LayerParameters(
        (parameters.kernel * gain).astype(np.float32), parameters.bias, scale, parameters.output_range
    )
