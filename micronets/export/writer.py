"""Writes a trained network as a .tflite file, without any training framework.

A quantised network becomes int8 in and out, per-channel int8 or packed INT4 weights and int32 biases, such that the
integers compute what the fake-quantised network computed; a float network becomes the same graph in float32.
Activations of 4 bits are int8 tensors of one grid, `SIXTEEN_LEVELS`, whose values a fused RELU6 keeps within 16 levels:
where the network has learnt another range, weights and biases are in units by which it becomes that one.
Operator versions and the oldest runtimes that know them: `op_version.cc` and `runtime_version.cc` of TensorFlow.
"""

import math
import os
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from micronets.architecture import (
    Activation,
    Addition,
    AnyConvolution,
    AveragePooling,
    Convolution,
    DepthwiseConvolution,
    Layer,
    Padding,
    Shape,
    TransposedConvolution,
)
from micronets.atomic import write_bytes
from micronets.errors import ModelError
from micronets.export.flatbuffer import BUILTIN, GraphBuilder
from micronets.network import LayerParameters, TrainedNetwork
from micronets.quantisation import SIXTEEN_LEVELS, Quantisation, activation_quantisation, quantise_weights

_FUSED: dict[Activation, int] = {
    "relu6": schema.ActivationFunctionType.RELU6,
    "linear": schema.ActivationFunctionType.NONE,
}
_PADDING: dict[Padding, int] = {"same": schema.Padding.SAME, "valid": schema.Padding.VALID}
_OPTIONS = schema.BuiltinOptions
_MINIMUM_RUNTIME = {"float32": (1, 5, 0), "int8": (1, 14, 0), "int4": (2, 11, 0)}
_MINIMUM_RUNTIME_OF_TRANSPOSED = (2, 3, 0)
_TRANSPOSED_WITH_BIAS = 3
_VERSIONS = {8: 3, 4: 7}
"""Of CONV_2D and DEPTHWISE_CONV_2D, by the bits of their weights."""


def write_tflite(network: TrainedNetwork, path: str | os.PathLike) -> None:
    """Writes `network` to `path` atomically; equal networks give equal bytes.

    The file has one input, `input` of shape (1, height, width, channels), and one output, `logits` of shape
    (1, classes), or `reconstruction` of shape (1, height x width x channels); both are int8, or both float32 where the
    network's ranges are None.
    Raises ModelError, naming the layer, where parameters do not fit the architecture or cannot be quantised.
    """
    write_bytes(path, tflite_bytes(network))


def tflite_bytes(network: TrainedNetwork) -> bytes:
    """The content that `write_tflite` writes."""
    return _Writer(network).write()


@dataclass(frozen=True)
class _Map:
    """A tensor already in the graph; `quantisation`, of the network's own values, is None in a float network.

    `unit` is a value in the file over the network's own: 1, but for tensors of 4 bits.
    """

    tensor: int
    shape: Shape
    quantisation: Quantisation | None
    unit: float


