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
# Of a factor, in units, the likeliest first.
_CHANGES = np.array((0, 1, -1, 2, -2, 3, -3, 5, -5, 8, -8), np.int64)
_LARGEST_NUDGED = (1 << 31) - 1
# As far as the rounded high word of any int32 and a multiplier, doubled, goes.
_LARGEST_WORD = 1 << 31


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
        q: its multipliers above zero.
        low, high: int64 (channels,), the accumulators' bounds; the left-shifted values must fit int32.

    Returns:
        Int64 (channels, q.high - q.low).
    """
    levels = np.arange(q.low + 1, q.high + 1, dtype=np.int64)[None, :] - q.zero_point
    multipliers = q.multipliers.astype(np.int64)[:, None]
    left, right = np.maximum(q.shifts, 0)[:, None], np.maximum(-q.shifts, 0)[:, None]
    # Halves are rounded away from zero: the high word of a product that rounds to a level is its half or, below
    # zero, at least one more.
    half = np.where(right > 0, np.int64(1) << np.maximum(right - 1, 0), 0)
    word = (levels << right) - half
    word = np.clip(word + ((word < 0) & (right > 0)), -_LARGEST_WORD, _LARGEST_WORD)
    shifted = -(((1 << 30) - (word << 31)) // multipliers)
    return np.clip(-(-shifted >> left), low[:, None], high[:, None] + 1)


def fit(
    q: Requantisation,
    low: np.ndarray,
    high: np.ndarray,
    largest: np.ndarray,
    left_shift: int = 0,
    largest_offset: int | None = None,
) -> FastRequantisation | None:
    """The fast form of every channel, or None where one has none.

    Args:
        low, high: int64 (channels,), bounds of the accumulators with their bias.
        largest: int64 (channels,), greatest magnitude the nudged accumulator may have.
        left_shift: of accumulators before the multiplication, by which multipliers of a half and more fit, too.
        largest_offset: greatest magnitude an offset may have; nudges, and `largest`, are then those of shifted
            accumulators.
    """
    if (q.low, q.high) != (-128, 127) or np.any(q.shifts > left_shift - 1) or np.any(q.multipliers == 0):
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
    exact = q.multipliers.astype(np.float64) * np.exp2(q.shifts.astype(np.float64) + 1 - left_shift)
    base = np.round(exact).astype(np.int64)
    # A slope's steps wander by base * 2**-24 accumulators per unit and 2**24 accumulators: finer needs no trying.
    unit = np.maximum(base >> 24, 1)
    # Where a bound is not needed, one that binds nothing, whatever the factor.
    lower, upper = np.where(needs_lower, levels * one, -(1 << 62)), np.where(needs_upper, levels * one, 1 << 62)
    reached_at, not_before = np.where(needs_lower, reached_at, 0), np.where(needs_upper, not_before, 0)
    # Of the accumulators as they are.
    factors = (base + _CHANGES[:, None] * unit) << left_shift
    least, limit = np.empty_like(factors), np.empty_like(factors)
    for number, factor in enumerate(factors[:, :, None]):
        least[number] = (lower - reached_at * factor).max(axis=1)
        limit[number] = (upper - not_before * factor).min(axis=1)
    width = np.where((factors > 0) & (factors < (1 << (31 + left_shift))), limit - least, -1)
    # By the room that they leave, the most first.
    order = np.argsort(-width, axis=0, kind="stable")
    if largest_offset is None:
        order, largest_offset, nudged_by = order[:1], _LARGEST_OFFSET - 1, 0
    else:
        nudged_by = left_shift
    found = FastRequantisation(*(np.zeros_like(base) for _ in range(3)))
    missing = np.arange(len(base))
    for rank in order:
        chosen = rank[missing], missing
        if np.any(width[chosen] <= 0):
            return None
        splits = _split_intercepts(
            factors[chosen] >> nudged_by,
            least[chosen],
            limit[chosen],
            low[missing] << nudged_by,
            high[missing] << nudged_by,
            largest[missing],
            largest_offset,
        )
        found.factors[missing] = factors[chosen] >> left_shift
        found.nudges[missing], found.offsets[missing] = splits.nudges, splits.offsets
        missing = missing[splits.missing]
        if not len(missing):
            return found
    return None


@dataclass(frozen=True)
class _Splits:
    """Of intercepts; `missing`: bool, where there is none."""

    nudges: np.ndarray
    offsets: np.ndarray
    missing: np.ndarray


def _split_intercepts(
    factors: np.ndarray,
    least: np.ndarray,
    limit: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    largest: np.ndarray,
    largest_offset: int,
) -> _Splits:
    """Writes an intercept in [least, limit) as nudge * factor + 2**31 + offset * 2**32, for the smallest |offset|."""
    nudges = np.zeros_like(factors)
    offsets = np.zeros_like(factors)
    missing = np.ones(len(factors), bool)
    for size in range(largest_offset + 1):
        for offset in (size, -size):
            nudge = -((-(least - (1 << 31) - (offset << 32))) // factors)
            intercept = nudge * factors + (1 << 31) + (offset << 32)
            fits = missing & (intercept < limit)
            fits &= np.maximum(np.abs(low + nudge), np.abs(high + nudge)) <= np.minimum(largest, _LARGEST_NUDGED)
            nudges[fits], offsets[fits] = nudge[fits], offset
            missing &= ~fits
        if not missing.any():
            break
    return _Splits(nudges, offsets, missing)
