"""One whole small run: what it leaves, and what a second call redoes. What killed ones come to: tests/faults."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.tflm_library import build_library

MODELS = ("ds-cnn-s", "searched")
BOARD = "nucleo-f446re"


def test_every_stage_leaves_its_outputs(finished):
    workflow, _ = finished
    task = workflow.directory / "results" / "kws"
    for model in MODELS:
        for name in ("search/architecture.json", "train/network.npz", "export/model.tflite"):
            assert (task / model / name).stat().st_size > 0
        for name in ("firmware/firmware.elf", "firmware/firmware.map", "firmware/src/network.c", "profile/layers.csv"):
            assert (task / model / BOARD / name).stat().st_size > 0
        profile = json.loads((task / model / BOARD / "profile" / "profile.json").read_text(encoding="utf-8"))
        assert profile["inputs"] == profile["outputs"]["compared"] == 3
        assert profile["outputs"]["bit_exact"] is True
    assert (task.parent / "report" / "report.html").stat().st_size > 0
    assert list((task / "report" / "pictures").glob("*.png"))


def test_the_run_shows_progress_and_ends_with_the_table(finished):
    _, run = finished
    assert re.search(r"\[kws data\] \d+/\d+ clips", run.text)
    assert re.search(r"\[kws searched search\] \d+/3 search epochs", run.text)
    assert re.search(r"\[kws ds-cnn-s train\] \d+/2 float epochs", run.text)
    table = run.text.rsplit(" steps done after ", 1)[1]
    assert all(model in table for model in MODELS)
    assert "Report: results/report/report.html" in table and "mlflow ui" in table


def test_the_run_says_what_it_does_and_nothing_else(finished):
    workflow, run = finished
    lines = run.text.splitlines()
    ours = re.compile(r"\[[a-z0-9/ -]+\] |\d+ of \d+ steps done after | +\S")
    first, last = lines.index("[tracking] started"), max(i for i, line in enumerate(lines) if " steps done " in line)
    assert [line for line in lines[first : last + 1] if not ours.match(line)] == []
    assert [line for line in lines if len(line) > 120 and str(workflow.directory) not in line] == []
    assert not re.search(r"I0000|oneDNN|XNNPACK|nan%", run.text)
    assert "oneDNN" in (workflow.directory / "results/logs/kws/searched/search.log").read_text(encoding="utf-8")


def test_mlflow_has_a_run_per_model_with_a_run_per_stage_in_it(finished):
    from mlflow import MlflowClient

    workflow, _ = finished
    client = MlflowClient(f"sqlite:///{workflow.directory}/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("micronets-kws").experiment_id])
    parents = {run.info.run_name: run for run in runs if "mlflow.parentRunId" not in run.data.tags}
    assert set(parents) == set(MODELS)
    dataset = workflow.directory / "results" / "kws" / "data" / "dataset.json"
    content_hash = json.loads(dataset.read_text(encoding="utf-8"))["content_hash"]
    for name, parent in parents.items():
        assert parent.data.tags["data_hash"] == content_hash
        assert {"accuracy", "accuracy_litert", f"{BOARD}/instructions", f"{BOARD}/flash_bytes"} <= set(
            parent.data.metrics
        )
        nested = {
            run.info.run_name: run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id
        }
        expected = {"data", "search", "train", "export", f"firmware {BOARD}", f"profile {BOARD}", "report"}
        assert expected <= set(nested)
        assert all(run.info.status == "FINISHED" for run in nested.values())
        history = client.get_metric_history(nested["train"].info.run_id, "quantised/loss")
        assert [point.step for point in history] == [0, 1]

        def artifacts(run, folder=""):
            return {Path(file.path).name for file in client.list_artifacts(run.info.run_id, folder)}

        assert "dataset.json" in artifacts(nested["data"])
        assert "architecture.json" in artifacts(nested["search fit" if name == "searched" else "search"])
        assert {"firmware.elf", "firmware.map", "src"} <= artifacts(nested[f"firmware {BOARD}"])
        assert {"model.tflite", "pictures", BOARD} <= artifacts(parent)
        assert {"firmware.elf", "src", "profile.json", "layers.csv"} <= artifacts(parent, BOARD)


def test_a_second_call_does_nothing(finished):
    workflow, _ = finished
    assert workflow.planned() == {}


LATER = {"export_network": 2, "build_firmware": 2, "profile_firmware": 2, "write_report": 1, "write_page": 1}


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ("kws__train__batch_size=16", {"train_teacher": 1, "train_network": 2, **LATER}),
        ("kws__train__distillation__weight=0.3", {"train_network": 2, **LATER}),
        ("kws__profile__inputs=2", {"profile_firmware": 2, "write_report": 1, "write_page": 1}),
        (
            "kws__search__epochs=4",
            {"search_network": 1, "fit_network": 1, "train_network": 1}
            | {"export_network": 1, "build_firmware": 1, "profile_firmware": 1, "write_report": 1, "write_page": 1},
        ),
    ],
    ids=["train", "distillation", "profile", "search"],
)
def test_a_change_redoes_only_what_depends_on_it(finished, change, jobs):
    workflow, _ = finished
    assert workflow.planned("--config", change) == jobs


def test_a_further_model_redoes_nothing_of_the_others(finished):
    workflow, _ = finished
    planned = workflow.planned("--config", "kws__models__ds-cnn-m={}")
    assert planned == {
        "published_network": 1,
        **dict.fromkeys(
            ("train_network", "export_network", "build_firmware", "profile_firmware", "write_report", "write_page"), 1
        ),
    }


def test_a_deleted_table_is_made_again(finished, workflow_in, tmp_path):
    whole, _ = finished
    shutil.copytree(whole.directory, tmp_path / "copy", symlinks=True)
    workflow = workflow_in(tmp_path / "copy")
    for name in ("summary.csv", "summary.txt"):
        path = workflow.directory / "results" / "kws" / "report" / name
        content = path.read_bytes()
        path.unlink()
        assert workflow.planned() == {"write_report": 1, "write_page": 1}
        path.write_bytes(content)


def test_words_are_spotted_in_one_stream_for_all_models(finished, workflow_in, tmp_path):
    whole, _ = finished
    shutil.copytree(whole.directory, tmp_path / "copy", symlinks=True)
    workflow = workflow_in(tmp_path / "copy")
    assert workflow.planned("spot") == {"make_stream": 1, "spot": 1, "spot_keywords": 2}
    assert workflow.planned("spot", "--config", "boards=[nucleo-l4r5zi]")["make_stream"] == 1
    settings = ["--config", "kws__spot__minutes=0.2"]
    task = Path("results", "kws")
    run = workflow.run(*settings, "--", str(task / "ds-cnn-s" / BOARD / "spot" / "spot.json"))
    assert run.status == 0, run.text
    assert "false alarms" in run.text
    figures = json.loads((workflow.directory / task / "ds-cnn-s" / BOARD / "spot" / "spot.json").read_text("utf-8"))
    truth = (workflow.directory / task / "spot" / "truth.csv").read_text(encoding="utf-8").splitlines()
    assert figures["stream"] == {"seconds": 12.0, "words": len(truth) - 1}
    # A threshold does not change what is said.
    assert workflow.planned("spot", *settings, "kws__spot__threshold=0.9") == {"spot": 1, "spot_keywords": 2}


def test_a_second_runtime_stands_beside_the_first_and_redoes_nothing_of_it(finished, workflow_in, tmp_path):
    whole, _ = finished
    shutil.copytree(whole.directory, tmp_path / "copy", symlinks=True)
    workflow = workflow_in(tmp_path / "copy")
    library = build_library("cortex-m4", tmp_path / "library")
    tflm = {"runtimes": "[micronets,tflm]", "tflm__library": library.library, "tflm__include": library.include}
    config = ["--config", *(f"kws__firmware__{key}={value}" for key, value in tflm.items())]
    assert workflow.planned(*config) == {"build_firmware": 2, "profile_firmware": 2, "write_report": 1, "write_page": 1}
    task = Path("results", "kws")
    folder = task / "ds-cnn-s" / BOARD / "tflm"
    run = workflow.run(*config, "--", str(folder / "profile" / "profile.json"))
    assert run.status == 0, run.text
    said = " ".join(run.text.split())  # the line may be broken
    assert re.search(rf"\[kws ds-cnn-s {BOARD}/tflm firmware\] the smallest arena of .* has \d+ bytes", said)
    profile = json.loads((workflow.directory / folder / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert profile["runtime"] == "tflm" and profile["outputs"]["compared"] == 3
    firmware = Path(task, "ds-cnn-s", BOARD, "firmware", "firmware.elf")
    assert (workflow.directory / firmware).stat().st_mtime_ns == (whole.directory / firmware).stat().st_mtime_ns
    # What is built with a library is due again where that is another, and so is what has not been built yet.
    library.library.write_bytes(library.library.read_bytes() + b"\n")
    assert workflow.planned(*config) == {"build_firmware": 2, "profile_firmware": 2, "write_report": 1, "write_page": 1}


def test_networks_are_named_and_exported_without_tensorflow(finished, workflow_in, tmp_path, no_tensorflow):
    """What the other stages do without it: test_trained_elsewhere.py."""
    whole, _ = finished
    shutil.copytree(whole.directory, tmp_path / "copy", symlinks=True)
    made = [f"results/kws/ds-cnn-s/{name}" for name in ("search/architecture.json", "export/model.tflite")]
    only = ["--allowed-rules", "published_network", "export_network", "--forcerun", *made]
    run = workflow_in(tmp_path / "copy").run(*only, "--", *made, **no_tensorflow.variables)
    assert run.status == 0, run.text
    for stage in ("search", "export"):
        assert f"[kws ds-cnn-s {stage}] finished" in run.text
    assert not no_tensorflow.was_imported()


def test_snakemakes_own_report_needs_no_network(finished):
    workflow, _ = finished
    run = workflow.run("--report", "report.zip", http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert run.status == 0, run.text
    assert (workflow.directory / "report.zip").stat().st_size > 100_000
