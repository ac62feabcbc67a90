"""Random functions of two values: one made from the other, the same, or a constant that is broadcast."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample


def _binary(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        shape = model.shape(source)
        same = kind in ("MAXIMUM", "MINIMUM")
        factor = np.exp(sample.random.uniform(-2, 2))
        other_scale, other_zero = (scale, zero) if same else (float(np.float32(scale * factor)), sample.zero_point())
        if kind == "PRELU":
            other_scale = 0.01
        if kind in ("DIV", "PRELU") or sample.chance(0.5):
            sides = tuple(side if sample.chance(0.5) else 1 for side in shape)
            sides = (1, 1, 1, shape[3]) if kind == "PRELU" else sides
            values = sample.random.integers(-128, 128, sides).astype(np.int8)
            if kind == "DIV":  # by zero is not defined
                values[values == other_zero] = 127 if other_zero < 0 else -128
            other = model.tensor(sides, "int8", other_scale, other_zero, 0, values)
        else:
            other = model.tensor(shape, "int8", other_scale, other_zero)
            model.operator("TANH" if same else "QUANTIZE", [source], [other])
        squared = max(scale, other_scale) ** 2 * 200
        natural = {"DIV": scale / other_scale / 1500, "SQUARED_DIFFERENCE": squared}.get(
            kind, max(scale, other_scale) * 1.5
        )
        made = (float(np.float32(natural * np.exp(sample.random.uniform(-1, 1.5)))), sample.zero_point())
        made = (scale, zero) if same else made
        output = model.tensor(shape, "int8", *made)
        inputs = [source, other] if kind in ("DIV", "PRELU") or sample.chance(0.5) else [other, source]
        options = {"fusedActivationFunction": sample.activation()} if kind in ("DIV", "SUB") else {}
        model.operator(kind, inputs, [output], options)
        return output, *made

    return layer


SAMPLES = {kind: _binary(kind) for kind in ("DIV", "MAXIMUM", "MINIMUM", "PRELU", "SQUARED_DIFFERENCE", "SUB")}
