"""Requantisation against the definition in rational numbers, and its fast form against that."""

from fractions import Fraction

import numpy as np
import pytest

from micronets.compiler.arithmetic import multiply_by_quantised_multiplier, quantise_multiplier
from micronets.compiler.requantise import fit, requantise, thresholds
from micronets.compiler.steps import Requantisation


def _twice_rounded(value: int, multiplier: int, shift: int) -> int:
    """First to a whole number, halves upwards; then by the power of two, halves away from zero."""
    first = (Fraction(value * 2 ** max(shift, 0) * multiplier, 2**31) + Fraction(1, 2)).__floor__()
    second = Fraction(first, 2 ** max(-shift, 0))
    rounded = (abs(second) + Fraction(1, 2)).__floor__()
    return rounded if second >= 0 else -rounded


@pytest.mark.parametrize("real", [1e-9, 0.0003, 0.0117, 0.25, 0.49999, 0.5, 0.731, 1.0, 1.9, 37.5])
def test_multiplication_is_rounded_twice(real):
    multiplier, shift = quantise_multiplier(real)
    assert abs(multiplier * 2.0 ** (shift - 31) / real - 1) < 1e-9
    random = np.random.default_rng(3)
    for value in [0, 1, -1, *random.integers(-(1 << 20), 1 << 20, 300).tolist()]:
        expected = _twice_rounded(value, multiplier, shift)
        assert multiply_by_quantised_multiplier(value, multiplier, shift) == expected


@pytest.mark.parametrize("shift", [2, 0, -1, -5, -12])
def test_arrays_are_rounded_twice_and_clamped(shift):
    """Halves of both signs, which random values hardly meet, among them."""
    multiplier = 1 << 30  # a half: odd multiples of what it is shifted by are halves again
    values = np.arange(-3000, 3001, dtype=np.int64) * (1 << max(-shift - 4, 0))
    q = Requantisation(multipliers=np.array([multiplier]), shifts=np.array([shift]), zero_point=3, low=-128, high=127)
    expected = [min(max(_twice_rounded(value, multiplier, shift) + 3, -128), 127) for value in values.tolist()]
    assert requantise(values, q.multipliers, q.shifts, q).tolist() == expected


def _random(random: np.random.Generator, channels: int, zero_point: int) -> Requantisation:
    pairs = [quantise_multiplier(float(real)) for real in np.exp(random.uniform(-9, -2, channels))]
    return Requantisation(
        multipliers=np.array([m for m, _ in pairs]),
        shifts=np.array([s for _, s in pairs]),
        zero_point=zero_point,
        low=-128,
        high=127,
    )


def test_thresholds_are_where_the_output_steps():
    random = np.random.default_rng(5)
    q = _random(random, 6, -20)
    low, high = np.full(6, -50_000), np.full(6, 50_000)
    steps = thresholds(q, low, high)
    for channel in range(6):
        multiplier, shift = q.multipliers[channel], q.shifts[channel]
        every = np.arange(-50_000, 50_001)
        outputs = requantise(every, multiplier, shift, q)
        for level in range(-127, 128):
            reached = np.flatnonzero(outputs >= level)
            expected = every[reached[0]] if len(reached) else 50_001
            assert steps[channel, level + 127] == expected


@pytest.mark.parametrize("zero_point", [-128, -100])
def test_fast_form_is_exact_for_every_accumulator(zero_point):
    random = np.random.default_rng(zero_point + 500)
    found = 0
    for _ in range(12):
        q = _random(random, 1, zero_point)
        reach = int(min(300_000, 40 * 2.0 ** -q.shifts[0] * 8))
        low, high = np.array([-reach]), np.array([reach])
        fast = fit(q, low, high, np.array([(1 << 31) - 1]))
        if fast is None:
            continue
        found += 1
        every = np.arange(-reach, reach + 1)
        high_part = ((every + fast.nudges[0]) * fast.factors[0] + (1 << 31)) >> 32
        outputs = np.clip(high_part + fast.offsets[0], -128, 127)
        assert np.array_equal(outputs, requantise(every, q.multipliers[0], q.shifts[0], q))
    # With the zero point at the lower end hardly any channel is without a fast form.
    assert found >= (9 if zero_point == -128 else 0)


def test_no_fast_form_is_better_than_a_wrong_one():
    """A clamp narrower than int8 and multipliers of one half and more are refused."""
    q = _random(np.random.default_rng(1), 1, -128)
    q.high = 100
    bounds = np.array([-1000]), np.array([1000])
    assert fit(q, *bounds, np.array([1 << 30])) is None
    multiplier, shift = quantise_multiplier(0.75)
    large = Requantisation(
        multipliers=np.array([multiplier]), shifts=np.array([shift]), zero_point=0, low=-128, high=127
    )
    assert fit(large, *bounds, np.array([1 << 30])) is None


@pytest.mark.parametrize("smallest", [-3.0, -9.0, -28.0])
def test_small_offsets_draw_the_same_staircase_of_shifted_accumulators(smallest):
    """Multipliers of which a factor is no more than a few units, or none, among them."""
    random = np.random.default_rng(6)
    drawn = 0
    for _ in range(30):
        pairs = [quantise_multiplier(float(real)) for real in np.exp(random.uniform(smallest, smallest + 2, 3))]
        multipliers, shifts = (np.array(values) for values in zip(*pairs, strict=True))
        q = Requantisation(multipliers=multipliers, shifts=shifts, zero_point=-128, low=-128, high=127)
        low, high = np.full(3, -3000), np.full(3, 3000)
        found = fit(q, low, high, np.full(3, (1 << 31) - 1), left_shift=4, largest_offset=127)
        if found is None:
            continue
        drawn += 1
        every = np.arange(-3000, 3001, dtype=np.int64)[:, None]
        rounded = ((16 * every + found.nudges) * found.factors + (1 << 31)) >> 32
        assert np.abs(found.offsets).max() <= 127
        assert np.array_equal(np.clip(rounded + found.offsets, -128, 127), requantise(every, multipliers, shifts, q))
    assert drawn > 0 or smallest < -9
