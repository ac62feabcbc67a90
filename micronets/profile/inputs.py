"""Inputs that a network is profiled on: random ones, or a user's from a CSV file."""

from pathlib import Path

import numpy as np

from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.errors import DataError

Edges = tuple[EdgeQuantisation, ...]


def random_inputs(edges: Edges, count: int) -> np.ndarray:
    """The bytes of all inputs, int8 (count, bytes), the same in every call; what is bool is 0 or 1."""
    random = np.random.default_rng(0)
    values = random.integers(-128, 128, (count, sum(edge.size_bytes for edge in edges)), np.int8)
    offset = 0
    for edge in edges:
        if edge.dtype == "bool":
            values[:, offset : offset + edge.size_bytes] &= 1
        offset += edge.size_bytes
    return values


def read_inputs(path: Path, edges: Edges) -> np.ndarray:
    """The bytes of all inputs, int8 (rows, bytes), from a CSV file.

    A row is one inference: the quantised values of all inputs, one input behind the other in the order of `network.h`,
    each in its own type (int8 where the file has uint8, of 128 less).

    Raises DataError where the file cannot be read, a row has another number of values, or a value is not of its type.
    """
    try:
        values = np.loadtxt(path, np.int64, delimiter=",", ndmin=2)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); give a CSV file of quantised inputs.") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}; a row has whole numbers between commas, as many as every other.") from error
    sizes = [edge.size_bytes // np.dtype(edge.dtype).itemsize for edge in edges]
    if not len(values) or values.shape[1] != sum(sizes):
        wanted = " + ".join(f"{size} of {edge.dtype}" for size, edge in zip(sizes, edges, strict=True))
        raise DataError(f"{path}: {len(values)} rows of {values.shape[1]} values; the network takes {wanted}.")
    columns = np.split(values, np.cumsum(sizes)[:-1], axis=1)
    return np.concatenate([_bytes(path, *of_edge) for of_edge in zip(columns, edges, strict=True)], axis=1)


def _bytes(path: Path, values: np.ndarray, edge: EdgeQuantisation) -> np.ndarray:
    low, high = (0, 1) if edge.dtype == "bool" else (np.iinfo(edge.dtype).min, np.iinfo(edge.dtype).max)
    outside = (values < low) | (values > high)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        value, name = values[row, column], edge.name or "the input"
        raise DataError(f"{path}: row {row + 1} has {value} for {name}, {edge.dtype}.")
    return np.ascontiguousarray(values.astype(edge.dtype)).view(np.int8)
