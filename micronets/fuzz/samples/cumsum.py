"""Random sums along a side."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


def _cumsum(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    # Beyond 15 values TFLM's sum may overflow.
    axis = sample.one_of(*(i for i, side in enumerate(shape) if side <= 15))
    out_scale, out_zero = float(np.float32(scale * np.exp(sample.random.uniform(-1, 3)))), sample.zero_point()
    output = model.tensor(shape, "int8", out_scale, out_zero)
    position = model.tensor((1,), "int32", data=np.array([axis - 4 * sample.one_of(0, 1)], np.int32))
    options = {"exclusive": sample.chance(0.5), "reverse": sample.chance(0.5)}
    model.operator("CUMSUM", [source, position], [output], options)
    return output, out_scale, out_zero


SAMPLES = {"CUMSUM": _cumsum}
