"""Networks with random weights: their latency and memory are those of trained ones of the same shape."""

import numpy as np

from micronets.architecture import Addition, Architecture, AveragePooling, Bits, DepthwiseConvolution
from micronets.network import LayerParameters, Range, TrainedNetwork

_INPUT_RANGE: Range = (-8.0, 8.0)
_LINEAR_RANGE: Range = (-10.0, 10.0)
_RELU6_RANGE: Range = (0.0, 6.0)


def random_network(
    architecture: Architecture, seed: int, *, weight_bits: Bits = 8, activation_bits: Bits = 8
) -> TrainedNetwork:
    """A quantised network whose weights are all in use: no channel of it is provably constant, so that the compiler
    computes every one. `weight_bits` and `activation_bits` are those of layers that do not fix their own."""
    generator = np.random.default_rng(seed)
    architecture = architecture.with_precision(weight_bits, activation_bits)
    ranges: list[Range] = []
    parameters = []
    for layer, before, after, bits in zip(
        architecture.layers,
        architecture.input_shapes(),
        architecture.output_shapes(),
        architecture.weight_bits(),
        strict=True,
    ):
        handed_on = ranges[-1] if ranges else _INPUT_RANGE
        if isinstance(layer, AveragePooling):
            ranges.append(handed_on)
            parameters.append(LayerParameters(None, None, None, handed_on))
            continue
        if isinstance(layer, Addition):
            ranges.append(_RELU6_RANGE if layer.activation == "relu6" else _LINEAR_RANGE)
            parameters.append(LayerParameters(None, None, None, ranges[-1]))
            continue
        depthwise = isinstance(layer, DepthwiseConvolution)
        shape = (*layer.kernel, after[2]) if depthwise else (*layer.kernel, before[2], after[2])
        taps = int(np.prod(shape[:-1]))
        kernel = (generator.normal(0, 1, shape) / np.sqrt(taps)).astype(np.float32)
        scale = (np.abs(kernel).reshape(-1, after[2]).max(axis=0) / (2 ** (bits - 1) - 1)).astype(np.float32)
        bias = generator.uniform(0, 1, after[2]).astype(np.float32)
        ranges.append(_RELU6_RANGE if layer.activation == "relu6" else _LINEAR_RANGE)
        parameters.append(LayerParameters(kernel, bias, scale, ranges[-1]))
    labels = tuple(f"class {index}" for index in range(architecture.classes))
    return TrainedNetwork(architecture, labels, _INPUT_RANGE, tuple(parameters))
