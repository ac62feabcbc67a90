"""Random layers: shapes, strides, zero points, scales (multipliers above 1, extreme shifts), saturating values."""

from collections.abc import Callable

import numpy as np

from micronets.fuzz.builder import ModelBuilder

Random = np.random.Generator
# Index, scale and zero point of the tensor a layer makes.
Made = tuple[int, float, int]

SAME, VALID = 0, 1
NO_ACTIVATION, RELU, RELU_N1_TO_1, RELU6 = 0, 1, 2, 3

_LARGEST_LOGISTIC_SCALE = 1e10
"""Beyond, TFLM shifts a 64-bit integer by more than it has."""
_COARSE_SCALES = (float(np.float32(6) / np.float32(15)), float(np.float32(1) / np.float32(7)))


class Sample:
    """Draws the ingredients of layers."""

    def __init__(self, random: Random, *, coarse: bool = False) -> None:
        """`coarse`: three of four convolutions have outputs of 16 levels, of channels that are packed, and often 4-bit
        weights."""
        self.random = random
        self.coarse = coarse

    def integer(self, low: int, high: int) -> int:
        """Inclusive."""
        return int(self.random.integers(low, high + 1))

    def one_of(self, *values: int) -> int:
        return values[self.integer(0, len(values) - 1)]

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def channels(self) -> int:
        if self.coarse:
            return self.one_of(4, 8, 12, 16, 20, 28, 36, 44)
        return self.one_of(1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 20, 28, 33)

    def scale(self, extreme: float = 0.1) -> float:
        low, high = (-14, 3) if self.chance(extreme) else (-6, -2)
        return float(np.float32(np.exp(self.random.uniform(low, high))))

    def zero_point(self) -> int:
        return self.one_of(-128, -128, -128, 127, 0, self.integer(-128, 127))

    def activation(self) -> int:
        return self.one_of(NO_ACTIVATION, RELU, RELU, RELU6, RELU_N1_TO_1)

    def sixteen_levels(self) -> tuple[int, float, int]:
        """Activation, scale and zero point of such an output."""
        if self.chance(0.7):
            return RELU6, _COARSE_SCALES[0], -128
        return RELU_N1_TO_1, _COARSE_SCALES[1], self.integer(-120, 120)

    def levels_multiplier(self, bits: int, input_scale: float, depth: int) -> np.float32:
        """Such a requantisation that outputs fill 16 levels."""
        weight = 4 if bits == 4 else 70
        value = 5 if input_scale in _COARSE_SCALES else 70
        return np.float32(8 / (weight * value * np.sqrt(depth)) * np.exp(self.random.uniform(-1, 1)))

    def weights(self, shape: tuple[int, ...], bits: int = 8) -> np.ndarray:
        limit = 127 if bits == 8 else 7
        kind = self.integer(0, 9)
        if kind == 0:
            return np.full(shape, self.one_of(-limit - 1, -limit, limit), np.int8)
        if kind == 1:
            return self.random.choice(np.array([-limit - 1, limit], np.int8), shape)
        if kind == 2:
            return (self.random.integers(-limit, limit + 1, shape) * self.random.integers(0, 2, shape)).astype(np.int8)
        return self.random.integers(-limit, limit + 1, shape).astype(np.int8)

    def output_scale(self, input_scale: float, weight_scale: float, depth: int) -> float:
        """Mostly such that outputs fill int8; at times far off, up to multipliers above 1 and shifts of -31."""
        natural = input_scale * weight_scale * np.sqrt(depth) * 40
        factor = np.exp(self.random.uniform(-8, 8)) if self.chance(0.15) else np.exp(self.random.uniform(-1, 1))
        return float(np.float32(natural * factor))


