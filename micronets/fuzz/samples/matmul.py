"""Random products of matrices, both activations or one of them constant."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


def _batch_matmul(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    _, batch, rows, depth = model.shape(source)
    across, down = sample.chance(0.3), sample.chance(0.5)
    rows, depth = (depth, rows) if across else (rows, depth)
    columns = sample.integer(1, 9)
    other_scale, other_zero = sample.scale(0.05), sample.one_of(0, 0, sample.zero_point())
    constant = sample.chance(0.4)
    batches = 1 if sample.chance(0.4) else batch
    sides = (1, batches, columns, depth) if down else (1, batches, depth, columns)
    if constant:
        values = sample.random.integers(-128, 128, sides).astype(np.int8)
        other = model.tensor(sides, "int8", other_scale, other_zero, 0, values)
    else:
        # The same matrix, seen the other way around.
        columns, batches, down = rows, batch, not across
        other = model.tensor(model.shape(source), "int8", other_scale, other_zero)
        model.operator("QUANTIZE", [source], [other])
    made = (sample.output_scale(scale, other_scale, depth), sample.zero_point())
    output = model.tensor((1, batch, rows, columns), "int8", *made)
    model.operator("BATCH_MATMUL", [source, other], [output], {"adjX": across, "adjY": down})
    return output, *made


SAMPLES = {"BATCH_MATMUL": _batch_matmul}
