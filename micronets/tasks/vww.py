"""Visual wake words on COCO: is there a person, or something else of a category, in the picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.data.images.batches import ImageBatches
from micronets.data.images.dataset import ImageDataset
from micronets.data.images.options import ImageAugmentation, ImageOptions
from micronets.data.images.prepare import STORED_SIZE, image_labels, prepare_images
from micronets.data.options import NoOptions, from_mapping
from micronets.errors import ConfigurationError

__all__ = ["TASK", "VisualWakeWords"]

_LEAST_SIZE = 16


@dataclass(frozen=True)
class VisualWakeWords:
    """See `micronets.tasks.Task`. The order of the labels is that of MLPerf Tiny's reference network."""

    name: str = "vww"
    title: str = "Visual wake words"
    metric: str = "accuracy"
    data_options: type = ImageOptions
    augmentation_options: type = ImageAugmentation
    feature_options: type = NoOptions  # pixels as they are
    input_shape: Shape = (50, 50, 1)

    def check_input_shape(self, shape: Shape) -> None:
        """See `Task`: squares of 16 to 224 pixels, grey or in colour."""
        height, width, channels = shape
        if height != width or not _LEAST_SIZE <= height <= STORED_SIZE or channels not in (1, 3):
            raise ConfigurationError(
                f"{self.name} has square inputs of {_LEAST_SIZE} to {STORED_SIZE} pixels and 1 or 3 channels, "
                f"not of {tuple(shape)}"
            )

    def labels(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return image_labels(from_mapping(ImageOptions, options, f"{self.name}.data"))

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """See `micronets.data.prepare`."""
        chosen = from_mapping(ImageOptions, options, f"{self.name}.data")
        prepare_images(self.name, chosen, STORED_SIZE, Path(directory), seed, threads)

    def open(self, directory: Path, input_shape: Shape, features: Mapping[str, Any] | None = None) -> ImageDataset:
        """See `Task`."""
        self.check_input_shape(input_shape)
        return ImageDataset.open(Path(directory), input_shape)

    def batches(
        self,
        dataset: ImageDataset,
        augmentation: Mapping[str, Any],
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ) -> ImageBatches:
        """See `ImageBatches`."""
        chosen = from_mapping(ImageAugmentation, augmentation, f"{self.name}.train.augmentation")
        return ImageBatches(dataset, chosen, seed, batch_size, subset=subset, threads=threads)


TASK = VisualWakeWords()