def _convolution(model: ModelBuilder, sample: Sample, source: int, scale: float, depthwise: bool) -> Made:
    batch, rows, columns, depth = model.shape(source)
    point = not depthwise and sample.chance(0.7 if sample.coarse else 0.4)
    small, most = sample.chance(0.45 if depthwise else 0.6), 9 if depthwise else 6
    sides_of_kernel = (min(most, rows), min(most, columns))
    kernel = (1, 1) if point else (3, 3) if small else tuple(sample.integer(1, side) for side in sides_of_kernel)
    stride = (
        (1, 1)
        if point or sample.chance(0.5)
        else (2, 2)
        if sample.chance(0.7)
        else (sample.integer(1, 3), sample.integer(1, 3))
    )
    dilation = (sample.integer(1, 3), sample.integer(1, 3)) if stride == (1, 1) and sample.chance(0.15) else (1, 1)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = SAME if reach[0] > rows or reach[1] > columns or sample.chance(0.6) else VALID
    if padding == SAME:
        sides = [-(-rows // stride[0]), -(-columns // stride[1])]
    else:
        sides = [(rows - reach[0]) // stride[0] + 1, (columns - reach[1]) // stride[1] + 1]
    multiplier = sample.one_of(1, 1, 1, 2, 3) if depthwise else 1
    channels = depth * multiplier if depthwise else sample.channels()
    if not depthwise and sample.chance(0.12):
        groups = sample.one_of(*(n for n in (1, 2, 3, 4, 5, 7, 8) if depth % n == 0))
        depth, channels = depth // groups, groups * sample.integer(1, 5)
    bits = 4 if sample.chance(0.7 if sample.coarse else 0.15) else 8
    axis = 3 if depthwise else 0
    shape = (1, *kernel, channels) if depthwise else (channels, *kernel, depth)
    products = kernel[0] * kernel[1] * (1 if depthwise else depth)
    base = sample.scale(0.05)
    scales = (base * np.exp(sample.random.uniform(-1.5, 1.5, channels))).astype(np.float32)
    if sample.chance(0.05):
        scales[sample.integer(0, channels - 1)] = np.float32(1e-9)
    out_scale = sample.output_scale(scale, base, products)
    zero_point, activation = sample.zero_point(), None
    if sample.coarse:
        activation, coarse_scale, zero_point = sample.sixteen_levels()
        scales *= sample.levels_multiplier(bits, scale, products) * np.float32(coarse_scale / scale / base)
        out_scale = coarse_scale
        if sample.chance(0.25):  # as many values of 8 bits, by a multiplier 17 times as large
            out_scale = float(np.float32(coarse_scale * 15 / 255))
            zero_point = -128 if activation == RELU6 else 0
    weights = model.tensor(shape, f"int{bits}", scales, 0, axis, sample.weights(shape, bits))
    limit = sample.one_of(20, 100, 100, 1000, 5000) if sample.coarse else sample.one_of(100, 5000, 5000, 200000)
    bias = sample.random.integers(-limit, limit + 1, channels).astype(np.int32)
    biases = model.tensor((channels,), "int32", scales * np.float32(scale), 0, 0, bias)
    output = model.tensor((batch, *sides, channels), "int8", out_scale, zero_point)
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "dilationHFactor": dilation[0],
        "dilationWFactor": dilation[1],
        "fusedActivationFunction": sample.activation() if activation is None else activation,
    }
    if depthwise:
        options["depthMultiplier"] = multiplier
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    model.operator(kind, [source, weights, biases], [output], options, 7 if bits == 4 else 0)
    return output, out_scale, zero_point


def convolution(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _convolution(model, sample, source, scale, False)


def depthwise(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _convolution(model, sample, source, scale, True)


def fully_connected(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    depth = int(np.prod(model.shape(source)))
    channels = sample.one_of(1, 2, 3, 8, 9, 10, 16, 21)
    per_channel = sample.chance(0.3)
    base = sample.scale(0.05)
    scales = base * np.exp(sample.random.uniform(-1, 1, channels if per_channel else 1))
    out_scale, out_zero = sample.output_scale(scale, base, depth), sample.zero_point()
    values = sample.weights((channels, depth))
    bias = sample.random.integers(-5000, 5001, channels).astype(np.int32)
    biases = model.tensor((channels,), "int32", scales.astype(np.float32) * np.float32(scale), 0, 0, bias)
    output = model.tensor((1, channels), "int8", out_scale, out_zero)
    has_bias, activation = sample.chance(0.9), sample.activation()
    bits = 4 if not per_channel and sample.chance(0.15) else 8
    values = np.clip(values, -8, 7) if bits == 4 else values
    weights = model.tensor((channels, depth), f"int{bits}", scales, 0, 0, values)
    inputs = [source, weights, biases if has_bias else -1]
    options = {"fusedActivationFunction": activation}
    model.operator("FULLY_CONNECTED", inputs, [output], options, 10 if bits == 4 else 0)
    return output, out_scale, out_zero


def transposed_convolution(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    batch, rows, columns, depth = model.shape(source)
    stride = (sample.integer(1, 2), sample.integer(1, 2))
    kernel = (sample.integer(stride[0], 4), sample.integer(stride[1], 4))
    padding = sample.one_of(SAME, VALID)
    if padding == SAME:
        sides = [rows * stride[0], columns * stride[1]]
    else:
        sides = [(rows - 1) * stride[0] + kernel[0], (columns - 1) * stride[1] + kernel[1]]
    channels = sample.channels()
    shape = (channels, *kernel, depth)
    base = sample.scale(0.05)
    scales = base * np.exp(sample.random.uniform(-1, 1, channels))
    out_scale, out_zero = sample.output_scale(scale, base, kernel[0] * kernel[1] * depth), sample.zero_point()
    sizes = model.tensor((4,), "int32", data=np.array([batch, *sides, channels], np.int32))
    weights = model.tensor(shape, "int8", scales, 0, 0, sample.weights(shape))
    bias = sample.random.integers(-5000, 5001, channels).astype(np.int32)
    biases = model.tensor((channels,), "int32", scales.astype(np.float32) * np.float32(scale), 0, 0, bias)
    output = model.tensor((batch, *sides, channels), "int8", out_scale, out_zero)
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
    model.operator("TRANSPOSE_CONV", [sizes, weights, source, biases], [output], options, 3)
    return output, out_scale, out_zero


def _pool(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int, kind: str) -> Made:
    batch, rows, columns, depth = model.shape(source)
    whole = sample.chance(0.4)
    size = (rows, columns) if whole else (sample.integer(1, min(rows, 4)), sample.integer(1, min(columns, 4)))
    stride = (sample.integer(1, 3), sample.integer(1, 3))
    padding = sample.one_of(SAME, VALID)
    if padding == SAME:
        sides = [-(-rows // stride[0]), -(-columns // stride[1])]
    else:
        sides = [(rows - size[0]) // stride[0] + 1, (columns - size[1]) // stride[1] + 1]
    output = model.tensor((batch, *sides, depth), "int8", scale, zero)
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "filterHeight": size[0],
        "filterWidth": size[1],
        "fusedActivationFunction": sample.activation(),
    }
    model.operator(kind, [source], [output], options)
    return output, scale, zero


def average_pool(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _pool(model, sample, source, scale, zero, "AVERAGE_POOL_2D")


def max_pool(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _pool(model, sample, source, scale, zero, "MAX_POOL_2D")


def mean(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    batch, _, _, depth = model.shape(source)
    axes = model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
    keep = sample.chance(0.5)
    out_scale, out_zero = (scale, zero) if sample.chance(0.5) else (float(np.float32(scale * 0.7)), sample.zero_point())
    output = model.tensor((batch, 1, 1, depth) if keep else (batch, depth), "int8", out_scale, out_zero)
    model.operator("MEAN", [source, axes], [output], {"keepDims": keep}, 2)
    return output, out_scale, out_zero


def _binary(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int, kind: str) -> Made:
    shape = model.shape(source)
    other_scale, other_zero = float(np.float32(scale * np.exp(sample.random.uniform(-2, 2)))), sample.zero_point()
    if sample.chance(0.4):
        vector = tuple((1,) * (len(shape) - 1)) + shape[-1:]
        values = sample.random.integers(-128, 128, vector).astype(np.int8)
        other = model.tensor(vector, "int8", other_scale, other_zero, 0, values)
    elif sample.chance(0.3):
        other, other_scale = source, scale
    else:
        other = model.tensor(shape, "int8", other_scale, other_zero)
        model.operator("QUANTIZE", [source], [other])
    natural = max(scale, other_scale) * 1.5 if kind == "ADD" else scale * other_scale * 60
    out_scale = float(np.float32(natural * np.exp(sample.random.uniform(-1, 1.5))))
    out_zero = sample.zero_point()
    output = model.tensor(shape, "int8", out_scale, out_zero)
    inputs = [source, other] if sample.chance(0.5) else [other, source]
    model.operator(kind, inputs, [output], {"fusedActivationFunction": sample.activation()})
    return output, out_scale, out_zero


def add(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _binary(model, sample, source, scale, zero, "ADD")


def multiply(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _binary(model, sample, source, scale, zero, "MUL")


def pad(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    paddings = np.array([[0, 0], *([sample.integer(0, 2), sample.integer(0, 2)] for _ in shape[1:])], np.int32)
    if sample.chance(0.6):
        paddings[3] = 0
    amounts = model.tensor(paddings.shape, "int32", data=paddings)
    sides = tuple(int(side + amount.sum()) for side, amount in zip(shape, paddings, strict=True))
    output = model.tensor(sides, "int8", scale, zero)
    model.operator("PAD", [source, amounts], [output])
    return output, scale, zero


def concatenation(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    other = model.tensor(shape, "int8", scale, zero)
    model.operator("RELU", [source], [other])
    axis = sample.integer(1, len(shape) - 1)
    sides = tuple(2 * side if i == axis else side for i, side in enumerate(shape))
    output = model.tensor(sides, "int8", scale, zero)
    options = {"axis": axis if sample.chance(0.5) else axis - len(shape)}
    model.operator("CONCATENATION", [source, other], [output], options, 2)
    return output, scale, zero


def resize_nearest(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    batch, rows, columns, depth = model.shape(source)
    sides = (
        (rows * 2, columns * 2) if sample.chance(0.5) else (sample.integer(1, 2 * rows), sample.integer(1, 2 * columns))
    )
    size = model.tensor((2,), "int32", data=np.array(sides, np.int32))
    output = model.tensor((batch, *sides, depth), "int8", scale, zero)
    align = sample.chance(0.3)
    options = {"alignCorners": align, "halfPixelCenters": not align and sample.chance(0.4)}
    model.operator("RESIZE_NEAREST_NEIGHBOR", [source, size], [output], options, 2)
    return output, scale, zero


def _unary(model: ModelBuilder, source: int, kind: str, scale: float, zero: int, version: int = 0) -> Made:
    output = model.tensor(model.shape(source), "int8", scale, zero)
    model.operator(kind, [source], [output], {"beta": 1.0} if kind == "SOFTMAX" else None, version)
    return output, scale, zero


def softmax(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _unary(model, source, "SOFTMAX", 1 / 256, -128)


def logistic(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    if scale > _LARGEST_LOGISTIC_SCALE:
        return relu6(model, sample, source, scale, zero)
    return _unary(model, source, "LOGISTIC", 1 / 256, -128)


def relu(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    if sample.chance(0.5):
        return _unary(model, source, "RELU", scale, zero, 2)
    return _unary(model, source, "RELU", float(np.float32(scale * 0.6)), sample.zero_point(), 2)


def relu6(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    return _unary(model, source, "RELU6", scale, zero, 2)


def requantise(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    factor = np.exp(sample.random.uniform(-2, 2))
    return _unary(model, source, "QUANTIZE", float(np.float32(scale * factor)), sample.zero_point())


def reshape(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    batch, *sides = model.shape(source)
    shape = (batch, int(np.prod(sides)))
    sizes = model.tensor((2,), "int32", data=np.array(shape, np.int32))
    output = model.tensor(shape, "int8", scale, zero)
    model.operator("RESHAPE", [source, sizes], [output])
    return output, scale, zero


# Some convolutions are deeper than the channels drawn elsewhere: vectorised kernels hold 64 inputs, and loop beyond.
_DEEP_EVERY = 5
_DEPTHS = (47, 48, 63, 64, 65, 80, 81, 96, 112, 130)

Layer = Callable[[ModelBuilder, Sample, int, float, int], Made]

# Layers of images, by how often they are drawn, and of anything.
LAYERS: dict[Layer, int] = {
    convolution: 8,
    depthwise: 6,
    fully_connected: 3,
    transposed_convolution: 2,
    average_pool: 2,
    max_pool: 1,
    mean: 1,
    add: 2,
    multiply: 1,
    pad: 1,
    concatenation: 1,
    resize_nearest: 1,
    softmax: 1,
    logistic: 1,
    relu: 1,
    relu6: 1,
    requantise: 1,
    reshape: 1,
}


_OF_BATCHES = {convolution, depthwise, transposed_convolution, average_pool, max_pool, mean, pad, resize_nearest}


def batch_of(layer: Layer, seed: int) -> int:
    """How many images a layer works on: mostly one."""
    random = np.random.default_rng([seed, 8])
    return int(random.integers(2, 4)) if layer in _OF_BATCHES and random.random() < 0.15 else 1


def random_layer(seed: int) -> bytes:
    """A .tflite file of one layer (and what it needs beside it)."""
    sample = Sample(np.random.default_rng([seed, 1]))
    layers = list(LAYERS)
    weights = np.array([LAYERS[layer] for layer in layers], np.float64)
    layer = layers[int(sample.random.choice(len(layers), p=weights / weights.sum()))]
    model = ModelBuilder()
    shape = (1, sample.integer(1, 12), sample.integer(1, 12), sample.channels())
    if sample.chance(0.1):
        shape = (1, sample.integer(8, 40), sample.integer(8, 40), sample.one_of(1, 2, 3, 4))
    if layer in (convolution, depthwise) and seed % _DEEP_EVERY == 0:
        shape = (*shape[:3], _DEPTHS[seed // _DEEP_EVERY % len(_DEPTHS)])
    if layer is fully_connected and sample.chance(0.7):
        shape = (1, 1, 1, sample.one_of(4, 5, 8, 12, 16, 32, 61, 64, 100))
    scale, zero = sample.scale(), sample.zero_point()
    shape = (batch_of(layer, seed), *shape[1:])
    source = model.tensor(shape, "int8", scale, zero)
    output, _, _ = layer(model, sample, source, scale, zero)
    return model.build([source], [output])
