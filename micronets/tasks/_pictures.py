"""What tasks on pictures share."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.data.images.batches import ImageBatches
from micronets.data.images.dataset import ImageDataset
from micronets.data.images.options import ImageAugmentation, ImageOptions, PictureOptions
from micronets.data.images.prepare import image_labels, prepare_images
from micronets.data.options import NoOptions, from_mapping
from micronets.errors import ConfigurationError

_LEAST_SIZE = 16


@dataclass(frozen=True)
class PictureTask:
    """See `micronets.tasks.Task`.

    Attributes:
        most_size: of networks' inputs, in pixels a side.
    """

    name: str
    title: str
    data_options: type
    input_shape: Shape
    most_size: int
    metric: str = "accuracy"
    augmentation_options: type = ImageAugmentation
    feature_options: type = NoOptions  # pixels as they are

    @abstractmethod
    def stored_size(self, options: Any) -> int:
        """Pixels a side of what the data stage keeps, by options of the class `data_options`."""

    def check_input_shape(self, shape: Shape) -> None:
        """See `Task`: squares, grey or in colour."""
        height, width, channels = shape
        if height != width or not _LEAST_SIZE <= height <= self.most_size or channels not in (1, 3):
            raise ConfigurationError(
                f"{self.name} has square inputs of {_LEAST_SIZE} to {self.most_size} pixels and 1 or 3 channels, "
                f"not of {tuple(shape)}"
            )

    def labels(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return image_labels(self._options(options))

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """See `micronets.data.prepare`."""
        chosen = self._options(options)
        prepare_images(self.name, chosen, self.stored_size(chosen), Path(directory), seed, threads)

    def _options(self, options: Mapping[str, Any]) -> ImageOptions | PictureOptions:
        return from_mapping(self.data_options, options, f"{self.name}.data")

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
