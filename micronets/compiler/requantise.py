"""Exact strength reduction of requantisation.

TFLM turns an accumulator into an int8 by two roundings and a clamp: a monotone staircase with at most 255 steps. Where
the very same staircase is drawn by

    clamp(offset + high32_rounded((acc + nudge) * factor), -128, 127),    high32_rounded(p) = floor((p + 2**31) / 2**32)

the kernel needs one multiply-accumulate (SMMLAR) and one saturation per output instead of six instructions. For every
channel the steps' exact positions are computed, and (factor, nudge, offset) searched so that all of them agree; a
channel for which none is found keeps TFLM's own sequence. `nudge` goes into the bias.
"""

from dataclasses import dataclass

import numpy as np

from micronets.compiler.arithmetic import wrap32
from micronets.compiler.steps import Requantisation

_LARGEST_OFFSET = 4000
_LARGEST_NUDGED = (1 << 31) - 1


@dataclass(frozen=True)
class FastRequantisation:
    """Int64 arrays, one entry per channel."""

    factors: np.ndarray
    nudges: np.ndarray
    offsets: np.ndarray


def requantise(values: np.ndarray, multipliers: np.ndarray, shifts: np.ndarray, q: Requantisation) -> np.ndarray:
    """TFLM's requantisation of int64 `values`; multipliers and shifts broadcast against them."""
    left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    high = (wrap32(values << left) * multipliers + (1 << 30)) >> 31
    half = np.where(right > 0, (np.int64(1) << np.maximum(right - 1, 0)) - (high < 0), 0)
    return np.clip(((high + half) >> right) + q.zero_point, q.low, q.high)


def thresholds(q: Requantisation, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Least accumulator in [low, high] that gives at least q.low + 1, ..., q.high; high + 1 where none does.

    Args:
        low, high: int64 (channels,), the accumulators' bounds; the left-shifted values must fit int32.

    Returns:
        Int64 (channels, q.high - q.low).
    """
    levels = np.arange(q.low + 1, q.high + 1, dtype=np.int64)[None, :]
    below = np.broadcast_to(low[:, None] - 1, (len(low), levels.shape[1])).copy()
    above = np.broadcast_to(high[:, None] + 1, below.shape).copy()
    multipliers, shifts = q.multipliers[:, None], q.shifts[:, None]
    while np.any(above - below > 1):
        middle = (below + above) >> 1
        reached = requantise(middle, multipliers, shifts, q) >= levels
        open_ = above - below > 1
        above = np.where(open_ & reached, middle, above)
        below = np.where(open_ & ~reached, middle, below)
    return above


def fit(q: Requantisation, low: np.ndarray, high: np.ndarray, largest: np.ndarray) -> FastRequantisation | None:
    """The fast form of every channel, or None where one has none.

    Args:
        low, high: int64 (channels,), bounds of the accumulators with their bias.
        largest: int64 (channels,), greatest magnitude the nudged accumulator may have.
    """
    channels = len(q.multipliers)
    if (q.low, q.high) != (-128, 127) or np.any(q.shifts > -1) or np.any(q.multipliers == 0):
        return None
    steps = thresholds(q, low, high)
    levels = np.arange(q.low + 1, q.high + 1, dtype=np.int64)[None, :]
    inside = (steps > low[:, None]) & (steps <= high[:, None])
    # Steps at or below `low` must be reached at `low`; steps above `high` must not be reached at `high`.
    reached_at = np.where(steps <= high[:, None], np.maximum(steps, low[:, None]), 0)
    not_before = np.where(inside, steps - 1, high[:, None])
    needs_lower = steps <= high[:, None]
    needs_upper = inside | (steps > high[:, None])
    one = np.int64(1) << 32
    best_width = np.full(channels, -1, np.int64)
    best = np.zeros((3, channels), np.int64)
    exact = q.multipliers.astype(np.float64) * np.exp2(q.shifts.astype(np.float64) + 1)
    base = np.round(exact).astype(np.int64)
    # A slope's steps wander by base * 2**-24 accumulators per unit and 2**24 accumulators: finer needs no trying.
    unit = np.maximum(base >> 24, 1)
    for change in (0, 1, -1, 2, -2, 3, -3, 5, -5, 8, -8):
        factor = base + change * unit
        usable = (factor > 0) & (factor < (1 << 31))
        least = np.where(needs_lower, levels * one - reached_at * factor[:, None], -(1 << 62)).max(axis=1)
        limit = np.where(needs_upper, levels * one - not_before * factor[:, None], 1 << 62).min(axis=1)
        width = np.where(usable, limit - least, -1)
        better = width > best_width
        best_width = np.where(better, width, best_width)
        best[:, better] = np.stack([factor, least, limit])[:, better]
    if np.any(best_width <= 0):
        return None
    return _split_intercepts(best[0], best[1], best[2], low, high, largest)


def _split_intercepts(
    factors: np.ndarray, least: np.ndarray, limit: np.ndarray, low: np.ndarray, high: np.ndarray, largest: np.ndarray
) -> FastRequantisation | None:
    """Writes an intercept in [least, limit) as nudge * factor + 2**31 + offset * 2**32, for the smallest |offset|."""
    nudges = np.zeros_like(factors)
    offsets = np.zeros_like(factors)
    missing = np.ones(len(factors), bool)
    for size in range(_LARGEST_OFFSET):
        for offset in (size, -size):
            nudge = -((-(least - (1 << 31) - (offset << 32))) // factors)
            intercept = nudge * factors + (1 << 31) + (offset << 32)
            fits = missing & (intercept < limit)
            fits &= np.maximum(np.abs(low + nudge), np.abs(high + nudge)) <= np.minimum(largest, _LARGEST_NUDGED)
            nudges[fits], offsets[fits] = nudge[fits], offset
            missing &= ~fits
        if not missing.any():
            return FastRequantisation(factors, nudges, offsets)
    return None
