"""Training batches of images, augmented."""

import numpy as np

from micronets.data.batches import Batch, ShuffledBatches
from micronets.data.images.dataset import ImageDataset, view
from micronets.data.images.options import ImageAugmentation
from micronets.data.mixup import mixup

_OVERSAMPLING = 2


class ImageBatches(ShuffledBatches):
    """Batches of float32 images, 0 to 255; see `ShuffledBatches`.

    Images are sampled from a copy of twice the network's size, so that one that is shown larger still has its details.

    Args:
        subset: rows of the training split to keep to; None for all.
        threads: background threads that make batches.
    """

    def __init__(
        self,
        dataset: ImageDataset,
        augmentation: ImageAugmentation,
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ):
        super().__init__(dataset.rows("training") if subset is None else subset, seed, batch_size, threads)
        self._augmentation = augmentation
        self._targets = np.eye(len(dataset.labels), dtype=np.float32)[dataset.table["class"].to_numpy(np.int64)]
        self._size, _, channels = dataset.input_shape
        stored = np.load(dataset.directory / "images.npy", mmap_mode="r")
        larger = min(_OVERSAMPLING * self._size, stored.shape[1])
        self._images = view(dataset.directory, stored, (larger, larger, channels))

    def _make(self, rows: np.ndarray, generator: np.random.Generator) -> Batch:
        order = np.argsort(rows)  # reads the file forwards
        images = np.empty((len(rows), *self._images.shape[1:]), np.float32)
        images[order] = self._images[rows[order]]
        features = self._colours(self._geometry(images, generator), generator)
        targets = self._targets[rows]
        if self._augmentation.mixup_alpha > 0:
            return mixup(features, targets, self._augmentation.mixup_alpha, generator)
        return features, targets

    def _geometry(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Mirrored, moved and scaled images at the network's size, by bilinear sampling."""
        chosen, count, source = self._augmentation, len(images), images.shape[1]
        scales = generator.uniform(1 - chosen.scale, 1 + chosen.scale, count)
        shifts = generator.uniform(-chosen.shift, chosen.shift, (2, count)) * source
        mirrored = np.where(generator.random(count) < chosen.flip_probability, -1.0, 1.0)
        steps = (np.arange(self._size) + 0.5) / self._size - 0.5
        rows = _places(steps[None] * scales[:, None], shifts[0], source)
        columns = _places(steps[None] * (scales * mirrored)[:, None], shifts[1], source)
        each = np.arange(count)[:, None]
        (top, bottom, down), (left, right, across) = rows, columns
        lines = images[each, top] * (1 - down)[..., None, None] + images[each, bottom] * down[..., None, None]
        lines = lines.transpose(0, 2, 1, 3)
        sampled = lines[each, left] * (1 - across)[..., None, None] + lines[each, right] * across[..., None, None]
        return sampled.transpose(0, 2, 1, 3)

    def _colours(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        chosen, count = self._augmentation, len(images)
        gains = generator.uniform(1 - chosen.contrast, 1 + chosen.contrast, (count, 1, 1, 1))
        offsets = 255 * generator.uniform(-chosen.brightness, chosen.brightness, (count, 1, 1, 1))
        means = images.mean(axis=(1, 2, 3), keepdims=True)
        return np.clip((images - means) * gains + means + offsets, 0, 255).astype(np.float32)


def _places(positions: np.ndarray, shifts: np.ndarray, source: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both neighbours of every sampled position (-0.5 to 0.5 of the image) and the weight of the second, float32."""
    exact = np.clip((positions + 0.5) * source - 0.5 + shifts[:, None], 0, source - 1)
    first = np.minimum(exact.astype(np.int64), source - 2)
    return first, first + 1, (exact - first).astype(np.float32)
