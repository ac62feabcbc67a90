"""Smaller and grey images in whole numbers, so that a device can do the very same."""

import numpy as np

LUMA = (19595, 38470, 7471)
"""Weights of red, green and blue in ITU-R BT.601's luma (0.299, 0.587, 0.114) times 65536; they add up to it."""


def grey(images: np.ndarray) -> np.ndarray:
    """uint8 (n, h, w, 3) → (n, h, w, 1): luma, rounded."""
    wide = images.astype(np.uint32)
    luma = (LUMA[0] * wide[..., 0] + LUMA[1] * wide[..., 1] + LUMA[2] * wide[..., 2] + 32768) >> 16
    return luma.astype(np.uint8)[..., None]


def shrink(images: np.ndarray, size: int) -> np.ndarray:
    """uint8 (n, s, s, c) → (n, size, size, c), size at most s: every pixel the mean of the area it covers, rounded.

    The areas' borders fall between pixels, which then count in part: exactly, in units of 1/size of a pixel.
    """
    source = images.shape[1]
    if size == source:
        return images
    # Sums are whole numbers of at most 255 * source**2: below 2**24, every one of them is exact in float32.
    exact = np.dtype(np.float32 if 255 * source**2 < 1 << 24 else np.float64)
    weights = area_weights(source, size).astype(exact)
    rows = np.tensordot(images.astype(exact), weights, axes=([1], [1]))  # n, w, c, size
    both = np.tensordot(rows, weights, axes=([1], [1]))  # n, c, rows, columns
    total = source * source
    return ((both.astype(np.int64) + total // 2) // total).astype(np.uint8).transpose(0, 2, 3, 1)


def area_weights(source: int, size: int) -> np.ndarray:
    """Float64 (size, source) of whole numbers: how much of every source pixel lies in every target pixel, in units of
    1/size of a source pixel; rows add up to `source`."""
    borders = np.arange(size + 1) * source  # in units of 1/size source pixel
    left = np.maximum(borders[:-1, None], np.arange(source)[None] * size)
    right = np.minimum(borders[1:, None], (np.arange(source)[None] + 1) * size)
    return np.maximum(right - left, 0).astype(np.float64)
