"""Other people's files: their order of labels, their units, their mistakes."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from micronets.cli import main
from micronets.errors import ConfigurationError, DataError, ModelError
from micronets.evaluation import ClassTruth
from micronets.export import evaluate as module
from micronets.export.evaluate import EvaluationOptions, evaluate, export_trained_elsewhere
from micronets.export.writer import write_tflite
from micronets.litert import run_litert
from tests.networks import random_network, small_ds_cnn

LABELS = ("north", "east", "south", "west")
SECTION = {"labels": [], "input_shape": [], "features": {}, "scale": 1.0, "offset": 0.0}


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """A file, and a dataset that it answers rightly but for every tenth example."""
    architecture = small_ds_cnn()
    path = tmp_path / "theirs.tflite"
    write_tflite(random_network(architecture), path)
    features = np.random.default_rng(6).uniform(-8, 8, (40, *architecture.input_shape)).astype(np.float32)
    answers = run_litert(path, features).argmax(axis=1)
    classes = answers.copy()
    classes[::10] = (classes[::10] + 1) % 4
    asked = []

    def opened(directory, input_shape, other_features):
        asked.append((input_shape, other_features))
        return SimpleNamespace(
            task="winds",
            labels=LABELS,
            features=lambda split: dataset.features,
            truth=lambda split: ClassTruth(dataset.classes),
        )

    dataset = SimpleNamespace(features=features, classes=classes)
    monkeypatch.setattr(module, "open_dataset", opened)

    def call(**section):
        return evaluate(path, tmp_path / "data", tmp_path / "out", EvaluationOptions.from_section(SECTION | section))

    def export(**section):
        options = EvaluationOptions.from_section(SECTION | section)
        return export_trained_elsewhere(path, tmp_path / "data", tmp_path / "export", options)

    return SimpleNamespace(evaluate=call, export=export, dataset=dataset, folder=tmp_path / "out", asked=asked)


def accuracy(metrics):
    return metrics["scores"]["tflm"]["accuracy"]["value"]


def test_a_file_is_scored_and_described(theirs):
    metrics = theirs.evaluate(features={"window_ms": 30})
    assert accuracy(metrics) == pytest.approx(0.9, abs=0.051)  # LiteRT's answers, TFLM's score
    assert theirs.asked == [((13, 10, 1), {"window_ms": 30})]
    assert json.loads((theirs.folder / "metrics.json").read_text(encoding="utf-8")) == metrics
    text = (theirs.folder / "summary.txt").read_text(encoding="utf-8")
    assert "theirs.tflite on 40 testing examples of winds" in text and f"{100 * accuracy(metrics):.1f} %" in text


def test_the_command_leaves_others_files_alone(theirs, tmp_path, capsys):
    theirs.folder.mkdir()
    (theirs.folder / "notes.txt").write_text("mine", encoding="utf-8")
    command = ["evaluate", str(tmp_path / "theirs.tflite"), "--data", str(tmp_path / "data")]
    options = ["--set", "window_ms=30", "--input-shape", "13", "10", "1", "--output", str(theirs.folder)]
    assert main([*command, *options]) == 0
    assert "on 40 testing examples of winds, in TFLM:" in capsys.readouterr().out
    assert theirs.asked == [((13, 10, 1), {"window_ms": 30})]
    written = {"metrics.json", "notes.txt", "summary.txt", "test_inputs.npz"}
    assert {path.name for path in theirs.folder.iterdir() if not path.name.startswith(".")} == written
    (theirs.folder / "summary.txt").write_text("mine", encoding="utf-8")
    assert main([*command, *options]) == 1
    assert "summary.txt was changed since it was written here" in capsys.readouterr().err
    assert (theirs.folder / "summary.txt").read_text(encoding="utf-8") == "mine"


def test_outputs_in_another_order_score_the_same(theirs):
    before = accuracy(theirs.evaluate())
    order = np.array([2, 0, 3, 1])  # where the file has the dataset's classes
    theirs.dataset.classes = np.argsort(order)[theirs.dataset.classes]
    assert accuracy(theirs.evaluate(labels=[LABELS[place] for place in np.argsort(order)])) == before
    assert accuracy(theirs.evaluate()) < before


def test_inputs_in_another_unit_score_the_same(theirs):
    before = accuracy(theirs.evaluate())
    theirs.dataset.features = (theirs.dataset.features - 3) * 50
    assert accuracy(theirs.evaluate(scale=0.02, offset=3.0)) == pytest.approx(before, abs=0.026)


@pytest.mark.parametrize(("section", "told"), [({}, 0), ({"scale": 255.0}, 1), ({"scale": 1 / 255}, 1)])
def test_values_in_another_unit_are_told(theirs, caplog, section, told):
    theirs.evaluate(**section)
    assert caplog.text.count("is that its unit? See winds.evaluate.scale and offset") == told


def test_a_file_takes_the_place_of_an_exported_one(theirs, tmp_path):
    theirs.evaluate(labels=LABELS)
    expected = json.loads((theirs.folder / "metrics.json").read_text(encoding="utf-8"))
    theirs.export(labels=LABELS)
    folder = tmp_path / "export"
    assert {path.name for path in folder.iterdir()} == {"model.tflite", "metrics.json", "test_inputs.npz"}
    assert (folder / "model.tflite").read_bytes() == (tmp_path / "theirs.tflite").read_bytes()
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8")) == expected
    assert (expected["file"], expected["reconstructs"]) == (str(tmp_path / "theirs.tflite"), False)
    assert "float" not in expected["scores"]


def test_nothing_can_be_said_without_testing_examples(theirs):
    theirs.dataset.features, theirs.dataset.classes = theirs.dataset.features[:0], theirs.dataset.classes[:0]
    with pytest.raises(DataError, match="no testing examples"):
        theirs.evaluate()


def test_outputs_without_labels_are_refused(theirs):
    with pytest.raises(ModelError, match="4 outputs, but there are 5 labels .* winds.evaluate.labels"):
        theirs.evaluate(labels=[*LABELS, "up"])


def test_a_label_of_the_dataset_must_be_among_theirs(theirs):
    with pytest.raises(ConfigurationError, match="winds.evaluate.labels lacks 'south'"):
        theirs.evaluate(labels=["north", "east", "down", "west"])
    assert not theirs.folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "window_ms", "least"),
    [("kws_micronet_s", 40, 0.95), ("kws_micronet_m", 40, 0.95), ("kws_ref_model", 30, 0.9)],
)
def test_published_files_hear_real_words(shared, tmp_path, name, window_ms, least):
    """The least accuracies are those that their authors publish, less what 240 clips leave open."""
    from micronets.tasks import find_task

    options = {"source": "folder", "path": str(shared / "data" / "speech_commands")}
    find_task("kws").prepare(options, tmp_path / "data", 1, 2)
    options = EvaluationOptions(features={"window_ms": window_ms})
    metrics = evaluate(shared / "models" / f"{name}.tflite", tmp_path / "data", tmp_path / "out", options, processes=2)
    assert accuracy(metrics) > least
