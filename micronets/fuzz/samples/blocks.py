"""Random blocks of images made batches, and batches made blocks."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


def _integers(model: ModelBuilder, values: list[int] | list[list[int]]) -> int:
    array = np.array(values, np.int32)
    return model.tensor(array.shape, "int32", data=array)


def _space_to_batch(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """Without padding, whose value TFLM reads from memory that it has not set."""
    batch, rows, columns, channels = model.shape(source)
    block = [sample.one_of(*(n for n in (1, 2, 3, 4) if side % n == 0)) for side in (rows, columns)]
    shape = (batch * block[0] * block[1], rows // block[0], columns // block[1], channels)
    output = model.tensor(shape, "int8", scale, zero)
    model.operator("SPACE_TO_BATCH_ND", [source, _integers(model, block), _integers(model, [[0, 0], [0, 0]])], [output])
    return output, scale, zero


def _batch_to_space(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """Of images that a side of the input has become, of three sides at times."""
    _, rows, columns, channels = model.shape(source)
    high, wide = sample.integer(1, rows), sample.integer(1, columns)
    high, wide = (n if side % n == 0 else 1 for n, side in ((high, rows), (wide, columns)))
    flat = sample.chance(0.3)
    wide = 1 if flat else wide
    sides = (rows // high,) if flat else (rows // high, columns // wide)
    shape = (high * wide, *sides, channels * columns if flat else channels)
    images = model.tensor(shape, "int8", scale, zero)
    model.operator("RESHAPE", [source, _integers(model, list(shape))], [images])
    whole = [side * step for side, step in zip(sides, (high, wide), strict=False)]
    crops = []
    for side in whole:
        before = sample.integer(0, side - 1)
        crops.append([before, sample.integer(0, side - 1 - before)])
    kept = [side - sum(crop) for side, crop in zip(whole, crops, strict=True)]
    output = model.tensor((1, *kept, shape[-1]), "int8", scale, zero)
    block = _integers(model, [high] if flat else [high, wide])
    model.operator("BATCH_TO_SPACE_ND", [images, block, _integers(model, crops)], [output])
    return output, scale, zero


SAMPLES = {"BATCH_TO_SPACE_ND": _batch_to_space, "SPACE_TO_BATCH_ND": _space_to_batch}
