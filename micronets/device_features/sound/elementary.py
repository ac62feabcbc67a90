"""Square root and logarithm of 64-bit integers by table and interpolation: the tables, and the arithmetic in numpy.

A number is shifted up until its highest bit (for the square root: one of its two highest) is set. Its next bits choose
an interval of the table, the 15 or 16 after those the place in it. The interpolation is wrong by at most 3.1e-5 of
the square root and 4.5e-5 of the binary logarithm.
"""

import numpy as np

_SQRT_FIRST, _SQRT_BITS, _SQRT_PLACE_BITS = 32, 7, 15
_LOG_BITS, _LOG_PLACE_BITS = 6, 16


def sqrt_table() -> np.ndarray:
    """uint32 (96,): 65535 sqrt(i / 128) at i = 32 ... 127 from bit 15 on, the step to the next entry in bits 0 to 10.

    The step is left in when the entry is used: it changes no more than a millionth of the root.
    """
    ends = np.rint(65535 * np.sqrt(np.arange(_SQRT_FIRST, 129) / 128)).astype(np.uint32)
    return ends[:-1] << np.uint32(_SQRT_PLACE_BITS) | np.diff(ends)


def log2_table() -> np.ndarray:
    """uint32 (64,): 65536 log2(1 + i / 64) below, the step to the next entry above bit 16."""
    ends = np.rint(65536 * np.log2(1 + np.arange((1 << _LOG_BITS) + 1) / (1 << _LOG_BITS))).astype(np.uint32)
    return ends[:-1] | np.diff(ends) << np.uint32(16)


_SQRT, _LOG2 = sqrt_table().astype(np.int64), log2_table().astype(np.int64)


def leading_zeros(values: np.ndarray) -> np.ndarray:
    """Of positive int64 values as 64-bit words."""
    high = values >> 32
    word = np.where(high > 0, high, values)
    return np.where(high > 0, 32, 64) - np.frexp(word.astype(np.float64))[1]


def square_root(values: np.ndarray) -> np.ndarray:
    """Of int64 values from 0 to 2^62 - 1."""
    positive = np.maximum(values, 1)
    up = leading_zeros(positive) & ~1
    top = (positive.astype(np.uint64) << up.astype(np.uint64) >> np.uint64(32)).astype(np.int64)
    entry = _SQRT[(top >> (32 - _SQRT_BITS)) - _SQRT_FIRST]
    place = top >> (32 - _SQRT_BITS - _SQRT_PLACE_BITS) & ((1 << _SQRT_PLACE_BITS) - 1)
    root = entry + (entry & 0x7FF) * place
    return np.where(values > 0, root >> ((up >> 1) - 1), 0)


def log2_q16(values: np.ndarray) -> np.ndarray:
    """Binary logarithm of positive int64 values, Q16."""
    up = leading_zeros(values)
    top = (values.astype(np.uint64) << up.astype(np.uint64) >> np.uint64(32)).astype(np.int64)
    entry = _LOG2[top >> (31 - _LOG_BITS) & ((1 << _LOG_BITS) - 1)]
    place = top >> (31 - _LOG_BITS - _LOG_PLACE_BITS) & ((1 << _LOG_PLACE_BITS) - 1)
    return ((63 - up) << 16) + (entry & 0xFFFF) + ((entry >> 16) * place >> _LOG_PLACE_BITS)
