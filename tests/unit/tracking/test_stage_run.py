"""What MLflow has after stages succeeded, failed, were killed, or were run again; and that it never stops a job."""

import json
import logging
import socket
import subprocess
import sys
import time
from collections import namedtuple

import numpy as np
import pytest

from micronets.tracking import (
    STORE_VARIABLE,
    StageRun,
    prepare_store,
    record_data,
    record_over_seeds,
    run_links,
    send_all,
    store_uri,
)
from micronets.tracking.stage_run import record_export
from micronets.tracking.view import links
from tests.unit.tracking.conftest import runs_of

pytestmark = pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::alembic", "ignore:::sqlalchemy")

DIGEST = 8 * "0123abcd"
"""Of a data set."""


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
    assert parent.data.params == {"train.distillation.weight": "0.5", "seed": "7"}
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
        "    while not run._journal._mark.exists(): time.sleep(0.05)\n"
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
    content = {"task": "kws", "labels": ["yes", "no"], "counts": {"training": {}, "validation": {}, "testing": {}}}
    content |= {"seed": 1, "source": {"kind": "folder"}, "content_hash": DIGEST, "clips": 9}
    description.write_text(json.dumps(content))
    record_data("results", "kws", ["a", "b"], description)
    assert send_all("results") == (2, 0)
    first = runs_of(client, tmp_path / "results", "a")
    record_data("results", "kws", ["a"], description)
    assert send_all("results") == (1, 0)
    second = runs_of(client, tmp_path / "results", "a")
    assert first[1]["data"].info.run_id == second[1]["data"].info.run_id
    assert second[0].data.tags["data_hash"] == DIGEST
    assert [used.dataset.digest for used in second[0].inputs.dataset_inputs] == [DIGEST[:36]]
    assert second[1]["data"].data.params["clips"] == "9"
    with StageRun("results", "kws", "a", "train", {"seed": 2}):  # the data's seed is none of the model's
        pass
    assert runs_of(client, tmp_path / "results", "a")[0].data.params == {"seed": "2"}


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
    (warning,) = [r.message for r in caplog.records if r.name.startswith("micronets")]
    assert "going on without it" in warning and "micronets track results" in warning
    assert f"http://***@127.0.0.1:{port}" in caplog.text
    assert "secret" not in caplog.text


def test_another_configuration_gets_a_run_of_its_own(client, tmp_path):
    def trained(mops, rate):
        with StageRun("results", "kws", "a", "search", {"search": {"max_mops": mops}, "seed": 1}):
            pass
        with StageRun("results", "kws", "a", "train", {"train": {"rate": rate}, "seed": 1}) as run:
            run.log_summary({"accuracy": rate})
        experiment = client.get_experiment_by_name("micronets-kws").experiment_id
        folder = tmp_path / "results" / "kws" / "a"
        found = client.search_runs([experiment], f"tags.folder = '{folder}'", order_by=["attributes.start_time ASC"])
        return [(run.data.params, run.data.metrics.get("accuracy")) for run in found]

    first = ({"search.max_mops": "4", "train.rate": "0.1", "seed": "1"}, 0.1)
    assert trained(4, 0.1) == [first]
    assert trained(4, 0.1) == [first]
    # What is searched stays as it was, and only the training is another one.
    second = ({"search.max_mops": "4", "train.rate": "0.2", "seed": "1"}, 0.2)
    assert trained(4, 0.2) == [first, second]
    third = ({"search.max_mops": "2", "train.rate": "0.2", "seed": "1"}, 0.2)
    assert trained(2, 0.2) == [first, second, third]


Tensor = namedtuple("Tensor", ["dtype", "shape"])
METRICS = {
    "metric": "accuracy",
    "scores": {"tflm": {"accuracy": {"value": 0.75}}, "litert": {"accuracy": {"value": 0.77}}, "float": {}},
}


def test_a_model_is_registered_with_its_signature_and_figures(client, tmp_path):
    import mlflow

    (tmp_path / "model.tflite").write_bytes(b"TFL3")
    for _ in range(2):  # the same file again is no other version
        with StageRun("results", "kws", "a", "export", {}) as run:
            ends = [Tensor(np.dtype("int8"), (1, 49, 10, 1)), Tensor(np.dtype("int8"), (1, 12))]
            record_export(run, METRICS, tmp_path / "metrics.json", tmp_path / "model.tflite", ends)
    with StageRun("results", "kws", "a", "profile nucleo-f446re", {}) as run:
        run.log_summary({"nucleo-f446re/latency_ms": 12.5, "nucleo-f446re/ram_bytes": 9000})
    (version,) = client.search_model_versions("name = 'micronets-kws'")
    assert float(version.tags["accuracy"]) == 0.75 and version.tags["nucleo-f446re/latency_ms"] == "12.5"
    parent, _ = runs_of(client, tmp_path / "results", "a")
    assert parent.data.metrics["accuracy"] == 0.75 and parent.data.metrics["accuracy_litert"] == 0.77
    mlflow.set_tracking_uri(store_uri())
    signature = mlflow.models.get_model_info(version.source).signature
    assert [(end.type.name, end.shape) for end in (*signature.inputs, *signature.outputs)] == [
        ("int8", (-1, 49, 10, 1)),
        ("int8", (-1, 12)),
    ]
    note = parent.data.tags["mlflow.note.content"]
    assert note == "Network a of the task kws: accuracy 0.750; on nucleo-f446re 12.5 ms, estimated, 9,000 bytes of RAM."


