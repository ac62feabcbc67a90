"""Accuracy with its interval, and the truth on its way through a file."""

import math

import numpy as np
import pytest

from micronets.evaluation import ClassTruth, Score, pack_truth, unpack_truth
from micronets.evaluation.classes import share_score


@pytest.mark.parametrize(("share", "count"), [(0.5, 10), (0.9, 480), (0.0, 25), (1.0, 25), (0.853, 4890)])
def test_interval_bounds_solve_wilsons_equation(share, count):
    z = 1.959963984540054  # 97.5 % quantile of the normal distribution
    right = round(share * count)
    score = share_score(right, count)
    for bound in (score.low, score.high):
        distance = abs(right / count - bound)
        assert distance == pytest.approx(z * math.sqrt(bound * (1 - bound) / count), abs=1e-9)


def test_interval_of_a_well_known_example():
    score = share_score(8, 10)
    assert score.value == 0.8
    assert (score.low, score.high) == (pytest.approx(0.4902, abs=5e-5), pytest.approx(0.9433, abs=5e-5))


def test_accuracy_takes_the_first_of_equal_logits():
    outputs = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [5.0, 1.0, 1.0]])
    assert ClassTruth(np.array([0, 2, 0])).scores(np.zeros((3, 1)), outputs)["accuracy"].value == 2 / 3


def test_truth_survives_a_file_and_a_selection(tmp_path):
    np.savez(tmp_path / "a.npz", inputs=np.zeros(4), **pack_truth(ClassTruth(np.array([3, 1, 0, 1]))))
    with np.load(tmp_path / "a.npz") as archive:
        truth = unpack_truth(archive)
    assert (len(truth), truth.metric) == (4, "accuracy")
    np.testing.assert_array_equal(truth.select(np.array([0, 3])).classes, [3, 1])


def test_no_truth_in_a_file_is_an_error():
    with pytest.raises(KeyError):
        unpack_truth({"inputs": np.zeros(3)})


@pytest.mark.parametrize("content", [{"value": 2, "low": 0, "high": 3}, {"value": 0.5, "low": 0.6, "high": 0.7}])
def test_impossible_scores_are_refused(content):
    with pytest.raises(ValueError, match="no share"):
        Score.from_json(content)
