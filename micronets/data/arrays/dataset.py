"""The prepared dataset of recordings of one shape."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.data.dataset import read_description
from micronets.data.input_range import input_range
from micronets.data.table_dataset import TableDataset, check_table
from micronets.errors import DataError
from micronets.network import Range
from micronets.stage_file import reading

FORMAT = 1


@dataclass(frozen=True)
class ArrayDataset(TableDataset):
    """Of its table: path, label, class, group, split; its examples are float32."""

    @classmethod
    def open(cls, directory: Path, input_shape: Shape) -> "ArrayDataset":
        """Opens what `prepare_arrays` made; raises DataError where it is missing, incomplete or damaged, or has
        examples of another shape."""
        note = directory / "dataset.json"
        with reading(note, about=f"the prepared dataset in {directory}"):
            about = read_description(directory, FORMAT)
            table = pd.read_csv(directory / "examples.csv", dtype={"label": str, "group": str}, keep_default_na=False)
            examples = np.load(directory / "examples.npy", mmap_mode="r")
            check_table(table, examples, about, "examples")
            dataset = cls(directory, about["task"], tuple(about["labels"]), about["content_hash"], table, examples)
        if dataset.input_shape != tuple(input_shape):
            raise DataError(
                f"{directory} has examples of {dataset.input_shape}, but the network reads {tuple(input_shape)}; "
                "search or train it again"
            )
        return dataset

    @cached_property
    def input_range(self) -> Range:
        """The range of all but the most extreme values of the training split."""
        return input_range(self.features("training"))
