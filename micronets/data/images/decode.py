"""Decodes photographs to one size."""

import contextlib
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from micronets.data.images.png_rows import missing_rows

MOST_PIXELS = 64_000_000
LEAST_SIDE = 8
COCO_FORMATS = ("JPEG", "PNG")
PICTURE_FORMATS = (*COCO_FORMATS, "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")
"""Pillow's decoders for pictures of one's own; others start programs (EPS) or are for no photographs, whatever a file's
name says."""
_UNREADABLE = {".heic", ".heif", ".raw", ".dng", ".cr2", ".nef"}

_DAMAGE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, zlib.error, Image.DecompressionBombError)

Box = tuple[float, float, float, float]


class ImageRejected(Exception):
    """A file that cannot be used, with the reason."""


def decode(
    path: Path,
    columns: int,
    rows: int | None = None,
    box: Box = (0, 0, 1, 1),
    formats: tuple[str, ...] = PICTURE_FORMATS,
) -> np.ndarray:
    """The photograph as uint8 (rows, columns, 3), RGB, turned upright and stretched; without `rows` to a square.

    Args:
        box: left, upper, right and lower edge of the part that is wanted, as shares of width and height.
        formats: Pillow's names of the decoders that the file may reach.

    Raises ImageRejected where it is missing, empty, cut off, no image, or far too large.
    """
    size = (columns, rows or columns)
    with _opened(path, formats) as image:
        # JPEG: decodes at a fraction of the size, still above ours
        image.draft("RGB", (2 * size[0], 2 * size[1]))
        if image.format == "PNG" and (missing := missing_rows(path)):
            raise ImageRejected(f"is cut off: {missing} of its {image.height} rows are missing")
        upright = _in_eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
        left, top, right, bottom = (edge * side for edge, side in zip(box, 2 * upright.size, strict=True))
        part = (left, top, right, bottom)
        return np.asarray(upright.resize(size, Image.Resampling.BILINEAR, part, reducing_gap=2.0))


def size_of(path: Path, formats: tuple[str, ...] = PICTURE_FORMATS) -> tuple[int, int]:
    """Columns and rows of a photograph as it is stored, before it is turned upright; raises as `decode`."""
    with _opened(path, formats) as image:
        return image.size


@contextlib.contextmanager
def _opened(path: Path, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """The image, not decoded yet; what is wrong with it then or later becomes an ImageRejected."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata; what cannot be decoded raises
            with Image.open(path, formats=formats) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ImageRejected(f"has {image.width} x {image.height} pixels")
                if min(image.size) < LEAST_SIDE:
                    raise ImageRejected(f"has {image.width} x {image.height} pixels, too few to show anything")
                yield image
    except FileNotFoundError:
        raise ImageRejected("is not there") from None
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        if path.suffix.lower() in _UNREADABLE:
            raise ImageRejected(f"is of a format that cannot be read; convert {path.suffix} to .jpg or .png") from None
        raise ImageRejected(f"is no readable image ({error})".replace(repr(str(path)), "the file")) from None


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of more than eight bits, which Pillow would cut off at white, scaled; others as they are."""
    if image.mode == "F":
        raise ImageRejected("has pixels in floating point; convert it to 8 bits")
    if not image.mode.startswith("I"):
        return image
    pixels = np.asarray(image).astype(np.float64)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ImageRejected("has pixels of more than 16 bits; convert it to 8 bits")
    return Image.fromarray(np.rint(pixels / 257).astype(np.uint8))


def count_smaller(root: Path, paths: list[str], size: int, formats: tuple[str, ...]) -> int:
    """How many readable photographs have a side of fewer than `size` pixels."""
    smaller = 0
    for path in paths:
        with contextlib.suppress(ImageRejected):
            smaller += min(size_of(root / path, formats)) < size
    return smaller


def decode_all(
    root: Path, paths: list[str], size: int, formats: tuple[str, ...] = PICTURE_FORMATS
) -> tuple[np.ndarray, list[int], list[tuple[str, str]]]:
    """Images uint8 (usable, size, size, 3), the places of the usable paths, and (path, reason) of the others."""
    images, usable, rejected = [], [], []
    for index, path in enumerate(paths):
        try:
            images.append(decode(root / path, size, formats=formats))
            usable.append(index)
        except ImageRejected as reason:
            rejected.append((path, str(reason)))
    return np.stack(images) if images else np.zeros((0, size, size, 3), np.uint8), usable, rejected
