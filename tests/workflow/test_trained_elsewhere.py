"""A .tflite file from elsewhere goes through the workflow without search and training, and without TensorFlow."""

import json

import numpy as np
import pandas as pd

from micronets.architecture import Architecture, AveragePooling, Convolution
from micronets.export.writer import write_tflite
from tests.networks import random_network

BOARD = "nucleo-f446re"
CONFIGURATION = """
tasks: [kws]
kws:
  models: {mine: {tflite: theirs.tflite}}
  data:
    generated: {voice: formant, speakers: 6, clips_per_word: 12, unknown_words: 2}
  profile: {inputs: 3}
"""


def test_it_is_scored_built_profiled_and_reported(workflow_in, tmp_path, no_tensorflow):
    workflow = workflow_in(tmp_path)
    (tmp_path / "mine.yaml").write_text(CONFIGURATION, encoding="utf-8")
    layers = (Convolution(8, (3, 3), (2, 2)), AveragePooling(), Convolution(12, activation="linear"))
    write_tflite(random_network(Architecture("theirs", (49, 10, 1), layers)), tmp_path / "theirs.tflite")
    planned = workflow.planned("--configfile", "mine.yaml")
    assert planned["export_trained_elsewhere"] == 1
    assert not {"train_network", "search_network", "published_network", "given_network", "train_teacher"} & set(planned)
    run = workflow.run("--configfile", "mine.yaml", **no_tensorflow.variables)
    assert run.status == 0, run.text
    assert not no_tensorflow.was_imported()
    folder = tmp_path / "results" / "kws"
    assert (folder / "mine" / "export" / "model.tflite").read_bytes() == (tmp_path / "theirs.tflite").read_bytes()
    profile = json.loads((folder / "mine" / BOARD / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert profile["outputs"]["bit_exact"] and profile["outputs"]["compared"] == 3
    (row,) = pd.read_csv(folder / "report" / "summary.csv").to_dict("records")
    metrics = json.loads((folder / "mine" / "export" / "metrics.json").read_text(encoding="utf-8"))
    assert row["kind"] == "tflite" and np.isnan(row["float_accuracy_percent"])
    assert row["litert_accuracy_percent"] == round(100 * metrics["scores"]["litert"]["accuracy"]["value"], 3)
    assert row["macs"] == profile["counted"]["macs"] > 0
    assert workflow.planned("--configfile", "mine.yaml") == {}
    write_tflite(random_network(Architecture("others", (49, 10, 1), layers[1:])), tmp_path / "theirs.tflite")
    assert "export_trained_elsewhere" in workflow.planned("--configfile", "mine.yaml")


def test_what_does_not_fit_the_task_stops_before_any_job(workflow_in, tmp_path):
    workflow = workflow_in(tmp_path)
    (tmp_path / "mine.yaml").write_text(CONFIGURATION, encoding="utf-8")
    layers = (Convolution(8, (3, 3), (2, 2)), AveragePooling(), Convolution(5, activation="linear"))
    write_tflite(random_network(Architecture("theirs", (49, 10, 1), layers)), tmp_path / "theirs.tflite")
    run = workflow.run("--configfile", "mine.yaml")
    assert run.status != 0 and "theirs.tflite has 5 outputs, but there are 12 classes" in run.text
    assert not (tmp_path / "results").exists()
