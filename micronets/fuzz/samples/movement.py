"""Random movements of values."""

from typing import Any

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample


def _integers(model: ModelBuilder, values: list[int] | np.ndarray) -> int:
    array = np.array(values, np.int32)
    return model.tensor(array.shape, "int32", data=array)


def _moved(
    model: ModelBuilder,
    kind: str,
    inputs: list[int],
    shape: tuple[int, ...],
    made: tuple[float, int],
    options: dict[str, Any] | None = None,
    others: int = 0,
) -> Made:
    outputs = [model.tensor(shape, "int8", *made) for _ in range(1 + others)]
    model.operator(kind, inputs, outputs, options)
    return outputs[-1], *made


def _transpose(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    order = sample.random.permutation(len(shape))
    return _moved(model, "TRANSPOSE", [source, _integers(model, order)], tuple(shape[i] for i in order), (scale, zero))


def _ranges(sample: Sample, shape: tuple[int, ...]) -> tuple[list[int], list[int]]:
    begin = [sample.integer(0, side - 1) for side in shape]
    return begin, [sample.integer(first + 1, side) for first, side in zip(begin, shape, strict=True)]


def _slice(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    begin, end = _ranges(sample, model.shape(source))
    sizes = [last - first for first, last in zip(begin, end, strict=True)]
    inputs = [source, _integers(model, begin), _integers(model, sizes)]
    return _moved(model, "SLICE", inputs, tuple(sizes), (scale, zero))


def _strided_slice(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    begin, end = _ranges(sample, shape)
    strides = [sample.integer(1, 2) for _ in shape]
    backwards = sample.integer(0, 3)
    if sample.chance(0.3) and end[backwards] > 1:
        begin[backwards], end[backwards], strides[backwards] = end[backwards] - 1, begin[backwards] - 1, -1
    masks = {"beginMask": sample.integer(0, 15), "endMask": sample.integer(0, 15)}
    if end[backwards] < 0:
        masks["endMask"] |= 1 << backwards
    shrink = sample.one_of(0, 0, 1, 4)
    sides = []
    for i, side in enumerate(shape):
        first = None if masks["beginMask"] >> i & 1 else begin[i]
        last = None if masks["endMask"] >> i & 1 else end[i]
        if not shrink >> i & 1:
            sides.append(len(range(side)[first : last : strides[i]]))
        elif strides[i] < 0:
            strides[i] = 1
    if 0 in sides:
        return _slice(model, sample, source, scale, zero)
    inputs = [source, *(_integers(model, values) for values in (begin, end, strides))]
    return _moved(model, "STRIDED_SLICE", inputs, tuple(sides), (scale, zero), {**masks, "shrinkAxisMask": shrink})


def _split(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    axis = sample.integer(1, 3)
    count = sample.one_of(*(n for n in (1, 2, 3, 4) if shape[axis] % n == 0))
    sides = tuple(side // count if i == axis else side for i, side in enumerate(shape))
    inputs = [_integers(model, np.array(axis)), source]
    return _moved(model, "SPLIT", inputs, sides, (scale, zero), {"numSplits": count}, count - 1)


def _split_v(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    axis = sample.integer(1, 3)
    last = sample.integer(1, shape[axis])
    sizes = [shape[axis] - last, last] if last < shape[axis] else [last]
    outputs = [
        model.tensor(tuple(size if i == axis else side for i, side in enumerate(shape)), "int8", scale, zero)
        for size in sizes
    ]
    inputs = [source, _integers(model, sizes), _integers(model, np.array(axis))]
    model.operator("SPLIT_V", inputs, outputs, {"numSplits": len(sizes)})
    return outputs[-1], scale, zero


def _unpack(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    axis = sample.integer(0, 3)
    sides = tuple(side for i, side in enumerate(shape) if i != axis)
    options = {"num": shape[axis], "axis": axis}
    return _moved(model, "UNPACK", [source], sides, (scale, zero), options, shape[axis] - 1)


def _reverse(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    axis = _integers(model, [sample.integer(0, 3)])
    return _moved(model, "REVERSE_V2", [source, axis], model.shape(source), (scale, zero))


def _broadcast_to(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    sides = tuple(sample.integer(1, 3) if side == 1 else side for side in model.shape(source))
    return _moved(model, "BROADCAST_TO", [source, _integers(model, list(sides))], sides, (scale, zero))


def _mirror_pad(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    mode = sample.integer(0, 1)
    amounts = [[sample.integer(0, max(0, min(3, side - 1))) for _ in range(2)] for side in shape]
    amounts[0] = [0, 0]
    sides = tuple(side + sum(amount) for side, amount in zip(shape, amounts, strict=True))
    inputs = [source, _integers(model, np.array(amounts))]
    return _moved(model, "MIRROR_PAD", inputs, sides, (scale, zero), {"mode": mode})


def _pad_with(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    amounts = [[0, 0], *([sample.integer(0, 3) for _ in range(2)] for _ in shape[1:])]
    sides = tuple(side + sum(amount) for side, amount in zip(shape, amounts, strict=True))
    value = model.tensor((1,), "int8", scale, zero, 0, np.array([sample.zero_point()], np.int8))
    return _moved(model, "PADV2", [source, _integers(model, np.array(amounts)), value], sides, (scale, zero))


def _blocks(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        _, rows, columns, channels = model.shape(source)
        block = sample.integer(1, 3)
        deep = (1, rows, columns, channels * block**2)
        wide = (1, rows * block, columns * block, channels)
        before, after = (deep, wide) if kind == "DEPTH_TO_SPACE" else (wide, deep)
        large = model.tensor(before, "int8", scale, zero)
        size = [_integers(model, list(before[1:3]))]
        if before == wide:
            model.operator("RESIZE_NEAREST_NEIGHBOR", [source, *size], [large], {"alignCorners": False}, 2)
        else:
            model.operator("CONCATENATION", [source] * block**2, [large], {"axis": 3}, 2)
        return _moved(model, kind, [large], after, (scale, zero), {"blockSize": block})

    return layer


def _pack(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)[1:]
    flat = model.tensor(shape, "int8", scale, zero)
    model.operator("RESHAPE", [source, _integers(model, list(shape))], [flat])
    other = model.tensor(shape, "int8", scale, zero)
    model.operator("RELU", [flat], [other])
    axis, count = sample.integer(0, 3), sample.integer(1, 3)
    sides = (*shape[:axis], count, *shape[axis:])
    options = {"valuesCount": count, "axis": axis - 4 * sample.one_of(0, 1)}
    return _moved(model, "PACK", [flat, other, flat][:count], sides, (scale, zero), options)


def _flatten(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """As Keras leaves it for any batch size: the shape worked out from the input's."""
    shape = model.shape(source)
    rows = int(np.prod(shape[1:]))
    sides = model.tensor((4,), "int32")
    model.operator("SHAPE", [source], [sides], {"outType": 2})
    batch = model.tensor((), "int32")
    ends = [_integers(model, [value]) for value in (0, 1, 1)]
    model.operator("STRIDED_SLICE", [sides, *ends], [batch], {"shrinkAxisMask": 1})
    target = model.tensor((2,), "int32")
    model.operator("PACK", [batch, _integers(model, np.array(rows))], [target], {"valuesCount": 2})
    return _moved(model, "RESHAPE", [source, target], (1, rows), (scale, zero))


SAMPLES = {
    "BROADCAST_TO": _broadcast_to,
    "DEPTH_TO_SPACE": _blocks("DEPTH_TO_SPACE"),
    "MIRROR_PAD": _mirror_pad,
    "PACK": _pack,
    "PADV2": _pad_with,
    "REVERSE_V2": _reverse,
    "SHAPE": _flatten,
    "SLICE": _slice,
    "SPACE_TO_DEPTH": _blocks("SPACE_TO_DEPTH"),
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
    "UNPACK": _unpack,
}
