"""Areas under the ROC curve against scikit-learn and against their definitions; scores of clips."""

import math

import numpy as np
import pytest

from micronets.evaluation import AnomalyTruth, Score, pack_truth, unpack_truth
from micronets.evaluation.roc import area, area_score, mean_score, partial_area, partial_area_score

IDS = np.array(["fan_00", "fan_02", "slider_00"])


def draw(seed: int, normal: int, anomalous: int, steps: int | None) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    scores = generator.normal(0, 1, normal), generator.normal(1, 1.5, anomalous)
    return scores if steps is None else tuple(np.round(values * steps) for values in scores)


@pytest.mark.parametrize("steps", [None, 1, 4])
@pytest.mark.parametrize(("normal", "anomalous"), [(1, 1), (3, 2), (9, 40), (10, 10), (11, 5), (200, 120)])
def test_areas_are_those_of_scikit_learn(normal, anomalous, steps):
    metrics = pytest.importorskip("sklearn.metrics")
    for seed in range(5):
        low, high = draw(seed, normal, anomalous, steps)
        truth, scores = np.repeat([0, 1], [normal, anomalous]), np.concatenate([low, high])
        assert area(low, high) == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-12)
        for rate in (0.1, 0.25):
            expected = metrics.roc_auc_score(truth, scores, max_fpr=rate)
            assert partial_area(low, high, rate) == pytest.approx(expected, abs=1e-12)


def test_area_is_the_share_of_pairs_in_order():
    low, high = draw(3, 7, 9, 2)
    pairs = [(b > a) + 0.5 * (b == a) for a in low for b in high]
    assert area(low, high) == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)


def test_partial_area_of_chance_and_of_the_best():
    assert partial_area(np.zeros(20), np.zeros(20), 0.1) == pytest.approx(0.5)
    assert partial_area(np.zeros(20), np.ones(20), 0.1) == pytest.approx(1)


def test_interval_of_an_area_holds_the_true_one_as_often_as_it_says():
    true = 0.5 * (1 + math.erf(1 / 2))  # N(1, 1) beats N(0, 1) with probability Phi(1 / sqrt(2))
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        score = area_score(generator.normal(0, 1, 12), generator.normal(1, 1, 12))
        held += score.low <= true <= score.high
    assert 920 <= held <= 985


@pytest.mark.parametrize(("low", "high"), [(np.zeros(4), np.ones(4)), (np.ones(4), np.zeros(4))])
def test_interval_keeps_its_width_at_the_ends(low, high):
    score = area_score(low, high)
    assert score.value in (0, 1)
    assert 0.4 < score.high - score.low < 0.8


def test_interval_of_a_partial_area_is_repeatable_and_holds_the_value():
    low, high = draw(0, 40, 40, None)
    score = partial_area_score(low, high, 0.1)
    assert score == partial_area_score(low, high, 0.1)
    assert score.low < score.value < score.high


def test_mean_of_equal_scores_is_surer_by_the_root_of_their_number():
    score = mean_score([Score(0.7, 0.5, 0.8)] * 4)
    assert (score.value, score.low, score.high) == (pytest.approx(0.7), pytest.approx(0.6), pytest.approx(0.75))


def truth_of(seed: int = 0, images: int = 3) -> AnomalyTruth:
    generator = np.random.default_rng(seed)
    classes = np.repeat(np.tile(np.arange(3), 20), images)
    anomalous = np.repeat(generator.permutation(np.arange(60) < 30), images)
    return AnomalyTruth(classes.astype(np.int64), np.repeat(np.arange(60), images), anomalous, IDS)


