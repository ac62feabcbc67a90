"""Smoothing and detection against what their definitions say, one inference after the other."""

import math
from fractions import Fraction

import numpy as np
import pytest

from micronets.errors import ConfigurationError
from micronets.keyword_spotter.detector import detect, exponentials, posteriors
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.settings import DetectorSettings

LABELS = ("yes", "no", "_silence_", "_unknown_")


def settings(**changed) -> DetectorSettings:
    return DetectorSettings.of(SpotOptions(**changed), LABELS, hop_ms=20)


def test_options_become_hops_inferences_and_sums():
    found = settings(step_ms=100, smoothing_ms=500, threshold=0.7, refractory_ms=1500)
    assert (found.step_hops, found.window, found.refractory) == (5, 5, 15)
    assert found.threshold_sum == 896  # 0.7 x 256 x 5 exactly
    assert settings(threshold=0.701).threshold_sum == 898
    assert found.keywords == (True, True, False, False)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"step_ms": 0}, "spot.step_ms is 0"),
        ({"smoothing_ms": 250}, "spot.smoothing_ms is 250; it must be a multiple of spot.step_ms"),
        ({"refractory_ms": 1510}, "spot.refractory_ms is 1510"),
        ({"smoothing_ms": 25700}, "at most 25600"),
        ({"threshold": 1.0}, "spot.threshold is 1.0"),
        ({"tolerance_ms": -1}, "spot.tolerance_ms is -1"),
        ({"minutes": 0.0}, "spot.minutes is 0.0"),
        ({"noise_volume": -0.1}, "spot.noise_volume is -0.1"),
        ({"step_ms": 50, "smoothing_ms": 500}, "multiple of the features' hop, 20 ms"),
    ],
)
def test_settings_that_cannot_be_kept(changed, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        settings(**changed)


def test_outputs_of_a_softmax_are_posteriors():
    assert posteriors(np.array([[-128, 0, 127]], np.int8), None).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize("scale", [0.02, 0.1, 0.5])
def test_posteriors_of_logits_are_their_softmax(scale):
    outputs = np.random.default_rng(1).integers(-128, 128, (500, 12), np.int8)
    real = np.exp(scale * (outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True)))
    expected = np.minimum(256 * real / real.sum(axis=1, keepdims=True), 255)
    found = posteriors(outputs, exponentials(scale))
    assert found.dtype == np.uint8
    # half a step of rounding, and the table's own, 256 / 65536 of a step for each of twelve classes
    assert np.abs(found - expected).max() <= 0.56


def test_a_single_class_takes_everything():
    outputs = np.full((1, 4), -128, np.int8)
    outputs[0, 2] = 127
    assert posteriors(outputs, exponentials(0.5)).tolist() == [[0, 0, 255, 0]]


def by_definition(likely: np.ndarray, options: SpotOptions) -> tuple[list[list[Fraction]], list[int]]:
    """Averages as fractions and detections, from the times of the inferences."""
    window = options.smoothing_ms // options.step_ms
    averages, detected, last_ms = [], [], -math.inf
    for step in range(len(likely)):
        heard = likely[max(0, step - window + 1) : step + 1]
        average = [Fraction(int(heard[:, c].sum()), 256 * window) for c in range(len(LABELS))]
        best = max(range(len(LABELS)), key=lambda c: (average[c], -c))
        now_ms = step * options.step_ms
        enough = average[best] >= Fraction(str(options.threshold)) and best < 2
        if enough and now_ms - last_ms >= options.refractory_ms:
            detected.append(best)
            last_ms = now_ms
        else:
            detected.append(-1)
        averages.append(average)
    return averages, detected


@pytest.mark.parametrize("seed", range(6))
def test_detections_follow_their_definition(seed):
    generator = np.random.default_rng(seed)
    options = SpotOptions(
        step_ms=20,
        smoothing_ms=20 * int(generator.integers(1, 9)),
        threshold=float(generator.choice([0.3, 0.5, 0.625, 0.8])),
        refractory_ms=20 * int(generator.integers(1, 12)),
    )
    favourite = np.repeat(generator.integers(4, size=50), 8)
    outputs = generator.integers(-128, -64, (400, 4), np.int8)
    outputs[np.arange(400), favourite] = generator.choice([0, 32, 127], 400)
    likely = posteriors(outputs, None)
    found = DetectorSettings.of(options, LABELS, 20)
    sums, detected = detect(likely, found)
    averages, expected = by_definition(likely, options)
    assert sums.tolist() == [[256 * found.window * share for share in row] for row in averages]
    assert detected.tolist() == expected
    assert max(expected) >= 0


def test_the_longest_window_does_not_overflow():
    found = settings(step_ms=20, smoothing_ms=256 * 20, refractory_ms=20, threshold=0.99)
    likely = np.zeros((600, 4), np.uint8)
    likely[:, 0] = 255
    sums, detected = detect(likely, found)
    assert sums.max() == 255 * 256
    # 254 inferences of 255 are the first 0.99 of 256 x 256
    assert np.flatnonzero(detected == 0)[0] == math.ceil(0.99 * 256 * 256 / 255) - 1
