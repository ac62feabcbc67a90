"""Random functions of vectors along the last side, and of images."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample


def _rows(kind: str, out_scale: float, out_zero: int) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        output = model.tensor(model.shape(source), "int8", out_scale, out_zero)
        model.operator(kind, [source], [output])
        return output, out_scale, out_zero

    return layer


def _resize_bilinear(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    _, rows, columns, depth = model.shape(source)
    sides = (sample.integer(1, 3 * rows), sample.integer(1, 3 * columns))
    size = model.tensor((2,), "int32", data=np.array(sides, np.int32))
    output = model.tensor((1, *sides, depth), "int8", scale, zero)
    align = sample.chance(0.3)
    options = {"alignCorners": align, "halfPixelCenters": not align and sample.chance(0.6)}
    model.operator("RESIZE_BILINEAR", [source, size], [output], options, 3)
    return output, scale, zero


SAMPLES = {
    "L2_NORMALIZATION": _rows("L2_NORMALIZATION", 1 / 128, 0),
    "LOG_SOFTMAX": _rows("LOG_SOFTMAX", 1 / 16, 127),
    "RESIZE_BILINEAR": _resize_bilinear,
}