def test_scores_of_a_classifier_are_those_of_the_clips_by_id_machine_and_overall():
    metrics = pytest.importorskip("sklearn.metrics")
    truth = truth_of()
    logits = np.random.default_rng(1).normal(0, 2, (180, 3))
    found = truth.scores(np.zeros((180, 32, 32, 1), np.float32), logits.astype(np.float32))
    odds = np.exp(logits.astype(np.float32).astype(np.float64))
    score = (-odds[np.arange(180), truth.classes] / odds.sum(axis=1)).reshape(60, 3).mean(axis=1)
    clip_class, clip_anomalous = truth.classes[::3], truth.anomalous[::3]
    for kind, rate in (("auc", None), ("pauc", 0.1)):
        expected = [
            metrics.roc_auc_score(clip_anomalous[clip_class == index], score[clip_class == index], max_fpr=rate)
            for index in range(3)
        ]
        for name, value in zip(IDS, expected, strict=True):
            assert found[f"{kind} {name}"].value == pytest.approx(value)
        assert found[f"{kind} fan"].value == pytest.approx((expected[0] + expected[1]) / 2)
        assert found[f"{kind} slider"].value == pytest.approx(expected[2])
        assert found[kind].value == pytest.approx((expected[0] + expected[1]) / 4 + expected[2] / 2)


def test_certain_answers_stay_in_order():
    truth = AnomalyTruth(np.zeros(3, np.int64), np.arange(3), np.array([False, False, True]), IDS)
    logits = np.array([[1000.0, 0, 0], [60.0, 0, 0], [50.0, 0, 0]])
    scores = truth.anomaly_scores(np.zeros((3, 4)), logits)
    assert 0 <= scores[0] < scores[1] < scores[2] < 1e-20


def test_score_of_an_autoencoder_is_its_mean_squared_error():
    truth = truth_of()
    generator = np.random.default_rng(2)
    inputs = generator.normal(0, 1, (180, 1, 1, 8))
    errors = generator.normal(0, 1, (180, 8)) * (1 + 5 * truth.anomalous[:, None])
    expected = [sum(value**2 for value in row) / 8 for row in errors]
    np.testing.assert_allclose(truth.anomaly_scores(inputs, inputs.reshape(180, 8) + errors), expected)
    assert truth.scores(inputs, inputs.reshape(180, 8) + errors)["auc"].value == 1


def test_outputs_of_no_known_kind_are_refused():
    with pytest.raises(ValueError, match="5 outputs"):
        truth_of().scores(np.zeros((180, 4)), np.zeros((180, 5)))


def test_what_cannot_be_known_is_left_out():
    truth, logits = truth_of(), np.random.default_rng(3).normal(0, 1, (180, 3))
    inputs = np.zeros((180, 4))
    normal = np.flatnonzero(~truth.anomalous)
    assert truth.select(normal).scores(inputs[normal], logits[normal]) == {}
    rows = np.flatnonzero(~((truth.classes == 1) & truth.anomalous))
    found = truth.select(rows).scores(inputs[rows], logits[rows])
    assert "auc fan_02" not in found
    assert found["auc fan"].value == found["auc fan_00"].value


def test_order_of_the_outputs_does_not_matter():
    truth, logits = truth_of(), np.random.default_rng(4).normal(0, 1, (180, 3))
    places = np.array([3, 0, 1])
    moved = np.full((180, 6), -1e9)  # two of them for ids that are not here
    moved[:, places] = logits
    inputs = np.zeros((180, 9))
    before, after = truth.scores(inputs, logits), truth.relabelled(places, 6).scores(inputs, moved)
    assert before.keys() == after.keys()
    for name, score in before.items():
        assert score.value == pytest.approx(after[name].value)


def test_truth_survives_a_file(tmp_path):
    np.savez(tmp_path / "a.npz", **pack_truth(truth_of()))
    with np.load(tmp_path / "a.npz") as archive:
        truth = unpack_truth(archive)
    assert (len(truth), truth.metric, list(truth.ids)) == (180, "auc", list(IDS))
    for name, array in truth_of().arrays().items():
        np.testing.assert_array_equal(getattr(truth, name), array)


@pytest.mark.parametrize("seed", range(4))
def test_bounds_lie_as_many_of_their_own_errors_from_the_area_found(seed):
    low, high = draw(seed, 12, 20, None)
    score = area_score(low, high)
    for true in (score.low, score.high):
        q1, q2 = true / (2 - true), 2 * true**2 / (1 + true)  # Hanley and McNeil's, with groups of (12 + 20) / 2
        variance = (true * (1 - true) + 15 * (q1 - true**2) + 15 * (q2 - true**2)) / (12 * 20)
        assert abs(true - score.value) == pytest.approx(1.959963984540054 * math.sqrt(variance), abs=1e-6)