class _Writer:
    def __init__(self, network: TrainedNetwork):
        self._network = network
        self._quantised = network.input_range is not None
        self._graph = GraphBuilder()
        self._weight_bits = network.architecture.weight_bits()
        self._activation_bits = network.architecture.activation_bits()

    def write(self) -> bytes:
        architecture = self._network.architecture
        input_range = self._network.input_range
        quantisation = None if input_range is None else activation_quantisation(input_range, "the input")
        current = input_map = self._map("input", architecture.input_shape, quantisation)
        outputs: list[_Map] = []
        for index, (layer, parameters) in enumerate(zip(architecture.layers, self._network.parameters, strict=True)):
            read = architecture.read_by(index)
            source = current if read == index - 1 else outputs[read]
            current = self._layer(index, layer, parameters, source, outputs)
            outputs.append(current)
        result = self._flatten("reconstruction" if architecture.reconstructs else "logits", current)
        weights = self._kinds_of_weights()
        return self._graph.finish(
            input_map.tensor,
            result,
            f"MicroNets: {architecture.name}, {' and '.join(weights)} weights",
            ".".join(map(str, self._minimum_runtime(weights))),
        )

    def _kinds_of_weights(self) -> list[str]:
        """The types of all weights, sorted."""
        if not self._quantised:
            return ["float32"]
        layers = zip(self._network.architecture.layers, self._weight_bits, strict=True)
        return sorted({f"int{bits}" for layer, bits in layers if isinstance(layer, AnyConvolution)})

    def _minimum_runtime(self, weights: list[str]) -> tuple[int, ...]:
        needed = [_MINIMUM_RUNTIME[kind] for kind in weights]
        if any(isinstance(layer, TransposedConvolution) for layer in self._network.architecture.layers):
            needed.append(_MINIMUM_RUNTIME_OF_TRANSPOSED)
        return max(needed)

    def _layer(self, index: int, layer: Layer, parameters: LayerParameters, source: _Map, earlier: list[_Map]) -> _Map:
        name = f"{index:02d}_{layer.kind}"
        shape = self._network.architecture.output_shapes()[index]
        what = f"layer {name} of {self._network.architecture.name!r}"
        quantisation = self._output_quantisation(index, layer, parameters, source, what)
        output = self._map(name, shape, quantisation, self._activation_bits[index])
        if isinstance(layer, Addition):
            return self._addition(layer, name, source, earlier[layer.source], output)
        if isinstance(layer, AveragePooling):
            self._pool(layer, source, output)
            return output
        weights = self._weights(name, layer, self._weight_bits[index], parameters, source, output, what)
        if isinstance(layer, TransposedConvolution):
            return self._transposed_convolution(name, layer, weights, source, output)
        version = _VERSIONS[self._weight_bits[index]] if self._quantised else 1
        self._convolution(layer, version, weights, source, output)
        return output

    def _output_quantisation(
        self, index: int, layer: Layer, parameters: LayerParameters, source: _Map, what: str
    ) -> Quantisation | None:
        if self._quantised == (parameters.output_range is None) and not isinstance(layer, AveragePooling):
            missing, present = ("output", "input") if self._quantised else ("input", "output")
            raise ModelError(f"The {missing} range of {what} is missing, but its {present} range is given.")
        if not self._quantised:
            return None
        if parameters.output_range is None:
            return source.quantisation
        bounds = parameters.output_range
        if isinstance(layer, TransposedConvolution) and layer.activation == "relu6":
            # TFLM fuses no activation with it: the ends of the range do what the activation would.
            bounds = max(bounds[0], 0.0), min(bounds[1], 6.0)
        levels = 2 ** self._activation_bits[index]
        quantisation = activation_quantisation(bounds, f"the output of {what}", levels)
        if isinstance(layer, AveragePooling) and quantisation != source.quantisation:
            raise ModelError(f"The output range of {what} must equal its input range: no runtime pools otherwise.")
        return quantisation

    def _weights(
        self,
        name: str,
        layer: AnyConvolution,
        bits: int,
        parameters: LayerParameters,
        source: _Map,
        output: _Map,
        what: str,
    ) -> tuple[int, int]:
        """The constants kernel and bias."""
        _check_shapes(layer, parameters, source.shape[2], output.shape[2], self._quantised, what)
        kernel_name, bias_name = f"{name}/kernel", f"{name}/bias"
        if not self._quantised:
            kernel = self._graph.constant(kernel_name, _stored(np.asarray(parameters.kernel, np.float32)))
            return kernel, self._graph.constant(bias_name, np.asarray(parameters.bias, np.float32))
        # What `_check_shapes` has found to be there.
        assert parameters.kernel is not None and parameters.bias is not None and parameters.kernel_scale is not None
        assert source.quantisation is not None and output.quantisation is not None
        weights = quantise_weights(
            parameters.kernel,
            parameters.bias,
            parameters.kernel_scale,
            bits,
            source.quantisation.scale,
            output.quantisation.scale,
            what,
        )
        constant = self._graph.packed_int4_constant if bits == 4 else self._graph.constant
        channel_axis = 3 if isinstance(layer, DepthwiseConvolution) else 0
        kernel_scale = (weights.kernel_scale * (output.unit / source.unit)).astype(np.float32)
        kernel = constant(kernel_name, _stored(weights.kernel), kernel_scale, channel_axis)
        bias_scale = (weights.bias_scale * output.unit).astype(np.float32)
        return kernel, self._graph.constant(bias_name, weights.bias, bias_scale)

    def _convolution(
        self,
        layer: Convolution | DepthwiseConvolution,
        version: int,
        weights: tuple[int, int],
        source: _Map,
        output: _Map,
    ) -> None:
        common = {**_window(layer), "fusedActivationFunction": _FUSED[layer.activation]}
        if isinstance(layer, DepthwiseConvolution):
            options = schema.DepthwiseConv2DOptionsT(depthMultiplier=1, **common)
            options_type, builtin = _OPTIONS.DepthwiseConv2DOptions, BUILTIN.DEPTHWISE_CONV_2D
        else:
            options = schema.Conv2DOptionsT(**common)
            options_type, builtin = _OPTIONS.Conv2DOptions, BUILTIN.CONV_2D
        self._graph.operator(builtin, version, (source.tensor, *weights), output.tensor, options_type, options)

    def _transposed_convolution(
        self, name: str, layer: TransposedConvolution, weights: tuple[int, int], source: _Map, output: _Map
    ) -> _Map:
        shape = self._graph.constant(f"{name}/shape", np.array((1, *output.shape), np.int32))
        kernel, bias = weights
        self._graph.operator(
            BUILTIN.TRANSPOSE_CONV,
            _TRANSPOSED_WITH_BIAS,
            (shape, kernel, source.tensor, bias),
            output.tensor,
            _OPTIONS.TransposeConvOptions,
            schema.TransposeConvOptionsT(**_window(layer)),
        )
        if self._quantised or layer.activation == "linear":
            return output
        activated = self._map(f"{name}/relu6", output.shape, None)
        self._graph.operator(BUILTIN.RELU6, 1, (output.tensor,), activated.tensor, _OPTIONS.NONE, None)
        return activated

    def _pool(self, layer: AveragePooling, source: _Map, output: _Map) -> None:
        window = layer.kernel or source.shape[:2]
        stride = layer.stride if layer.kernel else window
        options = schema.Pool2DOptionsT(
            padding=schema.Padding.SAME if layer.kernel else schema.Padding.VALID,
            strideH=stride[0],
            strideW=stride[1],
            filterHeight=window[0],
            filterWidth=window[1],
        )
        self._graph.operator(
            BUILTIN.AVERAGE_POOL_2D,
            2 if self._quantised else 1,
            (source.tensor,),
            output.tensor,
            _OPTIONS.Pool2DOptions,
            options,
        )

    def _addition(self, layer: Addition, name: str, first: _Map, second: _Map, output: _Map) -> _Map:
        operands = [
            operand if operand.shape == output.shape else self._pad_channels(f"{name}/padded", operand, output.shape)
            for operand in (first, second)
        ]
        self._graph.operator(
            BUILTIN.ADD,
            2 if self._quantised else 1,
            [operand.tensor for operand in operands],
            output.tensor,
            _OPTIONS.AddOptions,
            schema.AddOptionsT(fusedActivationFunction=_FUSED[layer.activation]),
        )
        return output

    def _pad_channels(self, name: str, source: _Map, shape: Shape) -> _Map:
        output = self._map(name, shape, source.quantisation)
        paddings = np.zeros((4, 2), np.int32)
        paddings[3, 1] = shape[2] - source.shape[2]
        inputs = (source.tensor, self._graph.constant(f"{name}/paddings", paddings))
        version = 2 if self._quantised else 1
        self._graph.operator(BUILTIN.PAD, version, inputs, output.tensor, _OPTIONS.PadOptions, schema.PadOptionsT())
        return output

    def _flatten(self, name: str, source: _Map) -> int:
        shape = (1, math.prod(source.shape))
        inputs = (source.tensor, self._graph.constant(f"{name}/shape", np.array(shape, np.int32)))
        output = self._tensor(name, shape, source.quantisation)
        options = schema.ReshapeOptionsT(newShape=list(shape))
        return self._graph.operator(BUILTIN.RESHAPE, 1, inputs, output, _OPTIONS.ReshapeOptions, options)

    def _map(self, name: str, shape: Shape, quantisation: Quantisation | None, bits: int = 8) -> _Map:
        if quantisation is None or bits == 8:
            return _Map(self._tensor(name, (1, *shape), quantisation), shape, quantisation, 1.0)
        tensor = self._tensor(name, (1, *shape), SIXTEEN_LEVELS)
        return _Map(tensor, shape, quantisation, SIXTEEN_LEVELS.scale / quantisation.scale)

    def _tensor(self, name: str, shape: tuple[int, ...], quantisation: Quantisation | None) -> int:
        if quantisation is None:
            return self._graph.activation(name, shape, np.float32)
        return self._graph.activation(name, shape, np.int8, quantisation.scale, quantisation.zero_point)


