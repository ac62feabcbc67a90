"""Keyword spotting on Speech Commands: ten words, silence, and every other word as unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.data.augmentation import Augmentation
from micronets.data.dataset import PreparedDataset
from micronets.data.mfcc import MfccParameters
from micronets.data.options import from_mapping
from micronets.data.sources import SpeechOptions
from micronets.data.speech import prepare_speech
from micronets.data.stream import TrainingStream

__all__ = ["TASK", "Augmentation", "KeywordSpotting", "MfccParameters"]


@dataclass(frozen=True)
class KeywordSpotting:
    """See `micronets.tasks.Task`. The order of the labels is that of the released MicroNets."""

    name: str = "kws"
    keywords: tuple[str, ...] = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
    features: MfccParameters = MfccParameters()
    metric: str = "accuracy"

    @property
    def labels(self) -> tuple[str, ...]:
        return (*self.keywords, "_silence_", "_unknown_")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        return (self.features.frames, self.features.coefficients, 1)

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """See `micronets.data.prepare`."""
        prepare_speech(self, from_mapping(SpeechOptions, options, f"{self.name}.data"), Path(directory), seed, threads)

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
        """See `TrainingStream`."""
        chosen = from_mapping(Augmentation, augmentation, f"{self.name}.train.augmentation")
        return TrainingStream(dataset, chosen, seed, batch_size, subset=subset, threads=threads)


TASK = KeywordSpotting()
