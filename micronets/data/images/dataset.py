"""The prepared dataset of images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.atomic import add_own_file, atomic_file
from micronets.data.dataset import read_description
from micronets.data.table_dataset import TableDataset, check_table
from micronets.errors import DataError
from micronets.features.resize import grey, shrink
from micronets.network import Range
from micronets.stage_file import reading

FORMAT = 1
_CHUNK_IMAGES = 64


@dataclass(frozen=True)
class ImageDataset(TableDataset):
    """As networks of one input shape see it.

    The images are kept once, at one size in colour; for every input shape a smaller copy is made when it is first asked
    for, and kept beside them. Networks read pixels as they are, 0 to 255.

    Of its table: path, id, person_percent, class, split; its examples are uint8, in the network's shape.
    """

    input_range: Range = (0.0, 255.0)

    @classmethod
    def open(cls, directory: Path, input_shape: Shape) -> "ImageDataset":
        """Opens what `prepare_images` made; raises DataError where it is missing, incomplete or damaged."""
        note = directory / "dataset.json"
        with reading(note, about=f"the prepared dataset in {directory}"):
            about = read_description(directory, FORMAT)
            table = pd.read_csv(directory / "images.csv")
            stored = np.load(directory / "images.npy", mmap_mode="r")
            check_table(table, stored, about, "images")
            if input_shape[0] > stored.shape[1]:
                raise DataError(
                    f"{directory} keeps images of {stored.shape[1]} pixels, but the network reads {input_shape[0]}; "
                    f"set {about['task']}.data.size to that or more"
                )
            images = view(directory, stored, input_shape)
            return cls(directory, about["task"], tuple(about["labels"]), about["content_hash"], table, images)


def view(directory: Path, stored: np.ndarray, shape: Shape) -> np.ndarray:
    """The stored images (n, s, s, 3) in another shape (size, size, 1 or 3), mapped from a file that is made if need be;
    several may make it at once, the last one's stays."""
    size, _, channels = shape
    if shape == stored.shape[1:]:
        return stored
    path = directory / "views" / f"{size}x{size}x{channels}.npy"
    if not path.is_file():
        made = np.lib.format.open_memmap
        with atomic_file(path) as beside:
            target = made(beside, mode="w+", dtype=np.uint8, shape=(len(stored), *shape))
            for start in range(0, len(stored), _CHUNK_IMAGES):
                chunk = stored[start : start + _CHUNK_IMAGES]
                target[start : start + len(chunk)] = shrink(grey(chunk) if channels == 1 else chunk, size)
            target.flush()
        add_own_file(directory, str(path.relative_to(directory)))
    images = np.load(path, mmap_mode="r")
    if images.shape != (len(stored), *shape):
        raise ValueError(f"{path} has the shape {images.shape}")
    return images
