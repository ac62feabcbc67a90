"""Random operators on int16 activations, which a QUANTIZE makes of the int8 input."""

from typing import Any

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import NO_ACTIVATION, SAME, VALID, Layer, Made, Sample


def widen(model: ModelBuilder, sample: Sample, source: int, scale: float) -> tuple[int, float]:
    """The input as int16, and its scale: steps finer than those of int8, and saturating at times."""
    fine = float(np.float32(scale / 256 * np.exp(sample.random.uniform(-1, 2))))
    wide = model.tensor(model.shape(source), "int16", fine, 0)
    model.operator("QUANTIZE", [source], [wide])
    return wide, fine


def _out_scale(sample: Sample, natural: float) -> float:
    return float(np.float32(natural * np.exp(sample.random.uniform(-1.5, 1.5))))


def _bias(model: ModelBuilder, sample: Sample, scales: np.ndarray, channels: int, kind: str) -> list[int]:
    """Of 64 bits, of 32 where TFLM has that, or none."""
    types = ["int64", "int64", *(["int32"] if kind in ("CONV_2D", "FULLY_CONNECTED") else []), ""]
    dtype = types[sample.integer(0, len(types) - 1)]
    if not dtype:
        return []  # not -1: TFLM's depthwise convolution frees what it has not allocated then
    limit = 1 << sample.one_of(8, 16, 24, *([34] if dtype == "int64" else []))
    values = sample.random.integers(-limit, limit + 1, channels)
    return [model.tensor((channels,), dtype, scales, 0, 0, values.astype(dtype))]


def _convolved(model: ModelBuilder, sample: Sample, source: int, scale: float, kind: str) -> Made:
    batch, rows, columns, depth = model.shape(source)
    wide, fine = widen(model, sample, source, scale)
    depthwise, point = kind == "DEPTHWISE_CONV_2D", kind == "CONV_2D" and sample.chance(0.4)
    kernel = (1, 1) if point else (sample.integer(1, 4), sample.integer(1, 4))
    stride = (1, 1) if sample.chance(0.5) else (sample.integer(1, 3), sample.integer(1, 3))
    dilation = (sample.integer(1, 3), sample.integer(1, 3)) if stride == (1, 1) and sample.chance(0.3) else (1, 1)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = SAME if reach[0] > rows or reach[1] > columns or sample.chance(0.5) else VALID
    sides = [
        -(-side // step) if padding == SAME else (side - over) // step + 1
        for side, step, over in zip((rows, columns), stride, reach, strict=True)
    ]
    channels = depth * sample.one_of(1, 1, 2) if depthwise else sample.channels()
    if not depthwise and sample.chance(0.15):
        groups = sample.one_of(*(n for n in (1, 2, 3, 4, 5, 7, 8) if depth % n == 0))
        depth, channels = depth // groups, groups * sample.integer(1, 4)
    shape = (1, *kernel, channels) if depthwise else (channels, *kernel, depth)
    base = sample.scale(0.0)
    scales = (base * np.exp(sample.random.uniform(-1, 1, channels))).astype(np.float32)
    products = kernel[0] * kernel[1] * (1 if depthwise else depth)
    made = _out_scale(sample, fine * base * np.sqrt(products) * 60)
    weights = model.tensor(shape, "int8", scales, 0, 3 if depthwise else 0, sample.weights(shape))
    output = model.tensor((batch, *sides, channels), "int16", made, 0)
    options: dict[str, Any] = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "dilationHFactor": dilation[0],
        "dilationWFactor": dilation[1],
        "fusedActivationFunction": sample.activation(),
    }
    if depthwise:
        options["depthMultiplier"] = channels // depth
    biases = _bias(model, sample, scales * np.float32(fine), channels, kind)
    model.operator(kind, [wide, weights, *biases], [output], options)
    return output, made, 0


def _convolution(kind: str) -> Layer:
    return lambda model, sample, source, scale, zero: _convolved(model, sample, source, scale, kind)


