"""What a task is to the rest of the pipeline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from micronets.architecture import Shape
from micronets.data.dataset import Dataset, TrainingBatches


class Task(Protocol):
    """What is learnt. A task is one module of this package, with an object `TASK`, and one file beside it.

    Attributes:
        name: the module's name; it names the results folder too.
        title: heads the report.
        data_options: dataclass that the section `data` of the configuration becomes (see `data.options.from_mapping`);
            its fields `source` and `path`, where it has them, mean the same in every task.
        augmentation_options: dataclass that the sections `augmentation` become.
        feature_options: dataclass that `evaluate.features` becomes: how examples are made.
        metric: name of the score that networks are compared by.
        input_shape: (height, width, channels) of one example, for networks that do not ask for another.
    """

    name: str
    title: str
    metric: str
    data_options: type
    augmentation_options: type
    feature_options: type

    @property
    def input_shape(self) -> Shape: ...

    def check_input_shape(self, shape: Shape) -> None:
        """Raises ConfigurationError, naming what would be accepted, where no examples of `shape` can be made."""
        ...

    def labels(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Class names that the section `data` of the task's configuration leads to, as far as is known before the
        data stage; `Dataset.labels` says what came of it."""
        ...

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """Makes the prepared dataset in `directory` from the section `data` of the task's configuration, whole or not
        at all, with a dataset.json that the other stages find it by."""
        ...

    def open(self, directory: Path, input_shape: Shape, features: Mapping[str, Any] | None = None) -> Dataset:
        """The prepared dataset in `directory` for networks of one input shape.

        Args:
            features: fields of `feature_options` that depart from the task's own, for networks of other people.

        Raises DataError where it is missing, incomplete or damaged.
        """
        ...

    def batches(
        self,
        dataset: Dataset,
        augmentation: Mapping[str, Any],
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ) -> TrainingBatches:
        """Training batches of a dataset that `open` has opened.

        Args:
            augmentation: the section `train.augmentation` (or that of `search`) of the task's configuration.
            subset: rows of the training split to keep to (see `Dataset.split_indices`); None for all.
            threads: background threads that make batches.
        """
        ...
