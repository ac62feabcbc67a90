"""Prepared datasets that are a table and an array, a row of each for an example."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.data.dataset import SPLITS, cut_in_two
from micronets.errors import DataError
from micronets.evaluation import ClassTruth


def check_table(table: pd.DataFrame, examples: np.ndarray, about: dict[str, Any], name: str) -> None:
    """Raises ValueError where the files `name` and the description `about` do not belong together.

    Args:
        name: of both files, without their endings.
        about: what dataset.json says.
    """
    if len(table) != len(examples) or len(table) != sum(sum(c.values()) for c in about["counts"].values()):
        raise ValueError(f"{name}.npy, {name}.csv and dataset.json do not fit together")
    if not table["split"].map(SPLITS.index).is_monotonic_increasing:
        raise ValueError(f"{name}.csv is not sorted by split")


@dataclass(frozen=True)
class TableDataset:
    """A dataset directory, opened read-only. See `Dataset`.

    Attributes:
        table: one row per example, sorted by split: at least class, split.
        examples: (n, height, width, channels), memory-mapped.
    """

    directory: Path
    task: str
    labels: tuple[str, ...]
    content_hash: str
    table: pd.DataFrame
    examples: np.ndarray

    @property
    def input_shape(self) -> Shape:
        return self.examples.shape[1:]

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of a split, ascending without gaps."""
        if split not in SPLITS:
            raise DataError(f"no split {split!r}; there are {', '.join(SPLITS)}")
        return np.flatnonzero(self.table["split"] == split)

    def features(self, split: str) -> np.ndarray:
        rows = self.rows(split)
        return self.examples[rows[0] : rows[-1] + 1] if len(rows) else self.examples[:0]

    def classes(self, split: str) -> np.ndarray:
        return self.table["class"].to_numpy(np.int64)[self.rows(split)]

    def truth(self, split: str) -> ClassTruth:
        return ClassTruth(self.classes(split))

    def split_indices(self, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rows, first = self.rows("training"), cut_in_two(self.classes("training"), fraction, seed)
        return rows[first], rows[~first]
