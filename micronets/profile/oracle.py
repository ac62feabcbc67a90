"""What TensorFlow Lite Micro answers to the int8 inputs of a compiled network."""

from pathlib import Path

import numpy as np

from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.litert import describe
from micronets.tflm.host import run_tflm


def integer_outputs(
    tflite: Path, inputs: np.ndarray, input_edge: EdgeQuantisation, output_edge: EdgeQuantisation
) -> np.ndarray:
    """int8 outputs (n, ...) of a .tflite file for int8 inputs (n, values), whatever its own edges are: float ones are
    reached by way of the compiled network's grids.

    Raises ModelError where TFLM cannot run the file.
    """
    source, result = describe(tflite)
    values = inputs.reshape(len(inputs), *source.shape[1:])
    if source.dtype != np.int8:
        values = (input_edge.scale * (values.astype(np.float64) - input_edge.zero_point)).astype(source.dtype)
    outputs = run_tflm(tflite, values)
    if result.dtype == np.int8:
        return outputs
    return np.rint(outputs / output_edge.scale + output_edge.zero_point).astype(np.int8)
