"""The data stage: from recordings to a prepared dataset, and from that to training batches."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micronets.data.augmentation import NO_AUGMENTATION, Augmentation
from micronets.data.dataset import Dataset, Stream
from micronets.data.mfcc import MfccParameters
from micronets.data.speech_dataset import SpeechDataset
from micronets.data.stream import TrainingStream

if TYPE_CHECKING:
    from micronets.tasks import Task

__all__ = [
    "NO_AUGMENTATION",
    "Augmentation",
    "Dataset",
    "MfccParameters",
    "SpeechDataset",
    "Stream",
    "TrainingStream",
    "prepare",
]


def prepare(task: "Task", options: Mapping[str, Any], directory: str | Path, seed: int, threads: int) -> None:
    """Makes the prepared dataset of a task in `directory`, whole or not at all.

    Args:
        task: from `micronets.tasks.find_task`.
        options: the section `data` of the task's configuration.
        directory: to make; what stands there is replaced.
        seed: of everything random.
        threads: processes to use.

    Raises:
        ConfigurationError: a key in `options` is unknown or has a wrong value.
        DataError: the recordings are missing, or too many of them unusable; rejected.csv in `directory` lists these.
    """
    task.prepare(options, Path(directory), seed, threads)
