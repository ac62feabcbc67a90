import math

import numpy as np

from micronets.device_features.sound.elementary import leading_zeros, log2_q16, square_root


def some_integers(bits: int) -> np.ndarray:
    """All up to 5,000, neighbours of powers of two, and random ones of every length."""
    generator = np.random.default_rng(bits)
    powers = [(1 << power) + near for power in range(2, bits) for near in (-1, 0, 1)]
    lengths = generator.integers(1, bits + 1, 20_000)
    drawn = [int(generator.integers(0, 1 << int(length))) for length in lengths]
    return np.array([*range(1, 5000), *powers, *drawn, (1 << bits) - 1], np.int64)


def test_leading_zeros() -> None:
    values = np.maximum(some_integers(62), 1)
    assert leading_zeros(values).tolist() == [64 - int(value).bit_length() for value in values]


def test_square_root() -> None:
    values = some_integers(62)
    roots = square_root(values)
    exact = np.array([math.isqrt(int(value)) for value in values])
    assert np.all(np.abs(roots - exact) <= 1 + 5e-5 * exact)
    assert np.all(np.abs(roots[exact > 1e5] / np.sqrt(values[exact > 1e5].astype(np.float64)) - 1) < 5e-5)
    assert square_root(np.zeros(1, np.int64))[0] == 0


def test_logarithm() -> None:
    values = np.maximum(some_integers(62), 1)
    exact = np.array([math.log2(int(value)) for value in values])
    assert np.max(np.abs(log2_q16(values) / 65536 - exact)) < 7e-5
