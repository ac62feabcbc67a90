"""Random recurrent layers, whose state lasts from one of the inputs to the next."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample
from micronets.fuzz.samples.int16 import SUFFIX


def _rows(model: ModelBuilder, source: int, scale: float, zero: int, sides: int) -> tuple[int, tuple[int, ...]]:
    """The source as [1][steps][inputs], or as [steps][inputs]."""
    _, rows, columns, depth = model.shape(source)
    shape = (1, rows * columns, depth) if sides == 3 else (rows * columns, depth)
    flat = model.tensor(shape, "int8", scale, zero)
    size = model.tensor((sides,), "int32", data=np.array(shape, np.int32))
    model.operator("RESHAPE", [source, size], [flat])
    return flat, shape


def _weights(model: ModelBuilder, sample: Sample, shape: tuple[int, ...], scale: float) -> int:
    return model.tensor(shape, "int8", scale, 0, 0, sample.weights(shape))


def _lstm(dtype: str) -> Layer:
    """Of a batch of one or two, with time first or last."""

    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        is_wide = dtype == "int16"
        flat, (_, steps, inputs) = _rows(model, source, scale, zero, 3)
        batch = 2 if steps % 2 == 0 and sample.chance(0.3) else 1
        time_major = sample.chance(0.3)
        steps //= batch
        shape = (steps, batch) if time_major else (batch, steps)
        sides = model.tensor((3,), "int32", data=np.array([*shape, inputs], np.int32))
        series = model.tensor((*shape, inputs), "int8", scale, zero)
        model.operator("RESHAPE", [flat, sides], [series])
        if is_wide:
            scale = float(np.float32(scale / 200))
            narrow, series = series, model.tensor((*shape, inputs), "int16", scale, 0)
            model.operator("QUANTIZE", [narrow], [series])
        units, limit = sample.one_of(1, 2, 3, 5, 8, 13), 32768 if is_wide else 128
        made_scale = 1 / limit if sample.chance(0.5) else float(np.float32(sample.random.uniform(0.5, 1.3) / limit))
        made = made_scale, 0 if is_wide else sample.zero_point()
        own = [float(np.float32(sample.random.uniform(0.2, 3) / scale / 8 / limit / np.sqrt(inputs))) for _ in range(4)]
        back = [float(np.float32(sample.random.uniform(0.2, 3) * 0.02 / np.sqrt(units))) for _ in range(4)]
        tensors = [series]
        tensors += [_weights(model, sample, (units, inputs), each) for each in own]
        tensors += [_weights(model, sample, (units, units), each) for each in back]
        tensors += [-1, -1, -1]
        for each in own:
            largest = 1 << (sample.one_of(12, 20, 20, 33) if is_wide else 12)
            bias = sample.random.integers(-largest, largest + 1, units).astype("int64" if is_wide else "int32")
            tensors.append(model.tensor((units,), bias.dtype.name, each * scale, 0, 0, bias))
        tensors += [-1, -1]
        tensors.append(model.tensor((batch, units), dtype, *made, variable=True))
        tensors.append(model.tensor((batch, units), "int16", 2.0 ** -sample.integer(9, 15), 0, variable=True))
        tensors += [-1] * 4
        output = model.tensor((*shape, units), dtype, *made)
        options = {
            "fusedActivationFunction": 4,
            "cellClip": float(sample.one_of(0, 0, 1, 3)),
            "timeMajor": time_major,
        }
        model.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", tensors, [output], options)
        return output, *made

    return layer


def _svdf(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    flat, (batch, inputs) = _rows(model, source, scale, zero, 2)
    rank, units, memory = sample.integer(1, 3), sample.integer(1, 7), sample.integer(1, 9)
    wide = sample.chance(0.7)
    dtype, limit = ("int16", 32767) if wide else ("int8", 127)
    filters = rank * units
    scales = [sample.scale(0.0), float(np.float32(scale * 20)), sample.scale(0.0)]
    state_zero = 0 if wide else sample.one_of(0, 0, 3)
    features = _weights(model, sample, (filters, inputs), scales[0])
    values = sample.random.integers(-limit, limit + 1, (filters, memory)).astype(dtype)
    times = model.tensor((filters, memory), dtype, scales[2], 0, 0, values)
    bias = sample.random.integers(-5000, 5001, units).astype(np.int32)
    biases = model.tensor((units,), "int32", scales[1] * scales[2], 0, 0, bias)
    state = model.tensor((batch, filters * memory), dtype, scales[1], state_zero, variable=True)
    natural = scales[1] * scales[2] * limit * (200 if wide else 1) * np.sqrt(memory * rank) / 2
    made = (float(np.float32(natural * np.exp(sample.random.uniform(-1, 1)))), sample.zero_point())
    output = model.tensor((batch, units), "int8", *made)
    model.operator("SVDF", [flat, features, times, biases, state], [output], {"rank": rank})
    return output, *made


SAMPLES = {
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm("int8"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM" + SUFFIX: _lstm("int16"),
}
