"""What every prepared dataset offers to the stages after it, whatever it holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from micronets.architecture import Shape
from micronets.errors import DataError
from micronets.evaluation import Truth
from micronets.features.sound_features import SoundFeatures
from micronets.network import Range
from micronets.stage_file import made_anew, read_json

SPLITS = ("training", "validation", "testing")


def read_description(directory: Path, version: int) -> dict[str, Any]:
    """What a prepared dataset's dataset.json says.

    Args:
        version: of the folder's form, which it must have been made in.

    Raises DataError where there is none, it is damaged, or of another version; the sentence names the remedy.
    """
    note = directory / "dataset.json"
    if not note.is_file():
        raise DataError(f"{directory} holds no prepared dataset (no dataset.json); run the data stage: snakemake data")
    about = read_json(note, "dataset")
    if about["format"] != version:
        raise DataError(f"{directory} was made by another version (format {about['format']}); {made_anew(note)}")
    return about


def cut_in_two(groups: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Draws a share of the examples of every group, for `Dataset.split_indices`.

    Args:
        groups: of what each example is one, (n,), of any type that can be sorted.
        fraction: share to draw.

    Returns:
        Whether each example is drawn, bool (n,).

    Raises DataError where the fraction is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise DataError(f"a training split cannot be cut at the fraction {fraction}; give one between 0 and 1")
    generator = np.random.default_rng([seed, 0x5B117])
    drawn = np.zeros(len(groups), bool)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        drawn[generator.permutation(members)[: round(fraction * len(members))]] = True
    return drawn


class Dataset(Protocol):
    """A prepared dataset as the networks of one input shape see it.

    Attributes:
        task: name of the task that it was prepared for.
        labels: class names by class index.
        input_shape: (height, width, channels) of one example.
        input_range: lowest and highest value that a quantised input keeps; holds 0.
        content_hash: SHA-256 over everything in it that can decide a result.
    """

    task: str
    labels: tuple[str, ...]
    content_hash: str

    @property
    def input_shape(self) -> Shape: ...

    @property
    def input_range(self) -> Range: ...

    def features(self, split: str) -> np.ndarray:
        """Examples of a split, (n, height, width, channels), in their own units; float32, or whole numbers that are
        such values. May be mapped from a file: take slices."""
        ...

    def classes(self, split: str) -> np.ndarray:
        """Class indices of a split, int64 (n,)."""
        ...

    def truth(self, split: str) -> Truth:
        """The right answers of a split."""
        ...

    def split_indices(self, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Cuts the training split in two, each class by itself, at random.

        Returns:
            Sorted row numbers (int64) of both parts, in the sense of `Task.batches`' `subset`; no row is in both.
        """
        ...


@runtime_checkable
class Sounds(Protocol):
    """What a dataset offers besides where its examples are features of sounds.

    Attributes:
        parameters: definition of the features.
    """

    parameters: SoundFeatures

    def recordings(self, split: str) -> Iterator[np.ndarray]:
        """The sounds of a split, int16 (samples,) each, in the order of the examples that come from them."""
        ...


class TrainingBatches(Protocol):
    """Endless, repeatable training batches, epoch by epoch.

    Order, draws and augmentation are pure functions of (seed, epoch, step), so that an interrupted training goes on
    with the same batches, whatever the number of threads.
    """

    @property
    def steps_per_epoch(self) -> int: ...

    def epoch(self, index: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields features, float32 (batch, height, width, channels), and class probabilities, float32 (batch,
        classes)."""
        ...
