import json
from types import SimpleNamespace

import numpy as np
import pytest

from micronets.errors import DataError, ModelError
from micronets.evaluation import ClassTruth, unpack_truth
from micronets.export import export, stage, write_tflite
from micronets.features.log_mel import IMAGES
from micronets.features.mfcc import MfccParameters
from micronets.features.sound_features import from_text
from micronets.litert import run_litert
from micronets.quantisation import activation_quantisation
from tests.networks import random_network, small_ds_cnn
from tests.unit.export.integer_reference import run_integers

COUNT = 40

TRAINED = [{"accuracy": {"value": value, "low": 0.6, "high": 0.8}} for value in (0.75, 0.7)]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """What the stages before leave, and a function that exports it."""
    architecture = small_ds_cnn()
    network, float_network = (random_network(architecture, quantised=quantised) for quantised in (True, False))
    network.save(tmp_path / "network.npz")
    float_network.save(tmp_path / "float.npz")
    features = np.random.default_rng(6).uniform(-8, 8, (COUNT, *architecture.input_shape)).astype(np.float32)
    write_tflite(float_network, tmp_path / "reference.tflite")
    logits = run_litert(tmp_path / "reference.tflite", features)
    classes = logits.argmax(axis=1)
    classes[:10] = (classes[:10] + 1) % 4
    dataset = SimpleNamespace(
        labels=network.labels,
        features=lambda split: {"testing": features}[split],
        truth=lambda split: {"testing": ClassTruth(classes)}[split],
    )
    monkeypatch.setattr(stage, "open_dataset", lambda directory, input_shape: dataset)
    metrics = {"float": {"testing": TRAINED[0]}, "quantised": {"testing": TRAINED[1]}}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    np.save(tmp_path / "logits.npy", logits)

    def call(**options):
        names = ("network.npz", "float.npz", "metrics.json", "data", "export")
        return export(*(tmp_path / name for name in names), **options)

    return SimpleNamespace(
        export=call, folder=tmp_path, network=network, dataset=dataset, classes=classes, logits=logits
    )


@pytest.mark.parametrize("parameters", [MfccParameters(window_ms=30), IMAGES])
def test_networks_for_sounds_say_how_their_features_are_made(run, parameters):
    run.dataset.parameters, run.dataset.recordings = parameters, lambda split: iter(())
    run.export()
    with np.load(run.folder / "export" / "test_inputs.npz") as archive:
        assert from_text(str(archive["sounds"])) == parameters


def test_outputs_of_the_stage(run):
    metrics = run.export(test_outputs_path=run.folder / "logits.npy")
    folder = run.folder / "export"
    assert sorted(path.name for path in folder.iterdir()) == ["metrics.json", "model.tflite", "test_inputs.npz"]
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8")) == metrics

    with np.load(folder / "test_inputs.npz") as archive:
        inputs, outputs, classes = (archive[name] for name in ("inputs", "outputs", "truth_classes"))
        assert (unpack_truth(archive).metric, len(archive["output_grid"])) == ("accuracy", 2)
    grid = activation_quantisation(run.network.input_range, "input")
    np.testing.assert_array_equal(inputs, grid.quantise(run.dataset.features("testing")))
    np.testing.assert_array_equal(outputs, run_integers(folder / "model.tflite", inputs))
    np.testing.assert_array_equal(classes, run.classes)
    assert (outputs.dtype, classes.dtype) == (np.int8, np.int64)

    assert "sounds" not in archive.files
    assert metrics["test_count"] == COUNT
    assert metrics["labels"] == list(run.network.labels)
    assert metrics["tflite_bytes"] == (folder / "model.tflite").stat().st_size
    assert metrics["tflm_arena_bytes"] > 13 * 10 * 8
    right = int((outputs.argmax(axis=1) == classes).sum())
    accuracy = {variant: scores["accuracy"]["value"] for variant, scores in metrics["scores"].items()}
    assert accuracy["tflm"] == right / COUNT
    assert (accuracy["float"], accuracy["fake_quantised"]) == (0.75, 0.7)
    assert accuracy["float_litert"] == 30 / 40  # ten classes were made wrong
    assert accuracy["litert"] == pytest.approx(accuracy["tflm"], abs=0.1)
    confusion = np.array(metrics["confusion"])
    assert confusion.trace() == right
    np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(run.classes, minlength=4))
    np.testing.assert_array_equal(confusion.sum(axis=0), np.bincount(outputs.argmax(axis=1), minlength=4))
    assert set(metrics["agreement_with_tflm"]) == {"litert", "fake_quantised"}


def test_stored_logits_are_optional(run):
    assert set(run.export()["agreement_with_tflm"]) == {"litert"}


def test_two_exports_give_equal_bytes(run):
    contents = []
    for _ in range(2):
        run.export(processes=2)
        contents.append({path.name: path.read_bytes() for path in (run.folder / "export").iterdir()})
    assert contents[0] == contents[1]


def test_agreement_counts_logits_steps_and_answers():
    reference = np.array([[-128, 127], [10, 9], [0, 50]], np.int8)
    outputs = np.array([[127, 126], [10, 9], [0, 48]], np.int8)
    found = stage.agreement(outputs, reference)
    assert found == {"equal_share": 0.5, "largest_difference_lsb": 255, "top1_share": pytest.approx(2 / 3)}


def test_confusion_has_true_classes_in_rows():
    outputs = np.eye(3, dtype=np.int8)[[0, 2, 2, 1]]
    np.testing.assert_array_equal(stage.confusion(outputs, np.array([0, 1, 1, 1])), [[1, 0, 0], [0, 1, 2], [0, 0, 0]])


def test_a_dataset_without_testing_examples_is_refused(run):
    run.dataset.features = lambda split: np.empty((0, 13, 10, 1), np.float32)
    run.dataset.truth = lambda split: ClassTruth(np.empty(0, np.int64))
    with pytest.raises(DataError, match="no testing examples"):
        run.export()


def test_a_network_of_another_dataset_is_refused(run):
    run.dataset.labels = ("a", "b", "c", "d")
    with pytest.raises(DataError, match="labels a, b, c, d, but 'small-ds-cnn' was trained on"):
        run.export()
    assert not (run.folder / "export").exists()


@pytest.mark.parametrize(
    "content", ["{}", "[]", "not json", '{"float": {"testing": {"accuracy": 1}}, "quantised": {}}']
)
def test_damaged_training_metrics_are_refused(run, content):
    (run.folder / "metrics.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="metrics.json is damaged .*: rm .*metrics.json"):
        run.export()


def test_logits_of_another_split_are_refused(run):
    np.save(run.folder / "logits.npy", run.logits[1:])
    with pytest.raises(ModelError, match=r"shape \(39, 4\), where float32 of \(40, 4\) is needed"):
        run.export(test_outputs_path=run.folder / "logits.npy")


def test_damaged_logits_are_refused(run):
    (run.folder / "logits.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ModelError, match="logits.npy is damaged"):
        run.export(test_outputs_path=run.folder / "logits.npy")


def test_the_stage_does_not_import_tensorflow(repository):
    import subprocess
    import sys

    code = "import sys, micronets.export; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=repository).returncode == 0