def _fully_connected(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    wide, fine = widen(model, sample, source, scale)
    depth = int(np.prod(model.shape(source)))
    channels, per_channel = sample.one_of(1, 2, 3, 8, 9), sample.chance(0.3)
    base = sample.scale(0.0)
    scales = (base * np.exp(sample.random.uniform(-1, 1, channels if per_channel else 1))).astype(np.float32)
    made = _out_scale(sample, fine * base * np.sqrt(depth) * 60)
    weights = model.tensor((channels, depth), "int8", scales, 0, 0, sample.weights((channels, depth)))
    output = model.tensor((1, channels), "int16", made, 0)
    biases = _bias(model, sample, scales * np.float32(fine), channels, "FULLY_CONNECTED")
    model.operator("FULLY_CONNECTED", [wide, weights, *biases], [output], {"fusedActivationFunction": NO_ACTIVATION})
    return output, made, 0


def _transposed(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    batch, rows, columns, depth = model.shape(source)
    wide, fine = widen(model, sample, source, scale)
    stride = (sample.integer(1, 2), sample.integer(1, 2))
    kernel = (sample.integer(stride[0], 4), sample.integer(stride[1], 4))
    padding = sample.one_of(SAME, VALID)
    sides = [
        side * step if padding == SAME else (side - 1) * step + taps
        for side, step, taps in zip((rows, columns), stride, kernel, strict=True)
    ]
    channels = sample.channels()
    shape = (channels, *kernel, depth)
    base = sample.scale(0.0)
    scales = (base * np.exp(sample.random.uniform(-1, 1, channels))).astype(np.float32)
    made = _out_scale(sample, fine * base * np.sqrt(kernel[0] * kernel[1] * depth) * 60)
    sizes = model.tensor((4,), "int32", data=np.array([batch, *sides, channels], np.int32))
    weights = model.tensor(shape, "int8", scales, 0, 0, sample.weights(shape))
    biases = _bias(model, sample, scales * np.float32(fine), channels, "TRANSPOSE_CONV")
    output = model.tensor((batch, *sides, channels), "int16", made, 0)
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
    model.operator("TRANSPOSE_CONV", [sizes, weights, wide, *biases], [output], options, 3)
    return output, made, 0


def _of_two(kind: str) -> Layer:
    """Of the input and itself, another scale of it, or a constant that is broadcast."""

    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        wide, fine = widen(model, sample, source, scale)
        shape = model.shape(source)
        same = kind in ("MAXIMUM", "MINIMUM")
        other_scale = fine if same else _out_scale(sample, fine)
        if kind == "PRELU":
            other_scale = float(np.float32(0.01))
            values = sample.random.integers(-128, 128, (1, 1, 1, shape[3])).astype(np.int8)
            other = model.tensor(values.shape, "int8", other_scale, sample.zero_point(), 0, values)
        elif sample.chance(0.5):
            sides = tuple(side if sample.chance(0.5) else 1 for side in shape)
            values = sample.random.integers(-(1 << 15), 1 << 15, sides).astype(np.int16)
            other = model.tensor(sides, "int16", other_scale, 0, 0, values)
        elif sample.chance(0.3):
            other, other_scale = wide, fine
        else:
            other = model.tensor(shape, "int16", other_scale, 0)
            model.operator("QUANTIZE", [source], [other])
        larger = max(fine, other_scale)
        natural = {"MUL": fine * other_scale * 10000, "SQUARED_DIFFERENCE": larger**2 * 20000}.get(kind, larger * 1.5)
        made = fine if same else _out_scale(sample, natural)
        output = model.tensor(shape, "int16", made, 0)
        options = {"fusedActivationFunction": sample.activation()} if kind in ("ADD", "MUL", "SUB") else {}
        inputs = [wide, other] if kind == "PRELU" or sample.chance(0.5) else [other, wide]
        model.operator(kind, inputs, [output], options)
        return output, made, 0

    return layer


def _function(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        wide, fine = widen(model, sample, source, scale)
        if kind in ("LOGISTIC", "TANH", "SOFTMAX"):
            # Of moderate numbers; powers of two have a way of their own.
            fine = 2.0**-12 if sample.chance(0.3) else float(np.float32(np.exp(sample.random.uniform(-9, -6))))
            wide = model.tensor(model.shape(source), "int16", fine, 0)
            model.operator("QUANTIZE", [source], [wide])
        made = _out_scale(sample, fine)
        if kind in ("LOGISTIC", "TANH", "SOFTMAX"):
            made = 1 / 32768
        elif kind == "RELU6" or sample.chance(0.2):
            made = fine
        output = model.tensor(model.shape(source), "int16", made, 0)
        options = {"LEAKY_RELU": {"alpha": sample.random.uniform(-0.5, 1.5)}, "SOFTMAX": {"beta": 1.0}}
        model.operator(kind, [wide], [output], options.get(kind))
        return output, made, 0

    return layer


def _pool(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        batch, rows, columns, depth = model.shape(source)
        wide, fine = widen(model, sample, source, scale)
        size = [sample.integer(1, min(side, 4)) for side in (rows, columns)]
        stride = [sample.integer(1, 3) for _ in size]
        padding = sample.one_of(SAME, VALID)
        sides = [
            -(-side // step) if padding == SAME else (side - taps) // step + 1
            for side, step, taps in zip((rows, columns), stride, size, strict=True)
        ]
        output = model.tensor((batch, *sides, depth), "int16", fine, 0)
        options = {
            "padding": padding,
            "strideH": stride[0],
            "strideW": stride[1],
            "filterHeight": size[0],
            "filterWidth": size[1],
            "fusedActivationFunction": sample.activation(),
        }
        model.operator(kind, [wide], [output], options)
        return output, fine, 0

    return layer


def _reduction(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        wide, fine = widen(model, sample, source, scale)
        shape = model.shape(source)
        axes = sample.random.permutation([1, 2, 3])[: sample.integer(1, 3)].astype(np.int32)
        count = int(np.prod([shape[axis] for axis in axes]))
        made = _out_scale(sample, fine * np.sqrt(count) if kind == "SUM" else fine)
        keep = sample.chance(0.5)
        sides = tuple(1 if i in axes else side for i, side in enumerate(shape) if keep or i not in axes)
        output = model.tensor(sides, "int16", made, 0)
        model.operator(kind, [wide, model.tensor(axes.shape, "int32", data=axes)], [output], {"keepDims": keep})
        return output, made, 0

    return layer


def _matmul(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """By itself, in a second scale, and by constants."""
    _, batch, rows, depth = model.shape(source)
    wide, fine = widen(model, sample, source, scale)
    other_scale, down = _out_scale(sample, fine), True
    if sample.chance(0.5):
        columns, down = sample.integer(1, 6), sample.chance(0.5)
        sides = (1, batch, columns, depth) if down else (1, batch, depth, columns)
        values = sample.random.integers(-(1 << 15), 1 << 15, sides).astype(np.int16)
        other = model.tensor(sides, "int16", other_scale, 0, 0, values)
    else:
        columns, other = rows, model.tensor(model.shape(source), "int16", other_scale, 0)
        model.operator("QUANTIZE", [source], [other])
    made = _out_scale(sample, fine * other_scale * 10000 * np.sqrt(depth))
    output = model.tensor((1, batch, rows, columns), "int16", made, 0)
    model.operator("BATCH_MATMUL", [wide, other], [output], {"adjX": False, "adjY": down})
    return output, made, 0


_TWO = ("ADD", "MAXIMUM", "MINIMUM", "MUL", "PRELU", "SQUARED_DIFFERENCE", "SUB")
_ONE = ("ABS", "LEAKY_RELU", "LOGISTIC", "RELU", "RELU6", "SOFTMAX", "TANH")
_LAYERS: dict[str, Layer] = {
    "BATCH_MATMUL": _matmul,
    "CONV_2D": _convolution("CONV_2D"),
    "DEPTHWISE_CONV_2D": _convolution("DEPTHWISE_CONV_2D"),
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transposed,
    **{kind: _of_two(kind) for kind in _TWO},
    **{kind: _function(kind) for kind in _ONE},
    **{kind: _pool(kind) for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D")},
    **{kind: _reduction(kind) for kind in ("MEAN", "SUM")},
}
SUFFIX = " int16"
"""Behind an operator's name, where its sample works on int16."""
SAMPLES = {kind + SUFFIX: layer for kind, layer in _LAYERS.items()}
