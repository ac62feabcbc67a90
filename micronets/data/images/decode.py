"""Decodes photographs to one size."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS = 64_000_000

Box = tuple[float, float, float, float]


class ImageRejected(Exception):
    """A file that cannot be used, with the reason."""


def decode(path: Path, columns: int, rows: int | None = None, box: Box = (0, 0, 1, 1)) -> np.ndarray:
    """The photograph as uint8 (rows, columns, 3), RGB, turned upright and stretched; without `rows` to a square.

    Args:
        box: left, upper, right and lower edge of the part that is wanted, as shares of width and height.

    Raises ImageRejected where it is missing, empty, cut off, no image, or far too large.
    """
    size = (columns, rows or columns)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata; what cannot be decoded raises
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ImageRejected(f"has {image.width} x {image.height} pixels")
                # JPEG: decodes at a fraction of the size, still above ours
                image.draft("RGB", (2 * size[0], 2 * size[1]))
                upright = ImageOps.exif_transpose(image).convert("RGB")
                width, height = upright.size
                part = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
                return np.asarray(upright.resize(size, Image.Resampling.BILINEAR, part, reducing_gap=2.0))
    except FileNotFoundError:
        raise ImageRejected("is not there") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageRejected(f"is no readable image ({error})".replace(str(path), "the file")) from None


def decode_all(root: Path, paths: list[str], size: int) -> tuple[np.ndarray, list[int], list[tuple[str, str]]]:
    """Images uint8 (usable, size, size, 3), the places of the usable paths, and (path, reason) of the others."""
    images, usable, rejected = [], [], []
    for index, path in enumerate(paths):
        try:
            images.append(decode(root / path, size))
            usable.append(index)
        except ImageRejected as reason:
            rejected.append((path, str(reason)))
    return np.stack(images) if images else np.zeros((0, size, size, 3), np.uint8), usable, rejected
