"""Random functions in float32, between DEQUANTIZE and QUANTIZE; scales keep within what int32 holds."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample

_POSITIVE = ("LOG", "SQRT")


def _dequantised(model: ModelBuilder, sample: Sample, source: int, kind: str) -> tuple[int, float]:
    """Of moderate numbers, positive ones where the function needs them; and their largest magnitude."""
    shape = model.shape(source)
    scale = float(np.float32(np.exp(sample.random.uniform(-5, -3))))
    zero = -129 if kind in _POSITIVE else sample.zero_point()
    positive = zero < -128
    inner = model.tensor(shape, "int8", scale, max(zero, -128))
    model.operator("QUANTIZE", [source], [inner])
    if positive:
        above = model.tensor(shape, "int8", scale, -128)
        least = model.tensor((1, 1, 1, 1), "int8", scale, -128, 0, np.full((1, 1, 1, 1), -127, np.int8))
        model.operator("MAXIMUM", [inner, least], [above])
        inner = above
    real = model.tensor(shape, "float32")
    model.operator("DEQUANTIZE", [inner], [real])
    return real, scale * 255


def _quantised(model: ModelBuilder, sample: Sample, real: int, largest: float) -> Made:
    made = (float(np.float32(largest / 200 * np.exp(sample.random.uniform(-1, 1)))), sample.zero_point())
    output = model.tensor(model.shape(real), "int8", *made)
    model.operator("QUANTIZE", [real], [output])
    return output, *made


def _function(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        real, largest = _dequantised(model, sample, source, kind)
        result = model.tensor(model.shape(source), "float32")
        model.operator(kind, [real], [result])
        if kind == "EXP":
            largest = float(np.exp(largest))
        return _quantised(model, sample, result, max(largest * largest if kind == "SQUARE" else largest, 1.0))

    return layer


def _of_two(kind: str) -> Layer:
    """Of a constant and the input, or a function of it and the input; moved on the way at times."""

    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        shape = model.shape(source)
        real, largest = _dequantised(model, sample, source, kind)
        number = np.float32(sample.random.uniform(0.3, 3) * sample.one_of(-1, 1))
        other = model.tensor((), "float32", data=np.array(number))
        result, moved = model.tensor(shape, "float32"), model.tensor(shape[::-1], "float32")
        model.operator(kind, [real, other], [result])
        order = model.tensor((4,), "int32", data=np.array([3, 2, 1, 0], np.int32))
        model.operator("TRANSPOSE", [result, order], [moved])
        return _quantised(model, sample, moved, largest / float(abs(number)) if kind == "FLOOR_DIV" else 3.0)

    return layer


def _cumsum(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    shape = model.shape(source)
    real, largest = _dequantised(model, sample, source, "CUMSUM")
    result, axis = model.tensor(shape, "float32"), sample.integer(0, 3)
    position = model.tensor((1,), "int32", data=np.array([axis - 4 * sample.one_of(0, 1)], np.int32))
    options = {"exclusive": sample.chance(0.5), "reverse": sample.chance(0.5)}
    model.operator("CUMSUM", [real, position], [result], options)
    return _quantised(model, sample, result, largest * float(np.sqrt(shape[axis])))


_NAMES = ("CEIL", "COS", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE")
SAMPLES = {
    **{kind: _function(kind) for kind in _NAMES},
    "running sums float32": _cumsum,
    **{kind: _of_two(kind) for kind in ("FLOOR_DIV", "FLOOR_MOD")},
}
