"""The form of requantisation a layer's kernel uses, and its constants (micronets_dsp.h, enum mn_form)."""

from dataclasses import dataclass

import numpy as np

from micronets.compiler.requantise import fit
from micronets.compiler.steps import Requantisation

_LARGEST_ROUNDED = 1 << 29
_LONGEST_ROUNDED_SHIFT = 22


@dataclass(frozen=True)
class Form:
    name: str
    """`fast`, `shifted` (to the left before the multiplication), `rounded`, `clamped` (rounded, other bounds than
    int8's) or `general`."""
    nudges: np.ndarray
    """Int64 per channel, to be added to the bias."""
    factors: np.ndarray
    constants: np.ndarray
    """Int64 per channel: offsets (fast, shifted) or rounding constants (rounded, clamped)."""
    shifts: np.ndarray

    @property
    def arguments(self) -> str:
        """Of C functions that are instantiated for a form: its `enum mn_form`, and whether outputs are clamped."""
        return {
            "fast": "MN_FAST, 0",
            "rounded": "MN_ROUNDED, 0",
            "clamped": "MN_ROUNDED, 1",
            "general": "MN_GENERAL, 1",
        }[self.name]

    def pair_words(self, pair: int) -> list[int]:
        """The stream's words behind the lanes of output channels 2 * pair and 2 * pair + 1."""
        a, b = 2 * pair, 2 * pair + 1
        words = [int(self.factors[a]), int(self.factors[b])]
        if self.name == "fast":
            return [*words, pack_halves(int(self.constants[a]), int(self.constants[b]))]
        if self.name in ("rounded", "clamped"):
            words += [int(self.constants[a]), int(self.constants[b])]
        return [*words, pack_halves(int(self.shifts[a]), int(self.shifts[b]))]


def pack_halves(low: int, high: int) -> int:
    """Two int16 in one int32."""
    word = (low & 0xFFFF) | ((high & 0xFFFF) << 16)
    return word - (1 << 32) if word >> 31 else word


def choose_form(q: Requantisation, low: np.ndarray, high: np.ndarray, largest: np.ndarray, left_shift: int = 0) -> Form:
    """The cheapest form that is exact for accumulators (bias included) in [low, high].

    Args:
        low, high: int64 (channels,).
        largest: int64 (channels,), greatest magnitude an accumulator with its nudge may have.
        left_shift: of the form `shifted`; 0: it is `fast`.
    """
    shifts = np.full(len(q.multipliers), left_shift, np.int64)
    fast = fit(q, low, high, largest >> left_shift, left_shift)
    if fast is not None:
        return Form("shifted" if left_shift else "fast", fast.nudges, fast.factors, fast.offsets, shifts)
    return rounded_form(q, low, high) or general_form(q)


def rounded_form(q: Requantisation, low: np.ndarray, high: np.ndarray) -> Form | None:
    """The form `rounded` or `clamped`; None where it is not exact for accumulators in [low, high]."""
    right = -q.shifts
    small = np.maximum(np.abs(low), np.abs(high)) < _LARGEST_ROUNDED
    if np.any(right < 1) or np.any(right > _LONGEST_ROUNDED_SHIFT) or not small.all():
        return None
    constants = (np.int64(1) << (right - 1)) + (np.int64(q.zero_point) << right)
    name = "rounded" if (q.low, q.high) == (-128, 127) else "clamped"
    return Form(name, np.zeros(len(right), np.int64), q.multipliers, constants, right)


def general_form(q: Requantisation) -> Form:
    """The form that is exact for all accumulators."""
    zeros = np.zeros(len(q.multipliers), np.int64)
    return Form("general", zeros, q.multipliers, zeros, q.shifts)


def extended(values: np.ndarray, count: int) -> np.ndarray:
    """Repeats the last entry up to `count` entries."""
    return np.concatenate([values, np.repeat(values[-1:], count - len(values), axis=0)])
