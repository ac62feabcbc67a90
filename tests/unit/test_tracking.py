"""What MLflow has after stages succeeded, failed, were killed, or were run again; and that it never stops a job."""

import json
import logging
import socket
import subprocess
import sys
import time

import pytest

from micronets.tracking import STORE_VARIABLE, StageRun, prepare_store, record_data, store_uri

pytestmark = pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::alembic", "ignore:::sqlalchemy")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A fresh store; its creation takes seconds, so that tests copy it."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv(STORE_VARIABLE, raising=False)
        assert prepare_store("results", {"kws": ["a", "b"]})
    return folder


@pytest.fixture
def client(template, tmp_path, monkeypatch):
    """MLflow's own client on a store in the working directory, where models a and b of kws have runs."""
    from mlflow import MlflowClient

    (tmp_path / "mlflow.db").write_bytes((template / "mlflow.db").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    prepare_store("results", {"kws": ["a", "b"]})
    return MlflowClient(store_uri())


def runs_of(client, results, model):
    """The model's run and its nested runs by stage."""
    experiment = client.get_experiment_by_name("micronets-kws").experiment_id
    runs = client.search_runs([experiment])
    (parent,) = [r for r in runs if r.data.tags.get("folder") == str((results / "kws" / model).absolute())]
    nested = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    return parent, {run.info.run_name: run for run in nested}


def test_the_default_store_is_the_file_that_mlflow_ui_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    assert store_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv(STORE_VARIABLE, "http://server:1")
    assert store_uri() == "http://server:1"
    assert store_uri("sqlite:////elsewhere.db") == "sqlite:////elsewhere.db"


def test_preparing_twice_makes_one_run_per_model(client, tmp_path):
    first = prepare_store("results", {"kws": ["a", "b"]})
    assert prepare_store("results", {"kws": ["a", "b"]}) == first
    assert len({*first["kws"].values()}) == 2


def test_a_stage_leaves_parameters_metrics_artifacts_and_versions(client, tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"TFL3")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "network.c").write_text("int x;")
    with StageRun("results", "kws", "a", "train", {"train": {"distillation": {"weight": 0.5}}, "seed": 7}) as run:
        for epoch, loss in enumerate([3.0, 2.0, float("nan")]):
            run.log_metrics({"loss": loss}, epoch)
        run.log_summary({"accuracy": 0.75})
        run.log_artifacts(tmp_path / "model.tflite", tmp_path / "src", tmp_path / "missing")
    parent, stages = runs_of(client, tmp_path / "results", "a")
    train = stages["train"]
    assert train.info.status == parent.info.status == "FINISHED"
    assert train.data.params == {"train.distillation.weight": "0.5", "seed": "7"}
    history = client.get_metric_history(train.info.run_id, "loss")
    assert [(point.step, point.value) for point in history][:2] == [(0, 3.0), (1, 2.0)]
    assert len(history) == 3
    assert parent.data.metrics == {"accuracy": 0.75}
    assert {file.path for file in client.list_artifacts(train.info.run_id)} == {"model.tflite", "src"}
    assert [file.path for file in client.list_artifacts(train.info.run_id, "src")] == ["src/network.c"]
    assert {"python", "numpy", "tensorflow"} <= set(train.data.tags)
    assert parent.data.tags["seed"] == "7"


def test_metrics_are_there_while_the_stage_runs(client, tmp_path):
    with StageRun("results", "kws", "a", "train", {}) as run:
        run.log_metrics({"loss": 1.0}, 0)
        end = time.monotonic() + 30
        while not (stages := runs_of(client, tmp_path / "results", "a")[1]).get("train") or not (
            stages["train"].data.metrics
        ):
            assert time.monotonic() < end, "no metric came in while the stage ran"
            time.sleep(0.1)
        assert stages["train"].info.status == "RUNNING"


