"""Random blocks taken, or written over, at places that the network itself works out."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


def _reshaped(
    model: ModelBuilder, source: int, shape: tuple[int, ...], dtype: str, scale: float | None = None, zero: int = 0
) -> int:
    output = model.tensor(shape, dtype, scale, zero)
    size = model.tensor((len(shape),), "int32", data=np.array(shape, np.int32))
    model.operator("RESHAPE", [source, size], [output])
    return output


def _largest(model: ModelBuilder, source: int, axis: int) -> int:
    """Where the largest values along a side are: int32 below that side."""
    shape = model.shape(source)
    output = model.tensor((*shape[:axis], *shape[axis + 1 :]), "int32")
    position = model.tensor((1,), "int32", data=np.array([axis], np.int32))
    model.operator("ARG_MAX", [source, position], [output], {"outputType": 2})
    return output


def _gather(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """By constants, or by where other values are largest; for every batch its own at times."""
    shape = model.shape(source)
    if sample.chance(0.4):
        axis = sample.integer(1, 3)
        values = sample.random.integers(0, shape[axis], sample.integer(1, 6)).astype(np.int32)
        indices = model.tensor(values.shape, "int32", data=values)
        output = model.tensor((*shape[:axis], len(values), *shape[axis + 1 :]), "int8", scale, zero)
        model.operator("GATHER", [source, indices], [output], {"axis": axis})
        return output, scale, zero
    _, rows, columns, channels = shape
    if sample.chance(0.5):
        indices = _largest(model, source, 3)  # (1, rows, columns), below channels
        batches = sample.integer(0, 1)
        options = {"axis": 3 if sample.chance(0.5) else -1, "batchDims": batches}
        taken = (1, rows, columns, *((1, rows, columns) if not batches else (rows, columns)))
        output = model.tensor(taken, "int8", scale, zero)
        model.operator("GATHER", [source, indices], [output], options)
        return output, scale, zero
    flat = _reshaped(model, source, (rows, columns, channels), "int8", scale, zero)
    indices = _largest(model, flat, 2)  # (rows, columns)
    output = model.tensor((rows, columns, columns), "int8", scale, zero)
    model.operator("GATHER", [flat, indices], [output], {"axis": 2, "batchDims": 1})
    moved = model.tensor((rows, columns, columns), "int8", scale, zero)
    model.operator("TRANSPOSE", [output, model.tensor((3,), "int32", data=np.array([0, 2, 1], np.int32))], [moved])
    return moved, scale, zero


def _gather_nd(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    depth = sample.integer(1, 4)
    if sample.chance(0.5):
        values = np.stack([sample.random.integers(0, side, 5) for side in shape[:depth]], axis=1).astype(np.int32)
        indices, count = model.tensor(values.shape, "int32", data=values), len(values)
    else:
        # Places along the channels, of values seen as (channels, ...).
        _, rows, columns, channels = shape
        depth, count = 1, rows * columns
        indices = _reshaped(model, _largest(model, source, 3), (count, 1), "int32")
        source = _reshaped(model, source, (channels, rows, columns), "int8", scale, zero)
        shape = (channels, rows, columns)
    output = model.tensor((count, *shape[depth:]), "int8", scale, zero)
    model.operator("GATHER_ND", [source, indices], [output])
    return output, scale, zero


def _embedding_lookup(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    _, rows, columns, channels = model.shape(source)
    indices = _reshaped(model, _largest(model, source, 3), (rows * columns,), "int32")
    depth = sample.integer(1, 9)
    values = sample.random.integers(-128, 128, (channels, depth)).astype(np.int8)
    table = model.tensor((channels, depth), "int8", scale, zero, 0, values)
    output = model.tensor((rows * columns, depth), "int8", scale, zero)
    model.operator("EMBEDDING_LOOKUP", [indices, table], [output])
    return output, scale, zero


def _update_slice(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """At constants, some outside; or at places that depend on the input."""
    shape = model.shape(source)
    part = tuple(sample.integer(1, side) for side in shape)
    update = model.tensor(part, "int8", scale, zero)
    sizes = [model.tensor((4,), "int32", data=np.array(n, np.int32)) for n in ([0] * 4, part)]
    turned = model.tensor(shape, "int8", scale, zero)
    model.operator("TANH", [source], [turned])
    model.operator("SLICE", [turned, *sizes], [update])
    if sample.chance(0.5):
        start = model.tensor((4,), "int32", data=sample.random.integers(-2, 9, 4).astype(np.int32))
    else:
        places = _reshaped(model, _largest(model, source, 3), (shape[1] * shape[2],), "int32")
        start = model.tensor((4,), "int32")
        ends = [model.tensor((1,), "int32", data=np.array([n], np.int32)) for n in (0, 1, 1)]
        first = model.tensor((1,), "int32")
        model.operator("STRIDED_SLICE", [places, *ends], [first])
        model.operator("CONCATENATION", [first] * 4, [start], {"axis": 0})
    output = model.tensor(shape, "int8", scale, zero)
    model.operator("DYNAMIC_UPDATE_SLICE", [source, update, start], [output])
    return output, scale, zero


SAMPLES = {
    "DYNAMIC_UPDATE_SLICE": _update_slice,
    "EMBEDDING_LOOKUP": _embedding_lookup,
    "GATHER": _gather,
    "GATHER_ND": _gather_nd,
}
