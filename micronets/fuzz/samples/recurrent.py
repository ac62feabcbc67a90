"""Random recurrent layers, whose state lasts from one of the inputs to the next."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


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


def _lstm(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    flat, (_, steps, inputs) = _rows(model, source, scale, zero, 3)
    units = sample.one_of(1, 2, 3, 5, 8, 13)
    made = (
        1 / 128 if sample.chance(0.5) else float(np.float32(sample.random.uniform(0.004, 0.01))),
        sample.zero_point(),
    )
    own = [float(np.float32(sample.random.uniform(0.2, 3) / scale / 1000 / np.sqrt(inputs))) for _ in range(4)]
    back = [float(np.float32(sample.random.uniform(0.2, 3) * 0.02 / np.sqrt(units))) for _ in range(4)]
    tensors = [flat]
    tensors += [_weights(model, sample, (units, inputs), each) for each in own]
    tensors += [_weights(model, sample, (units, units), each) for each in back]
    tensors += [-1, -1, -1]
    for each in own:
        bias = sample.random.integers(-4000, 4001, units).astype(np.int32)
        tensors.append(model.tensor((units,), "int32", each * scale, 0, 0, bias))
    tensors += [-1, -1]
    tensors.append(model.tensor((1, units), "int8", *made, variable=True))
    tensors.append(model.tensor((1, units), "int16", 2.0 ** -sample.integer(9, 15), 0, variable=True))
    tensors += [-1] * 4
    output = model.tensor((1, steps, units), "int8", *made)
    clip = sample.one_of(0, 0, 1, 3)
    options = {"fusedActivationFunction": 4, "cellClip": float(clip)}
    model.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", tensors, [output], options)
    return output, *made


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


SAMPLES = {"SVDF": _svdf, "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm}
