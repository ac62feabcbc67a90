"""The prepared dataset of spoken words."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.data.dataset import SPLITS, cut_in_two, read_description
from micronets.data.input_range import input_range
from micronets.data.speech.noise import NoiseSegment
from micronets.errors import ConfigurationError, DataError
from micronets.evaluation import ClassTruth
from micronets.features.mfcc import MfccParameters
from micronets.features.speech_features import SpeechFeatures, speech_features
from micronets.network import Range
from micronets.stage_file import made_anew, reading

FORMAT = 1


@dataclass(frozen=True)
class SpeechDataset:
    """A dataset directory, opened read-only; the arrays are memory-mapped. See `Dataset`.

    Rows of `clips`, `audio` and `features` belong together, and the rows of one split are contiguous. The training
    split holds every usable clip of a keyword and of any other word, and no silence: `SpeechBatches` draws the unknown
    words and the silence of each epoch. Validation and testing hold their final set of clips.

    Attributes:
        labels: class names by class index.
        clips: one row per clip: path, word, label, class, speaker, split, samples (before padding or cutting),
            offset and volume (of silence: where it was cut from the recording, and its gain).
        audio: int16 (clips, clip_samples).
        noise: int16 (samples,), all background recordings after one another.
        segments: which stretch of `noise` belongs to which split.
        parameters: definition of the features.
        input_shape: of one example, (height, width, channels); as many values as the features have.
        unknown_percent, silence_percent: share of these classes, in percent of the keyword clips.
        content_hash: SHA-256 over audio, labels, splits, noise and feature parameters.
    """

    directory: Path
    task: str
    labels: tuple[str, ...]
    clips: pd.DataFrame
    audio: np.ndarray
    noise: np.ndarray
    segments: tuple[NoiseSegment, ...]
    parameters: SpeechFeatures
    input_shape: Shape
    unknown_percent: float
    silence_percent: float
    content_hash: str
    _features: np.ndarray
    _rows: dict[str, slice]

    @classmethod
    def open(cls, directory: str | Path) -> "SpeechDataset":
        """Opens what `prepare` made.

        Raises:
            DataError: the directory is missing, incomplete or damaged.
        """
        directory = Path(directory)
        note = directory / "dataset.json"
        with reading(note, about=f"the prepared dataset in {directory}"):
            about = read_description(directory, FORMAT)
            clips = pd.read_csv(directory / "clips.csv", dtype={"speaker": str}, keep_default_na=False)
            arrays = {
                name: np.load(directory / f"{name}.npy", mmap_mode="r") for name in ("features", "audio", "noise")
            }
            parameters = MfccParameters(**about["features"])
            segments = tuple(NoiseSegment(**segment) for segment in about["noise"])
            dataset = cls(
                directory=directory,
                task=about["task"],
                labels=tuple(about["labels"]),
                clips=clips,
                audio=arrays["audio"],
                noise=arrays["noise"],
                segments=segments,
                parameters=parameters,
                input_shape=(parameters.frames, parameters.coefficients, 1),
                unknown_percent=about["unknown_percent"],
                silence_percent=about["silence_percent"],
                content_hash=about["content_hash"],
                _features=arrays["features"],
                _rows=_split_rows(clips["split"]),
            )
            expected = {
                "audio": (about["clips"], parameters.clip_samples),
                "features": (about["clips"], parameters.frames, parameters.coefficients),
                "noise": (about["noise_samples"],),
            }
        for name, shape in expected.items():
            if arrays[name].shape != shape:
                raise DataError(
                    f"{directory / name}.npy has shape {arrays[name].shape}, not {shape}; {made_anew(note)}"
                )
        if len(clips) != about["clips"]:
            raise DataError(f"{directory / 'clips.csv'} has {len(clips)} rows, not {about['clips']}; {made_anew(note)}")
        return dataset

    def with_features(
        self, parameters: SpeechFeatures, input_shape: Shape, changes: Mapping[str, Any]
    ) -> "SpeechDataset":
        """The same clips with the features `parameters`, some changed, in another shape; computed here and now where
        they are not those that the data stage has computed.

        Raises:
            DataError: the features want clips of another length or rate, or do not fit the shape.
            ConfigurationError: there is no such parameter, or impossible ones.
        """
        try:
            parameters = replace(parameters, **changes)
        except TypeError:
            unknown = sorted(set(changes) - set(asdict(parameters)))
            raise ConfigurationError(
                f"the features of an input of {input_shape} have no {unknown[0]}; "
                f"they have {', '.join(asdict(parameters))}"
            ) from None
        if parameters == self.parameters:
            return replace(self, input_shape=input_shape)
        if (parameters.clip_samples, parameters.sample_rate_hz) != (
            self.parameters.clip_samples,
            self.parameters.sample_rate_hz,
        ):
            raise DataError(
                f"{self.directory} holds clips of {self.parameters.clip_ms} ms at {self.parameters.sample_rate_hz} Hz; "
                "other features cannot change that"
            )
        if parameters.frames * parameters.frame_values != math.prod(input_shape):
            raise DataError(
                f"features of {parameters.frames} frames of {parameters.frame_values} values do not fit an input of "
                f"{input_shape}; change features"
            )
        return replace(
            self, parameters=parameters, input_shape=input_shape, _features=speech_features(self.audio, parameters)
        )

    @cached_property
    def input_range(self) -> Range:
        """The range of all but the most extreme features of the training split."""
        return input_range(self.features("training"))

    def rows(self, split: str) -> slice:
        """The rows of a split: `training`, `validation` or `testing`."""
        if split not in self._rows:
            raise DataError(f"no split {split!r}; there are {', '.join(SPLITS)}")
        return self._rows[split]

    def features(self, split: str) -> np.ndarray:
        """Features of a split, float32 (clips, *input_shape); memory-mapped where they are the data stage's."""
        features = self._features[self.rows(split)]
        return features.reshape(len(features), *self.input_shape)

    def recordings(self, split: str) -> Iterator[np.ndarray]:
        """See `Sounds`: the clips of a split."""
        yield from self.audio[self.rows(split)]

    def classes(self, split: str) -> np.ndarray:
        """Class indices of a split, int64 (clips,)."""
        return self.clips["class"].to_numpy(np.int64)[self.rows(split)]

    def truth(self, split: str) -> ClassTruth:
        """The classes of a split."""
        return ClassTruth(self.classes(split))

    def noise_segments(self, split: str) -> list[NoiseSegment]:
        """The stretches of background noise that belong to a split."""
        return [segment for segment in self.segments if segment.split == split]

    def split_indices(self, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Cuts the training split in two, word by word, at random.

        Args:
            fraction: share of the first part, between 0 and 1.
            seed: of the cut.

        Returns:
            Sorted row numbers (int64) of both parts; no row is in both, and together they are the training split.
        """
        rows = self.rows("training")
        first = cut_in_two(self.clips["word"].to_numpy()[rows], fraction, seed)
        return rows.start + np.flatnonzero(first), rows.start + np.flatnonzero(~first)


def _split_rows(splits: pd.Series) -> dict[str, slice]:
    rows = {}
    start = 0
    for split in SPLITS:
        count = int((splits == split).sum())
        if not (splits.iloc[start : start + count] == split).all():
            raise ValueError("clips.csv is not sorted by split")
        rows[split] = slice(start, start + count)
        start += count
    if start != len(splits):
        raise ValueError("clips.csv names an unknown split")
    return rows
