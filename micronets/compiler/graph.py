"""The graph as the .tflite file states it: tensors, operators and their options, checked but not interpreted."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Quantisation:
    """real = scale * (quantised - zero_point), per tensor (one scale) or along `axis` (one scale per slice)."""

    scales: np.ndarray
    """Float32, shape (1,) or (channels,)."""
    zero_points: np.ndarray
    """Int64, same shape as `scales`."""
    axis: int


@dataclass(frozen=True, eq=False)
class Tensor:
    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    """`int8`, `int4`, `int16`, `int32`, `int64`, `uint8`, `bool`, `float32` or `other`."""
    quantisation: Quantisation | None
    data: np.ndarray | None
    """The constant's values in `shape`; int4 unpacked to one int8 each; None for activations."""
    is_variable: bool = False
    """Whether an operator keeps it between calls; it begins with zeros."""

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True)
class Operator:
    index: int
    kind: str
    """The schema's name, such as `CONV_2D`."""
    inputs: tuple[int, ...]
    """Tensor indices; -1 stands for an optional input left out."""
    outputs: tuple[int, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        return f"operator {self.index} ({self.kind})"


@dataclass(frozen=True)
class Graph:
    file: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    """In an order in which every operator's inputs are made before it."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    called: "tuple[Graph | None, ...]" = ()
    """The file's subgraphs that an operator calls, by their index."""