def _window(layer: AnyConvolution) -> dict[str, int]:
    padding = "same" if isinstance(layer, TransposedConvolution) else layer.padding
    return {"padding": _PADDING[padding], "strideH": layer.stride[0], "strideW": layer.stride[1]}


def _stored(kernel: np.ndarray) -> np.ndarray:
    """(height, width, in, out) → (out, height, width, in); depthwise (height, width, out) → (1, height, width, out)."""
    return kernel[np.newaxis] if kernel.ndim == 3 else kernel.transpose(3, 0, 1, 2)


def _check_shapes(
    layer: AnyConvolution,
    parameters: LayerParameters,
    channels_in: int,
    channels_out: int,
    quantised: bool,
    what: str,
) -> None:
    channels = (channels_out,) if isinstance(layer, DepthwiseConvolution) else (channels_in, channels_out)
    expected: dict[str, tuple[int, ...] | None] = {"kernel": (*layer.kernel, *channels), "bias": (channels_out,)}
    expected["kernel_scale"] = (channels_out,) if quantised else None
    for name, shape in expected.items():
        value = getattr(parameters, name)
        found = None if value is None else np.shape(value)
        if found != shape:
            raise ModelError(
                f"The {name} of {what} has shape {found}, but {shape} is needed; train this architecture again."
            )
