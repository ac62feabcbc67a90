"""The prepared dataset of recordings of one shape."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.data.dataset import SPLITS, cut_in_two, read_description
from micronets.data.input_range import input_range
from micronets.errors import DataError
from micronets.evaluation import ClassTruth
from micronets.network import Range
from micronets.stage_file import reading

FORMAT = 1


@dataclass(frozen=True)
class ArrayDataset:
    """A dataset directory, opened read-only. See `Dataset`.

    Attributes:
        table: one row per recording, sorted by split: path, label, class, group, split.
        examples: float32 (n, height, width, channels), memory-mapped.
    """

    directory: Path
    task: str
    labels: tuple[str, ...]
    content_hash: str
    table: pd.DataFrame
    examples: np.ndarray

    @classmethod
    def open(cls, directory: Path, input_shape: Shape) -> "ArrayDataset":
        """Opens what `prepare_arrays` made; raises DataError where it is missing, incomplete or damaged, or has
        examples of another shape."""
        note = directory / "dataset.json"
        with reading(note, about=f"the prepared dataset in {directory}"):
            about = read_description(directory, FORMAT)
            table = pd.read_csv(directory / "examples.csv", dtype={"label": str, "group": str}, keep_default_na=False)
            examples = np.load(directory / "examples.npy", mmap_mode="r")
            if len(table) != len(examples) or len(table) != sum(sum(c.values()) for c in about["counts"].values()):
                raise ValueError("examples.npy, examples.csv and dataset.json do not fit together")
            if not table["split"].map(SPLITS.index).is_monotonic_increasing:
                raise ValueError("examples.csv is not sorted by split")
            dataset = cls(directory, about["task"], tuple(about["labels"]), about["content_hash"], table, examples)
        if dataset.input_shape != tuple(input_shape):
            raise DataError(
                f"{directory} has examples of {dataset.input_shape}, but the network reads {tuple(input_shape)}; "
                "search or train it again"
            )
        return dataset

    @property
    def input_shape(self) -> Shape:
        return self.examples.shape[1:]

    @cached_property
    def input_range(self) -> Range:
        """The range of all but the most extreme values of the training split."""
        return input_range(self.features("training"))

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of a split, ascending without gaps."""
        if split not in SPLITS:
            raise DataError(f"no split {split!r}; there are {', '.join(SPLITS)}")
        return np.flatnonzero(self.table["split"] == split)

    def features(self, split: str) -> np.ndarray:
        rows = self.rows(split)
        return self.examples[rows[0] : rows[-1] + 1]

    def classes(self, split: str) -> np.ndarray:
        return self.table["class"].to_numpy(np.int64)[self.rows(split)]

    def truth(self, split: str) -> ClassTruth:
        return ClassTruth(self.classes(split))

    def split_indices(self, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rows, first = self.rows("training"), cut_in_two(self.classes("training"), fraction, seed)
        return rows[first], rows[~first]