def test_teachers_do_not_look_like_results(client, tmp_path):
    with StageRun("results", "kws", "b", "teacher", {"train": {"epochs": 3}}) as run:
        run.log_metrics({"accuracy": 0.9})
    parent, _ = runs_of(client, tmp_path / "results", "b")
    assert (parent.info.run_name, parent.data.tags["kind"]) == ("teacher b", "teacher")
    assert parent.data.metrics == {}
    assert parent.data.tags["mlflow.note.content"].startswith("Teacher b")


def test_artifacts_of_a_model_stand_at_its_run(client, tmp_path):
    (tmp_path / "firmware.elf").write_bytes(b"ELF")
    with StageRun("results", "kws", "a", "firmware nucleo-f446re", {}) as run:
        run.log_artifacts(tmp_path / "firmware.elf", folder="nucleo-f446re", to_model=True)
    parent, _ = runs_of(client, tmp_path / "results", "a")
    assert [file.path for file in client.list_artifacts(parent.info.run_id, "nucleo-f446re")] == [
        "nucleo-f446re/firmware.elf"
    ]


def view_of(client):
    experiment = client.get_experiment_by_name("micronets-kws")
    (view,) = [json.loads(tag) for name, tag in experiment.tags.items() if name.startswith("mlflow.sharedViewState.")]
    return experiment.experiment_id, view


def test_the_printed_link_opens_a_view_with_columns_of_what_is_recorded(client, tmp_path, monkeypatch):
    experiment, before = view_of(client)
    assert run_links(["kws", "none"]) == {
        "kws": f"http://127.0.0.1:5000/#/experiments/{experiment}/runs?viewStateShareKey=micronets"
    }
    remote = links(client, "https://me:secret@server:8443/mlflow/", ["kws"])["kws"]
    assert remote.startswith(f"https://server:8443/mlflow/#/experiments/{experiment}/runs?")
    with StageRun("results", "kws", "a", "profile mine", {}) as run:
        run.log_summary({"mine/ram_bytes": 1, "mine/latency_ms": 2, "mine/instructions": 3, "mine/tflm/ram_bytes": 4})
    new = ["metrics.`mine/ram_bytes`", "metrics.`mine/latency_ms`"]
    place = before["selectedColumns"].index("metrics.`accuracy`") + 1
    expected = [*before["selectedColumns"][:place], *new, *before["selectedColumns"][place:]]
    assert view_of(client)[1] == before | {"selectedColumns": expected}


def test_a_mean_over_seeds_has_a_run_of_its_own(client, tmp_path):
    row = {"model": "net", "board": "b", "runtime": "micronets", "seeds": 2, "int8_accuracy_percent": 85.0}
    row |= {"int8_accuracy_percent_sd": 5.0, "ram_bytes": 9000, "ram_bytes_sd": 10.0, "estimated_latency_ms": np.nan}
    for epochs in (3, 3, 4):  # the same again changes nothing, another configuration gets a run of its own
        record_over_seeds("results", "kws", [row], {"net": {"train": {"float_epochs": epochs}}})
    experiment = client.get_experiment_by_name("micronets-kws").experiment_id
    runs = client.search_runs([experiment], "tags.kind = 'seeds'", order_by=["attributes.start_time ASC"])
    assert [run.data.params for run in runs] == [{"train.float_epochs": "3"}, {"train.float_epochs": "4"}]
    figures = {"accuracy": 0.85, "accuracy_sd": 0.05, "b/ram_bytes": 9000.0, "b/ram_bytes_sd": 10.0, "seeds": 2.0}
    assert runs[1].data.metrics == figures
    assert runs[1].info.run_name == "mean of net"
    assert all(run.info.start_time <= run.info.end_time for run in runs)
    note = "Mean of net over 2 seeds of the task kws: accuracy 0.850 ± 0.050; on b 9,000 ± 10 bytes of RAM."
    assert runs[1].data.tags["mlflow.note.content"] == note
