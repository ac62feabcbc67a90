"""Visual wake words and anomaly detection go through the same stages as keyword spotting, beside one another."""

import json
from pathlib import Path

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution

BOARD = "nucleo-f446re"
CONFIGURATION = Path(__file__).with_name("tiny_tasks.yaml")
MODELS = {"vww": ("small", "accuracy"), "ad": ("fc-ae", "auc")}
SMALL = Architecture(
    "small",
    (50, 50, 1),
    (
        Convolution(8, (3, 3), (2, 2)),
        DepthwiseConvolution((3, 3), (2, 2)),
        AveragePooling(),
        Convolution(2, activation="linear"),
    ),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, workflow_in):
    workflow = workflow_in(tmp_path_factory.mktemp("tasks"))
    SMALL.save(workflow.directory / "small.json")
    return workflow, workflow.run("--configfile", str(CONFIGURATION))


def test_both_run_to_the_end_and_print_their_tables(finished):
    _, run = finished
    assert run.status == 0, run.text
    assert all(model in run.text for model, _ in MODELS.values())


@pytest.mark.parametrize("task", MODELS)
def test_what_runs_on_the_emulator_answers_as_tflm(finished, task):
    workflow, _ = finished
    model, metric = MODELS[task]
    folder = workflow.directory / "results" / task / model
    profile = json.loads((folder / BOARD / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert profile["outputs"]["compared"] == 2 and profile["outputs"]["bit_exact"]
    exported = json.loads((folder / "export" / "metrics.json").read_text(encoding="utf-8"))
    assert exported["metric"] == metric and all(metric in scores for scores in exported["scores"].values())
    report = workflow.directory / "results" / task / "report"
    assert model in (report / "summary.csv").read_text(encoding="utf-8")
    assert (report / "summary.csv").is_file() and list((report / "pictures").glob("*.png"))


def test_a_second_call_does_nothing(finished):
    workflow, _ = finished
    assert workflow.planned("--configfile", str(CONFIGURATION)) == {}
