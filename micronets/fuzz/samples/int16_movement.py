"""Random movements of int16 values, and what is between widths: the samples of int8, on what a QUANTIZE makes."""

import numpy as np

from micronets.fuzz import layers
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample
from micronets.fuzz.samples import movement
from micronets.fuzz.samples.int16 import SUFFIX, widen

_MOVED = (
    "BROADCAST_TO",
    "PACK",
    "PADV2",
    "REVERSE_V2",
    "SLICE",
    "SPLIT",
    "SPLIT_V",
    "STRIDED_SLICE",
    "TRANSPOSE",
    "UNPACK",
)


def _widened(layer: Layer) -> Layer:
    def made_wide(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        wide, fine = widen(model, sample, source, scale)
        with model.widened():
            return layer(model, sample, wide, fine, 0)

    return made_wide


def _quantize(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """From int16 to other steps of int16, of which those of one scale have a way of their own, and to int32."""
    wide, fine = widen(model, sample, source, scale)
    made = fine if sample.chance(0.2) else float(np.float32(fine * np.exp(sample.random.uniform(-2, 2))))
    output = model.tensor(model.shape(source), "int16" if sample.chance(0.7) else "int32", made, 0)
    model.operator("QUANTIZE", [wide], [output])
    return output, made, 0


def _cast(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    wide, _ = widen(model, sample, source, scale)
    output = model.tensor(model.shape(source), "int32" if sample.chance(0.5) else "int8", 1.0, 0)
    model.operator("CAST", [wide], [output])
    return output, 1.0, 0


def _select(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    condition = model.tensor(model.shape(source), "bool")
    limit = np.array([sample.zero_point()], np.int8)
    model.operator("LESS", [source, model.tensor((1,), "int8", scale, zero, 0, limit)], [condition])
    wide, fine = widen(model, sample, source, scale)
    sides = tuple(side if sample.chance(0.5) else 1 for side in model.shape(source))
    values = sample.random.integers(-(1 << 15), 1 << 15, sides).astype(np.int16)
    other = model.tensor(sides, "int16", fine, 0, 0, values)
    output = model.tensor(model.shape(source), "int16", fine, 0)
    model.operator("SELECT_V2", [condition, *((wide, other) if sample.chance(0.5) else (other, wide))], [output])
    return output, fine, 0


def _update(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    """At constants, some outside."""
    wide, fine = widen(model, sample, source, scale)
    shape = model.shape(source)
    part = tuple(sample.integer(1, side) for side in shape)
    values = sample.random.integers(-(1 << 15), 1 << 15, part).astype(np.int16)
    start = model.tensor((4,), "int32", data=sample.random.integers(-2, 9, 4).astype(np.int32))
    output = model.tensor(shape, "int16", fine, 0)
    inputs = [wide, model.tensor(part, "int16", fine, 0, 0, values), start]
    model.operator("DYNAMIC_UPDATE_SLICE", inputs, [output])
    return output, fine, 0


_LAYERS: dict[str, Layer] = {
    **{kind: _widened(movement.SAMPLES[kind]) for kind in _MOVED},
    "CAST": _cast,
    "CONCATENATION": _widened(layers.concatenation),
    "DYNAMIC_UPDATE_SLICE": _update,
    "PAD": _widened(layers.pad),
    "QUANTIZE": _quantize,
    "RESHAPE": _widened(layers.reshape),
    "RESIZE_NEAREST_NEIGHBOR": _widened(layers.resize_nearest),
    "SELECT_V2": _select,
}
SAMPLES = {kind + SUFFIX: layer for kind, layer in _LAYERS.items()}
