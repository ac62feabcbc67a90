"""Random ring buffers: rows of earlier calls before those of this one."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample


def _ring(model: ModelBuilder, sample: Sample, source: int, scale: float, zero: int) -> Made:
    _, rows, columns, channels = model.shape(source)
    kept = sample.integer(1, 4)
    first = np.full((1, kept, columns, channels), zero, np.int8)
    if sample.chance(0.5):
        first = sample.random.integers(-128, 128, first.shape).astype(np.int8)
    handle = model.variable("ring", model.tensor(first.shape, "int8", scale, zero, 0, first))
    earlier, joined, later = (
        model.tensor((1, sides, columns, channels), "int8", scale, zero) for sides in (kept, kept + rows, kept)
    )
    model.operator("READ_VARIABLE", [handle], [earlier])
    model.operator("CONCATENATION", [earlier, source], [joined], {"axis": 1}, 2)
    begin, size = ([0, rows, 0, 0], [1, kept, columns, channels])
    inputs = [joined, *(model.tensor((4,), "int32", data=np.array(values, np.int32)) for values in (begin, size))]
    model.operator("SLICE", inputs, [later])
    model.operator("ASSIGN_VARIABLE", [handle, later], [])
    return joined, scale, zero


SAMPLES = {"READ_VARIABLE": _ring}
