"""Random conversions between widths, and what makes wider items of int8."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


def _cast(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    output = model.tensor(model.shape(source), "int32" if sample.chance(0.5) else "int16")
    model.operator("CAST", [source], [output])
    return output, 1.0, 0


def _quantize(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """To int16 and back, or to int32."""
    shape = model.shape(source)
    wide_scale = float(np.float32(scale * np.exp(sample.random.uniform(-7, 0))))
    wide = model.tensor(shape, "int16", wide_scale, 0)
    model.operator("QUANTIZE", [source], [wide])
    made = (float(np.float32(scale * np.exp(sample.random.uniform(-2, 2)))), sample.zero_point())
    if sample.chance(0.3):
        output = model.tensor(shape, "int32", made[0] / 1000, 0)
    else:
        output = model.tensor(shape, "int8", *made)
    model.operator("QUANTIZE", [wide], [output])
    return output, *made


def _softmax(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """To int8, or to int16."""
    made, dtype = ((1 / 65536, -(1 << 15)), "int16") if sample.chance(0.5) else ((1 / 256, -128), "int8")
    output = model.tensor(model.shape(source), dtype, *made)
    model.operator("SOFTMAX", [source], [output], {"beta": 1.0})
    return output, *made


SAMPLES = {"CAST": _cast, "QUANTIZE": _quantize, "SOFTMAX": _softmax}
