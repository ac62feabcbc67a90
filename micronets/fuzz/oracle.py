"""TensorFlow Lite Micro's answers, from its host interpreter."""

from typing import Any

import numpy as np
from tflite_micro.python.tflite_micro import runtime

from micronets.compiler.flatbuffer import Table

_ARENA_BYTES = 4 << 20


class RefusedByTflm(Exception):
    """TFLM does not run the model, so there is nothing to compare with."""


def tflm_outputs(model: bytes, inputs: np.ndarray) -> np.ndarray:
    """int8 (count, ...) outputs of a .tflite file for int8 (count, ...) inputs.

    Several inputs, and several outputs, lie one behind the other; those of uint8 count as int8 of 128 less, and those
    of wider types as their bytes.

    Raises:
        RefusedByTflm: it does not run the model.
    """
    try:
        interpreter = runtime.Interpreter.from_bytes(model, arena_size=_ARENA_BYTES)
    except RuntimeError as error:
        raise RefusedByTflm(str(error)) from error
    graph = Table.root(model).tables(2)[0]
    starts, ends = graph.array(1, "<i4"), graph.array(2, "<i4")
    assert starts is not None and ends is not None  # the interpreter would have refused it
    sources = [_edge(interpreter.get_input_details(number)) for number in range(len(starts))]
    results = len(ends)
    outputs = []
    for values in inputs:
        offset, flat = 0, values.reshape(-1)
        for number, (shape, dtype) in enumerate(sources):
            size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
            interpreter.set_input(_as_file_has_it(flat[offset : offset + size], dtype).reshape(shape), number)
            offset += size
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise RefusedByTflm(str(error)) from error
        made = [np.array(interpreter.get_output(number)) for number in range(results)]
        made = [value ^ 0x80 if value.dtype == np.uint8 else value for value in made]
        made = [value if value.dtype == np.int8 else value.reshape(-1).view(np.int8) for value in made]
        outputs.append(made[0] if len(made) == 1 else np.concatenate([value.reshape(-1) for value in made]))
    return np.stack(outputs)


def _edge(details: dict[str, Any]) -> tuple[np.ndarray, np.dtype]:
    """Shape and dtype."""
    return details["shape"], details["dtype"]


def _as_file_has_it(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.uint8:
        return values.view(np.uint8) ^ 0x80
    return values % 2 != 0 if dtype == np.bool_ else np.ascontiguousarray(values).view(dtype)
