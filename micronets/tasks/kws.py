"""Keyword spotting on Speech Commands: ten words, silence, and every other word as unknown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.data.options import from_mapping
from micronets.data.speech.augmentation import Augmentation
from micronets.data.speech.batches import SpeechBatches
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.prepare import prepare_speech
from micronets.data.speech.sources import SpeechOptions
from micronets.errors import ConfigurationError, DataError
from micronets.features.mfcc import MfccParameters

__all__ = ["TASK", "Augmentation", "KeywordSpotting", "MfccParameters"]


@dataclass(frozen=True)
class KeywordSpotting:
    """See `micronets.tasks.Task`. The order of the labels is that of the released MicroNets."""

    name: str = "kws"
    title: str = "Keyword spotting"
    keywords: tuple[str, ...] = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
    features: MfccParameters = MfccParameters()
    metric: str = "accuracy"
    data_options: type = SpeechOptions
    augmentation_options: type = Augmentation
    feature_options: type = MfccParameters

    @property
    def input_shape(self) -> Shape:
        return (self.features.frames, self.features.coefficients, 1)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all classes; no configuration changes them."""
        return (*self.keywords, "_silence_", "_unknown_")

    def labels(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return self.classes

    def check_input_shape(self, shape: Shape) -> None:
        """See `Task`; the features have one shape."""
        if tuple(shape) != self.input_shape:
            raise ConfigurationError(f"{self.name} has inputs of {self.input_shape}, not of {tuple(shape)}")

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """See `micronets.data.prepare`."""
        prepare_speech(self, from_mapping(SpeechOptions, options, f"{self.name}.data"), Path(directory), seed, threads)

    def open(self, directory: Path, input_shape: Shape, features: Mapping[str, Any] | None = None) -> SpeechDataset:
        """See `Task`."""
        dataset = SpeechDataset.open(directory)
        if features:
            dataset = dataset.with_features(replace(dataset.parameters, **features))
        if dataset.input_shape != tuple(input_shape):
            raise DataError(
                f"{directory} has examples of {dataset.input_shape}, but the network reads {tuple(input_shape)}; "
                "search or train it again"
            )
        return dataset

    def batches(
        self,
        dataset: SpeechDataset,
        augmentation: Mapping[str, Any],
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ) -> SpeechBatches:
        """See `SpeechBatches`."""
        chosen = from_mapping(Augmentation, augmentation, f"{self.name}.train.augmentation")
        return SpeechBatches(dataset, chosen, seed, batch_size, subset=subset, threads=threads)


TASK = KeywordSpotting()
