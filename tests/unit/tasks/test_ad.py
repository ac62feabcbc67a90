"""Anomaly detection from the configuration's sections to outputs that are scored."""

from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution
from micronets.errors import ConfigurationError, ModelError
from micronets.evaluation import Score, unpack_truth
from micronets.export.evaluate import EvaluationOptions, evaluate
from micronets.export.writer import write_tflite
from micronets.published import PUBLISHED, published_architecture
from micronets.tasks import dataset_description, find_task, open_dataset
from tests.networks import random_network

TASK = find_task("ad")
SMALL = {
    "generated": {"ids": 2, "training_clips": 2, "testing_clips": 2, "clip_s": 2.5},
    "machines": ["rotor"],
    "validation_percent": 50,
}
EVALUATION = EvaluationOptions()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """The directory of a prepared dataset of 12 clips."""
    directory = tmp_path_factory.mktemp("ad") / "data"
    TASK.prepare(SMALL, directory, 1, 1)
    return directory


def test_the_dataset_is_that_of_the_sections(prepared):
    assert dataset_description(prepared)["labels"] == list(TASK.labels(SMALL)) == ["rotor_00", "rotor_02"]
    dataset = open_dataset(prepared, TASK.input_shape)
    stream = TASK.batches(dataset, {"mixup_alpha": 0.0}, 1, 4)
    features, targets = next(iter(stream.epoch(0)))
    assert features.shape == (4, 32, 32, 1) and targets.shape == (4, 2)
    with pytest.raises(ConfigurationError, match="unknown key ad.train.augmentation.noise"):
        TASK.batches(dataset, {"noise": 1}, 1, 4)


def test_networks_for_this_task_find_their_inputs(prepared):
    names = [name for name in PUBLISHED if "-ad-" in name or name.endswith(("-ad", "-ae", "-ae-wide", "-ae-small"))]
    assert len(names) >= 8
    for name in names:
        shape = published_architecture(name).input_shape
        assert open_dataset(prepared, shape).features("testing").shape[1:] == shape


def test_a_network_that_knows_more_ids_is_evaluated_by_their_names(prepared, tmp_path):
    layers = (Convolution(4, (8, 8), (8, 8)), AveragePooling(), Convolution(5, activation="linear"))
    write_tflite(random_network(Architecture("five", (32, 32, 1), layers)), tmp_path / "five.tflite")
    for labels in (("rotor_00", "rotor_02", "a", "b", "c"), ("c", "rotor_02", "a", "rotor_00", "b")):
        metrics = evaluate(tmp_path / "five.tflite", prepared, tmp_path / "out", EvaluationOptions(labels))
        assert {"auc", "auc rotor_00", "auc rotor_02"} <= set(metrics["scores"]["tflm"])
    with pytest.raises(ModelError, match=r"5 outputs, but there are 2 labels \(rotor_00, rotor_02\)"):
        evaluate(tmp_path / "five.tflite", prepared, tmp_path / "out", EVALUATION)


def test_real_toy_cars_by_the_reference_network(shared, tmp_path):
    """MLPerf Tiny's autoencoder has learnt toy cars: given the features it knows, it leaves about a tenth of their
    variance unexplained (a third of that of slide rails). 12 clips are too few to tell its AUC from chance."""
    options = {"source": "folder", "path": str(shared / "data" / "dcase2020"), "machines": ["ToyCar"]}
    TASK.prepare(options, tmp_path / "data", 1, 2)
    metrics = evaluate(shared / "models" / "ad01_int8.tflite", tmp_path / "data", tmp_path, EVALUATION, processes=2)
    assert (metrics["metric"], metrics["test_count"]) == ("auc", 12 * 196)
    with np.load(tmp_path / "test_inputs.npz") as archive:
        truth = unpack_truth(archive)
        inputs, outputs = (
            (archive[name].astype(float) - zero_point) * scale
            for name, (scale, zero_point) in (
                ("inputs", archive["input_grid"]),
                ("outputs", archive["output_grid"]),
            )
        )
    assert 0.05 < truth.anomaly_scores(inputs, outputs).mean() / inputs.var() < 0.12
    score = Score.from_json(metrics["scores"]["tflm"]["auc"])
    assert score.value > 0.6
    assert abs(score.value - metrics["scores"]["litert"]["auc"]["value"]) < 0.1
    assert (tmp_path / "summary.txt").read_text(encoding="utf-8").count("ToyCar") >= 10