def test_a_killed_stage_is_continued_in_the_same_run(client, tmp_path, repository):
    program = (
        "import os, signal, sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from micronets.tracking import StageRun\n"
        "with StageRun('results', 'kws', 'a', 'train', {'x': 1}) as run:\n"
        "    run.log_metrics({'loss': 3.0}, 0)\n"
        "    while not run._writer._calls.empty(): time.sleep(0.05)\n"
        "    time.sleep(1)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(repository)], cwd=tmp_path, capture_output=True)
    assert killed.returncode == -9
    before = runs_of(client, tmp_path / "results", "a")[1]["train"]
    assert before.info.status == "RUNNING"
    with StageRun("results", "kws", "a", "train", {"x": 1}) as run:
        run.log_metrics({"loss": 2.0}, 1)
    after = runs_of(client, tmp_path / "results", "a")[1]["train"]
    assert (after.info.run_id, after.info.status) == (before.info.run_id, "FINISHED")
    assert [point.value for point in client.get_metric_history(after.info.run_id, "loss")] == [3.0, 2.0]


def test_a_failed_stage_is_marked_and_continued_under_the_same_parameters(client, tmp_path):
    with pytest.raises(RuntimeError), StageRun("results", "kws", "a", "train", {"x": 1}):
        raise RuntimeError
    failed = runs_of(client, tmp_path / "results", "a")[1]["train"]
    assert failed.info.status == "FAILED"
    with StageRun("results", "kws", "a", "train", {"x": 1}):
        pass
    assert runs_of(client, tmp_path / "results", "a")[1]["train"].info.run_id == failed.info.run_id


def test_a_stage_that_is_run_again_replaces_its_earlier_run(client, tmp_path):
    ids = set()
    for value in (1, 2, 2):
        with StageRun("results", "kws", "a", "train", {"x": value}):
            pass
        ids.add(runs_of(client, tmp_path / "results", "a")[1]["train"].info.run_id)
    assert len(ids) == 3


def test_other_results_folders_have_runs_of_their_own(client, tmp_path):
    first = prepare_store("results", {"kws": ["a"]})
    second = prepare_store("elsewhere", {"kws": ["a"]})
    assert first["kws"]["a"] != second["kws"]["a"]


def test_the_data_of_a_model_is_recorded_once(client, tmp_path):
    description = tmp_path / "dataset.json"
    description.write_text(json.dumps({"content_hash": "abc", "clips": 9, "labels": ["yes", "no"]}))
    record_data("results", "kws", ["a", "b"], description)
    first = runs_of(client, tmp_path / "results", "a")
    record_data("results", "kws", ["a"], description)
    second = runs_of(client, tmp_path / "results", "a")
    assert first[1]["data"].info.run_id == second[1]["data"].info.run_id
    assert second[0].data.tags["data_hash"] == "abc"
    assert second[1]["data"].data.params["clips"] == "9"


def test_a_store_that_cannot_be_reached_is_warned_of_once_and_stops_nothing(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv(STORE_VARIABLE, f"http://someone:secret@127.0.0.1:{port}")
    done = []
    with caplog.at_level(logging.WARNING, "micronets"):
        with StageRun("results", "kws", "a", "train", {}) as run:
            for epoch in range(20):
                run.log_metrics({"loss": 1.0}, epoch)
            run.log_artifacts(tmp_path)
            done.append(True)
    assert done
    assert len([r for r in caplog.records if "going on without recording" in r.message]) == 1
    assert f"http://***@127.0.0.1:{port}" in caplog.text
    assert "secret" not in caplog.text


def test_many_processes_on_one_store_keep_all_runs(client, tmp_path, repository):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from micronets.tracking import StageRun\n"
        "with StageRun('results', 'kws', sys.argv[2], sys.argv[3], {}) as run:\n"
        "    run.log_metrics({'loss': 1.0}, 0)\n"
    )
    jobs = [
        subprocess.Popen([sys.executable, "-c", program, str(repository), model, stage], cwd=tmp_path)
        for model in ("new-1", "new-2")
        for stage in ("search", "train")
    ]
    assert [job.wait(timeout=120) for job in jobs] == [0] * 4
    for model in ("new-1", "new-2"):
        _, stages = runs_of(client, tmp_path / "results", model)
        assert {name: run.data.metrics for name, run in stages.items()} == {
            "search": {"loss": 1.0},
            "train": {"loss": 1.0},
        }
