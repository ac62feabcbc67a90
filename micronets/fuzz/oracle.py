"""TensorFlow Lite Micro's answers, from its host interpreter."""

import numpy as np
from tflite_micro.python.tflite_micro import runtime

_ARENA_BYTES = 4 << 20


class RefusedByTflm(Exception):
    """TFLM does not run the model, so there is nothing to compare with."""


def tflm_outputs(model: bytes, inputs: np.ndarray) -> np.ndarray:
    """int8 (count, ...) outputs of a .tflite file for int8 (count, ...) inputs.

    Raises:
        RefusedByTflm: it does not run the model.
    """
    try:
        interpreter = runtime.Interpreter.from_bytes(model, arena_size=_ARENA_BYTES)
    except RuntimeError as error:
        raise RefusedByTflm(str(error)) from error
    outputs = []
    for values in inputs:
        interpreter.set_input(values, 0)
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_output(0)))
    return np.stack(outputs)
