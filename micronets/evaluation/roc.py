"""Areas under the receiver operating characteristic (ROC), whole and partial, with their intervals."""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np

from micronets.evaluation.score import NORMAL_QUANTILE, Score

_RESAMPLES = 1000
_EDGE = 1e-9  # at 0 and 1 themselves the standard error is 0: not the bounds that are looked for


def area(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """Share of pairs in which the anomalous score is the greater one; equal scores count one half.

    Args:
        normal, anomalous: scores (n,) and (m,), neither empty; higher means more anomalous.
    """
    ordered = np.sort(normal)
    below, up_to = (np.searchsorted(ordered, anomalous, side) for side in ("left", "right"))
    return float((below.sum() + up_to.sum()) / 2 / (len(normal) * len(anomalous)))


def partial_area(normal: np.ndarray, anomalous: np.ndarray, max_false_positive_rate: float) -> float:
    """Area at false positive rates up to `max_false_positive_rate`, standardised so that chance is 0.5 and the best
    is 1 (McClish 1989, as the DCASE challenge and scikit-learn do); straight between thresholds."""
    thresholds = np.unique(np.concatenate([normal, anomalous]))[::-1]
    false_positives = np.append(0, 1 - np.searchsorted(np.sort(normal), thresholds) / len(normal))
    true_positives = np.append(0, 1 - np.searchsorted(np.sort(anomalous), thresholds) / len(anomalous))
    end = np.searchsorted(false_positives, max_false_positive_rate, side="right")
    last = np.interp(max_false_positive_rate, false_positives[end - 1 :], true_positives[end - 1 :])
    x = np.append(false_positives[:end], max_false_positive_rate)
    found = float(np.trapezoid(np.append(true_positives[:end], last), x))
    chance = max_false_positive_rate**2 / 2
    return 0.5 * (1 + (found - chance) / (max_false_positive_rate - chance))


def area_score(normal: np.ndarray, anomalous: np.ndarray) -> Score:
    """`area` with the interval of Newcombe (Statistics in Medicine 25, 2006, method 5): all true areas that lie within
    1.96 of their own standard errors (Hanley and McNeil 1982, with equal group sizes) of the area found. Unlike an
    error estimated at the area found, it does not shrink to nothing at 1."""

    value, pairs = area(normal, anomalous), len(normal) * len(anomalous)
    weight = (len(normal) + len(anomalous)) / 2 - 1

    def error(true: float) -> float:
        spread = 1 + weight * ((1 - true) / (2 - true) + true / (1 + true))
        return NORMAL_QUANTILE * sqrt(true * (1 - true) / pairs * spread)

    low = _rising_root(lambda true: true + error(true) - value, 0, min(value, 1 - _EDGE)) if value > 0 else 0.0
    high = _rising_root(lambda true: true - error(true) - value, max(value, _EDGE), 1) if value < 1 else 1.0
    return Score(value, min(low, value), max(high, value))


def _rising_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where `function`, not positive at `low` and not negative at `high`, is 0: halved down to neighbouring numbers."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return high


def partial_area_score(normal: np.ndarray, anomalous: np.ndarray, max_false_positive_rate: float) -> Score:
    """`partial_area` with the 2.5 and 97.5 % quantiles of a seeded bootstrap that redraws the normal and the anomalous
    scores each by themselves. With a dozen of each it is too narrow, and at 1 it has no width."""
    generator = np.random.default_rng(0)
    value = partial_area(normal, anomalous, max_false_positive_rate)
    redrawn = [
        partial_area(
            generator.choice(normal, len(normal)), generator.choice(anomalous, len(anomalous)), max_false_positive_rate
        )
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(redrawn, [0.025, 0.975])
    return Score(value, min(float(low), value), max(float(high), value))


def mean_score(scores: Sequence[Score]) -> Score:
    """Arithmetic mean of independent scores; its interval by the method of variance estimates recovery (Zou and Donner
    2008): the distances from each value to its bounds add like standard errors."""
    value = sum(score.value for score in scores) / len(scores)
    below = sqrt(sum((score.value - score.low) ** 2 for score in scores)) / len(scores)
    above = sqrt(sum((score.high - score.value) ** 2 for score in scores)) / len(scores)
    return Score(value, max(value - below, 0.0), min(value + above, 1.0))
