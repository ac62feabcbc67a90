"""What TensorFlow Lite Micro answers to the inputs of a compiled network."""

from pathlib import Path

import numpy as np

from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.tflm.host import run_tflm_bytes
from micronets.tflm.network import read_edges

Edges = tuple[EdgeQuantisation, ...]


def integer_outputs(tflite: Path, inputs: np.ndarray, input_edges: Edges, output_edges: Edges) -> np.ndarray:
    """Bytes of a compiled network's outputs, int8 (n, bytes), for those of its inputs, int8 (n, bytes).

    The file's own edges may be float32, which is reached by way of the compiled network's grids, or uint8, which counts
    as int8 of 128 less there.

    Raises ModelError where TFLM cannot run the file.
    """
    sources, results = read_edges(tflite)
    taken = np.split(inputs, np.cumsum([edge.size_bytes for edge in input_edges])[:-1], axis=1)
    theirs = [_to_file(values, *edges) for values, *edges in zip(taken, input_edges, sources, strict=True)]
    outputs = run_tflm_bytes(tflite, np.concatenate(theirs, axis=1))
    made = np.split(outputs, np.cumsum([edge.size_bytes for edge in results])[:-1], axis=1)
    ours = [_from_file(values, *edges) for values, *edges in zip(made, output_edges, results, strict=True)]
    return np.concatenate(ours, axis=1)


def _to_file(values: np.ndarray, edge: EdgeQuantisation, file: EdgeQuantisation) -> np.ndarray:
    """Bytes of an edge of the compiled network, as those of the file's; uint8."""
    if file.dtype == "float32":
        quantised = np.ascontiguousarray(values).view(edge.dtype).astype(np.float64)
        return (edge.scale * (quantised - edge.zero_point)).astype(np.float32).view(np.uint8)
    raw = np.ascontiguousarray(values).view(np.uint8)
    return raw ^ 0x80 if file.dtype == "uint8" else raw


def _from_file(values: np.ndarray, edge: EdgeQuantisation, file: EdgeQuantisation) -> np.ndarray:
    raw = np.ascontiguousarray(values)
    if file.dtype == "float32":
        quantised = np.rint(raw.view(np.float32) / edge.scale + edge.zero_point)
        return quantised.astype(edge.dtype).view(np.int8)
    return (raw ^ 0x80 if file.dtype == "uint8" else raw).view(np.int8)
