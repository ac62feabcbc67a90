"""Keyword spotting: some words, silence, and every other word as unknown; by default the ten of Speech Commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.data.options import from_mapping
from micronets.data.speech.augmentation import Augmentation
from micronets.data.speech.batches import SpeechBatches
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.prepare import prepare_speech
from micronets.data.speech.sources import SpeechOptions, expected_vocabulary
from micronets.errors import ConfigurationError
from micronets.features.mfcc import MfccParameters
from micronets.features.speech_features import VIEWS, SpeechFeatures

__all__ = ["TASK", "Augmentation", "KeywordSpotting", "MfccParameters"]


@dataclass(frozen=True)
class KeywordSpotting:
    """See `micronets.tasks.Task`. The order of the labels is that of the released MicroNets."""

    name: str = "kws"
    title: str = "Keyword spotting"
    features: MfccParameters = MfccParameters()
    metric: str = "accuracy"
    data_options: type = SpeechOptions
    augmentation_options: type = Augmentation
    feature_options: type = MfccParameters
    input_shape: Shape = (49, 10, 1)

    def labels(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`; keywords, `_silence_`, and `_unknown_` where there are other words."""
        return expected_vocabulary(self._options(options)).labels

    def check_input_shape(self, shape: Shape) -> None:
        """See `Task`: MFCC or a filterbank."""
        self.features_of(shape)

    def features_of(self, shape: Shape) -> SpeechFeatures:
        """The features that networks of an input shape read; raises ConfigurationError where there are none."""
        if shape not in VIEWS:
            raise ConfigurationError(
                f"{self.name} has inputs of {' or '.join(str(known) for known in VIEWS)}, not of {shape}"
            )
        return VIEWS[shape]

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """See `micronets.data.prepare`."""
        prepare_speech(self.name, self.features, self._options(options), Path(directory), seed, threads)

    def _options(self, options: Mapping[str, Any]) -> SpeechOptions:
        return from_mapping(SpeechOptions, options, f"{self.name}.data")

    def open(self, directory: Path, input_shape: Shape, features: Mapping[str, Any] | None = None) -> SpeechDataset:
        """See `Task`."""
        parameters = self.features_of(input_shape)
        return SpeechDataset.open(directory).with_features(parameters, input_shape, features or {})

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
