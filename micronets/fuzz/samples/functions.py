"""Random functions of one value."""

from typing import Any

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample


def _function(kind: str, **options: Any) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        if kind == "RSQRT":
            # TFLM stops at values below zero.
            zero, positive = -128, model.tensor(model.shape(source), "int8", scale, -128)
            model.operator("QUANTIZE", [source], [positive])
            source = positive
        factor = np.exp(sample.random.uniform(-0.5, 2))
        natural = 1 / np.sqrt(scale) / 60 if kind == "RSQRT" else scale
        made = (float(np.float32(natural * factor)), sample.zero_point())
        if kind == "TANH":
            made = (1 / 128, 0)
        elif sample.chance(0.2) and kind != "RSQRT":
            made = (scale, zero)
        output = model.tensor(model.shape(source), "int8", *made)
        drawn = {name: sample.random.uniform(*value) for name, value in options.items()}
        model.operator(kind, [source], [output], drawn)
        return output, *made

    return layer


SAMPLES = {
    "ABS": _function("ABS"),
    "ELU": _function("ELU"),
    "HARD_SWISH": _function("HARD_SWISH"),
    "LEAKY_RELU": _function("LEAKY_RELU", alpha=(0.0, 1.5)),
    "RSQRT": _function("RSQRT"),
    "TANH": _function("TANH"),
}
