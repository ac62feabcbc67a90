"""The prepared dataset of machine sounds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.data.dataset import SPLITS, read_description
from micronets.data.input_range import input_range
from micronets.data.machines.views import Windows, open_spectrograms, parameters_for
from micronets.errors import DataError
from micronets.evaluation import AnomalyTruth
from micronets.features.log_mel import LogMelParameters
from micronets.network import Range
from micronets.stage_file import reading

FORMAT = 1
_RANGE_WINDOWS = 4096  # enough to see the range of all


@dataclass(frozen=True)
class MachineDataset:
    """A dataset directory as networks of one input shape see it, opened read-only. See `Dataset`.

    An example is a window of a clip. The classes are the machine ids; training and validation hear normal clips only.

    Attributes:
        clips: one row per clip: path, machine, id, class, anomalous, split, samples, and `validates`: whether the clip
            is in the validation split. A clip that is the only one of its id to train on is in both.
        parameters: definition of the features.
        spectrograms: float32 (frames, bands), all clips one after the other, memory-mapped.
    """

    directory: Path
    task: str
    labels: tuple[str, ...]
    input_shape: Shape
    content_hash: str
    clips: pd.DataFrame
    parameters: LogMelParameters
    spectrograms: np.ndarray

    @classmethod
    def open(cls, directory: Path, input_shape: Shape, changes: Mapping[str, Any] | None = None) -> "MachineDataset":
        """Opens what `prepare_machines` made.

        Args:
            changes: parameters of the features that depart from those of the input shape.

        Raises:
            DataError: it is missing, incomplete or damaged, its clips are too short, or no windows of that shape.
            ConfigurationError: impossible parameters.
        """
        rows, columns, channels = input_shape
        shape = (rows, columns, channels)
        parameters = parameters_for(shape, changes or {})
        note = directory / "dataset.json"
        with reading(note, about=f"the prepared dataset in {directory}"):
            about = read_description(directory, FORMAT)
            if about["sample_rate_hz"] != parameters.sample_rate_hz:
                raise DataError(
                    f"{directory} holds sounds at {about['sample_rate_hz']} Hz; features cannot change that"
                )
            clips = pd.read_csv(directory / "clips.csv", dtype={"id": str})
            if len(clips) != about["clips"] or clips["samples"].sum() != about["samples"]:
                raise ValueError("clips.csv and dataset.json do not fit together")
            samples = clips["samples"].to_numpy(np.int64)
            if parameters.windows(int(samples.min())) < 1:
                raise DataError(f"{directory} has clips too short for the features of an input of {shape}")
            return cls(
                directory,
                about["task"],
                tuple(about["labels"]),
                shape,
                about["content_hash"],
                clips,
                parameters,
                open_spectrograms(directory, parameters, samples),
            )

    def rows(self, split: str) -> np.ndarray:
        """Rows of `clips` in a split, ascending."""
        if split not in SPLITS:
            raise DataError(f"no split {split!r}; there are {', '.join(SPLITS)}")
        chosen = self.clips["validates"] if split == "validation" else self.clips["split"] == split
        return np.flatnonzero(chosen)

    def windows(self, split: str) -> Windows:
        """The windows of a split, clip by clip in the order of `rows`."""
        rows, samples = self.rows(split), self.clips["samples"].to_numpy(np.int64)
        frames = np.array([self.parameters.frames(count) for count in samples.tolist()], np.int64)
        first = np.cumsum(frames) - frames
        return Windows(self.spectrograms, first[rows], samples[rows], self.parameters, self.input_shape)

    def features(self, split: str) -> np.ndarray:
        windows = self.windows(split)
        return windows.cut(np.arange(len(windows)))

    def recordings(self, split: str) -> Iterator[np.ndarray]:
        """See `Sounds`: the clips of a split."""
        audio = np.load(self.directory / "audio.npy", mmap_mode="r")
        ends = np.cumsum(self.clips["samples"].to_numpy(np.int64))
        for row in self.rows(split):
            yield np.asarray(audio[ends[row - 1] if row else 0 : ends[row]])

    def classes(self, split: str) -> np.ndarray:
        return self.clips["class"].to_numpy(np.int64)[self._clip_of_windows(split)]

    def truth(self, split: str) -> AnomalyTruth:
        clips = self._clip_of_windows(split)
        anomalous = self.clips["anomalous"].to_numpy(bool)[clips]
        return AnomalyTruth(self.classes(split), clips, anomalous, np.array(self.labels))

    @cached_property
    def input_range(self) -> Range:
        """The range of all but the most extreme features of the training split."""
        windows = self.windows("training")
        chosen = np.linspace(0, len(windows) - 1, min(_RANGE_WINDOWS, len(windows)), dtype=np.int64)
        return input_range(windows.cut(chosen))

    def split_indices(self, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Dataset`; rows are windows. All windows of a clip fall into one part, but for one clip of each id."""
        if not 0 < fraction < 1:
            raise DataError(f"a training split cannot be cut at the fraction {fraction}; give one between 0 and 1")
        generator = np.random.default_rng([seed, 0x5B117])
        clips, classes = self._clip_of_windows("training"), self.classes("training")
        first = np.zeros(len(clips), bool)
        for label in np.unique(classes):
            of_class = np.flatnonzero(classes == label)
            order = generator.permutation(clips.max() + 1)[clips[of_class]]
            in_order = of_class[np.argsort(order, kind="stable")]
            first[in_order[: round(fraction * len(in_order))]] = True
        return np.flatnonzero(first), np.flatnonzero(~first)

    def _clip_of_windows(self, split: str) -> np.ndarray:
        """Row in `clips` of every window, int64 (n,)."""
        return self.rows(split)[self.windows(split).clips]
