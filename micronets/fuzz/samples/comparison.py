"""Random comparisons and what is done with them: the network's output is bool, int32 or one of two values."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample

_COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")


def _other(model: ModelBuilder, sample: Sample, source: int, scale: float) -> int:
    """A constant that is broadcast along some sides."""
    sides = tuple(side if sample.chance(0.5) else 1 for side in model.shape(source))
    values = sample.random.integers(-128, 128, sides).astype(np.int8)
    return model.tensor(sides, "int8", scale, sample.zero_point(), 0, values)


def _compared(model: ModelBuilder, sample: Sample, source: int, scale: float, kind: str) -> int:
    if scale >= 1:  # TFLM refuses it
        reduced = model.tensor(model.shape(source), "int8", 0.5, sample.zero_point())
        model.operator("QUANTIZE", [source], [reduced])
        source, scale = reduced, 0.5
    factor = np.exp(sample.random.uniform(-1, 0))
    other = _other(model, sample, source, scale if sample.chance(0.3) else float(np.float32(scale * factor)))
    output = model.tensor(model.shape(source), "bool")
    model.operator(kind, [source, other] if sample.chance(0.5) else [other, source], [output])
    return output


def _comparison(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        return _compared(model, sample, source, scale, kind), 1.0, 0

    return layer


def _logical(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        inputs = [_compared(model, sample, source, scale, kind) for kind in ("GREATER", "LESS")]
        output = model.tensor(model.shape(source), "bool")
        model.operator(kind, inputs[: 1 if kind == "LOGICAL_NOT" else 2], [output])
        return output, 1.0, 0

    return layer


def _select(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    condition = _compared(model, sample, source, scale, "GREATER_EQUAL")
    other = _other(model, sample, source, scale)
    output = model.tensor(model.shape(source), "int8", scale, zero)
    model.operator("SELECT_V2", [condition, *((source, other) if sample.chance(0.5) else (other, source))], [output])
    return output, scale, zero


def _all(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    compared = _compared(model, sample, source, scale, "GREATER_EQUAL")
    axes = sample.random.permutation([1, 2, 3])[: sample.integer(1, 3)].astype(np.int32)
    keep = sample.chance(0.5)
    sides = tuple(1 if i in axes else side for i, side in enumerate(model.shape(source)) if keep or i not in axes)
    output = model.tensor(sides, "bool")
    model.operator("REDUCE_ALL", [compared, model.tensor(axes.shape, "int32", data=axes)], [output], {"keepDims": keep})
    return output, 1.0, 0


def _arg(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        shape = model.shape(source)
        axis = sample.integer(1, len(shape) - 1)
        position = model.tensor((1,), "int32", data=np.array([axis - len(shape) * sample.one_of(0, 1)], np.int32))
        output = model.tensor((*shape[:axis], *shape[axis + 1 :]), "int32")
        model.operator(kind, [source, position], [output], {"outputType": 2})
        return output, 1.0, 0

    return layer


SAMPLES = {
    **{kind: _comparison(kind) for kind in _COMPARISONS},
    **{kind: _logical(kind) for kind in ("LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR")},
    "ARG_MAX": _arg("ARG_MAX"),
    "ARG_MIN": _arg("ARG_MIN"),
    "REDUCE_ALL": _all,
    "SELECT_V2": _select,
}
