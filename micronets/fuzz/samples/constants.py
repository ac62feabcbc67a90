"""Random constants that operators make, behind an addition to the input, and sums of many."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample


def _added(model: ModelBuilder, sample: Sample, source: int, others: list[int], scale: float) -> Made:
    made = (float(np.float32(scale * np.exp(sample.random.uniform(0.5, 2)))), sample.zero_point())
    output = model.tensor(model.shape(source), "int8", *made)
    model.operator("ADD", [source, *others], [output])
    return output, *made


def _fill(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """With a constant, or with one of the input's values."""
    shape = model.shape(source)
    sides = model.tensor((4,), "int32", data=np.array(shape, np.int32))
    if sample.chance(0.5):
        value = model.tensor((), "int8", scale, zero, 0, np.array(sample.integer(-128, 127), np.int8))
    else:
        value = model.tensor((), "int8", scale, zero)
        begin = [sample.integer(0, side - 1) for side in shape]
        ends = [
            model.tensor((4,), "int32", data=np.array(n, np.int32)) for n in (begin, [n + 1 for n in begin], [1] * 4)
        ]
        model.operator("STRIDED_SLICE", [source, *ends], [value], {"shrinkAxisMask": 15})
    filled = model.tensor(shape, "int8", scale, zero)
    model.operator("FILL", [sides, value], [filled])
    return _added(model, sample, source, [filled], scale)


def _zeros_like(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    zeros = model.tensor(model.shape(source), "int8", scale, zero)
    model.operator("ZEROS_LIKE", [source], [zeros])
    return _added(model, sample, source, [zeros], scale)


def _broadcast_args(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """The shape of a RESHAPE, from the input's and another; TFLM's BROADCAST_TO takes none that is worked out."""
    shape = model.shape(source)
    other = [sample.one_of(1, side) for side in shape[sample.integer(0, 3) :]]
    own, target = model.tensor((4,), "int32"), model.tensor((4,), "int32")
    model.operator("SHAPE", [source], [own], {"outType": 2})
    second = model.tensor((len(other),), "int32", data=np.array(other, np.int32))
    model.operator("BROADCAST_ARGS", [own, second] if sample.chance(0.5) else [second, own], [target])
    output = model.tensor(shape, "int8", scale, zero)
    model.operator("RESHAPE", [source, target], [output])
    return output, scale, zero


def _add_n(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    terms = [source]
    for _ in range(sample.integer(1, 6)):
        if sample.chance(0.3):
            term = source
        elif sample.chance(0.5):
            values = sample.random.integers(-128, 128, shape).astype(np.int8)
            term = model.tensor(shape, "int8", scale, zero, 0, values)
        else:
            term = model.tensor(shape, "int8", scale, zero)
            model.operator("TANH", [source], [term])
        terms.append(term)
    made = (float(np.float32(scale * np.exp(sample.random.uniform(0, 2)))), sample.zero_point())
    output = model.tensor(shape, "int8", *made)
    model.operator("ADD_N", terms, [output])
    return output, *made


SAMPLES: dict[str, Layer] = {
    "ADD_N": _add_n,
    "BROADCAST_ARGS": _broadcast_args,
    "FILL": _fill,
    "ZEROS_LIKE": _zeros_like,
}
