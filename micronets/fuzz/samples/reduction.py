"""Random reductions over one to three sides."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Made, Sample


def _reduction(kind: str) -> Layer:
    def layer(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
        shape = model.shape(source)
        axes = sample.random.permutation([1, 2, 3])[: sample.integer(1, 3)].astype(np.int32)
        count = int(np.prod([shape[axis] for axis in axes]))
        made = (scale, zero)
        if kind == "SUM":
            made = (float(np.float32(scale * np.sqrt(count) * np.exp(sample.random.uniform(-1, 1)))), zero)
        keep = sample.chance(0.5)
        sides = tuple(1 if i in axes else side for i, side in enumerate(shape) if keep or i not in axes)
        output = model.tensor(sides, "int8", *made)
        position = model.tensor((len(axes),), "int32", data=axes - 4 * sample.one_of(0, 1))
        model.operator(kind, [source, position], [output], {"keepDims": keep})
        return output, *made

    return layer


SAMPLES = {kind: _reduction(kind) for kind in ("MEAN", "REDUCE_MAX", "REDUCE_MIN", "SUM")}
