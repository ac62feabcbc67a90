"""What features of sounds share: the window, the triangular bands, and where these lie."""

import numpy as np


def periodic_hann(samples: int) -> np.ndarray:
    """The periodic Hann window, 0.5 - 0.5 cos(2 pi n / N), float32 of shape (samples,)."""
    phase = 2 * np.pi * np.arange(samples) / samples
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


def triangles(positions: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Triangles of height 1, each from one edge over the next to the one after it.

    Args:
        positions: where they are wanted, (positions,), in the unit in which their sides are straight.
        edges: rising, (bands + 2,), in the same unit.

    Returns:
        float64 of shape (positions, bands).
    """
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    place = positions[:, None]
    return np.maximum(np.minimum((place - left) / (centre - left), (right - place) / (right - centre)), 0)


def hertz_to_htk_mel(frequency_hz: float | np.ndarray) -> np.ndarray:
    """The HTK mel scale, 1127 ln(1 + f / 700)."""
    return 1127 * np.log1p(np.asarray(frequency_hz, dtype=np.float64) / 700)
