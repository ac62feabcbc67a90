"""What a task is to the rest of the pipeline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from micronets.data.dataset import PreparedDataset
from micronets.data.stream import TrainingStream


class Task(Protocol):
    """What is learnt. A task is one module of this package, with an object `TASK`, and one file in config/tasks.

    Attributes:
        name: the module's name; it names the results folder too.
        labels: class names by class index.
        input_shape: (height, width, channels) of one example.
        metric: what networks are compared by, a name in the results.
    """

    name: str
    labels: tuple[str, ...]
    input_shape: tuple[int, int, int]
    metric: str

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """Makes the prepared dataset in `directory` from the section `data` of the task's configuration."""
        ...

    def stream(
        self,
        dataset: PreparedDataset,
        augmentation: Mapping[str, Any],
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ) -> TrainingStream:
        """Training batches; `augmentation` is the section `train.augmentation` of the task's configuration."""
        ...
