"""One process sends what all jobs of a workflow record, while they record it."""

import subprocess
import sys
import time

import pytest

from micronets.tracking import STORE_VARIABLE, Follower, StageRun
from micronets.tracking.follower import is_followed
from micronets.tracking.journal import waiting
from micronets.tracking_process import TrackingProcess
from tests.unit.tracking.conftest import runs_of

pytestmark = pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::alembic", "ignore:::sqlalchemy")

JOB = """
import os, signal, sys
from micronets.tracking import StageRun
with StageRun("results", "kws", sys.argv[1], "train", {"seed": 1}) as run:
    for epoch in range(3):
        run.log_metrics({"loss": 100.0 - epoch}, epoch)
    if sys.argv[2:]:
        os.kill(os.getpid(), signal.SIGKILL)
assert "mlflow" not in sys.modules
"""


def losses(client, tmp_path, model):
    nested = runs_of(client, tmp_path / "results", model)[1]
    if "train" not in nested:
        return []
    return [point.value for point in client.get_metric_history(nested["train"].info.run_id, "loss")]


def job(tmp_path, repository, *arguments):
    return subprocess.run([sys.executable, "-c", JOB, *arguments], cwd=tmp_path, env={"PYTHONPATH": str(repository)})


def test_jobs_need_no_mlflow_and_a_killed_one_loses_nothing(client, tmp_path, repository):
    follower = Follower("results")
    assert is_followed("results") and not is_followed("others")
    assert job(tmp_path, repository, "a").returncode == 0
    assert job(tmp_path, repository, "b", "killed").returncode == -9
    follower.finish()
    assert waiting("results") == []
    assert losses(client, tmp_path, "a") == losses(client, tmp_path, "b") == [100.0, 99.0, 98.0]
    assert runs_of(client, tmp_path / "results", "a")[1]["train"].info.status == "FINISHED"


def test_what_is_recorded_can_be_seen_while_the_job_is_at_work(client, tmp_path):
    follower = Follower("results")
    with StageRun("results", "kws", "a", "train", {"seed": 1}) as run:
        run.log_metrics({"loss": 7.0}, 0)
        end = time.monotonic() + 60
        while losses(client, tmp_path, "a") != [7.0]:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert len(waiting("results")) == 1
    follower.finish()
    assert waiting("results") == []


def test_a_journal_that_cannot_be_sent_keeps_no_other_from_it(client, tmp_path, caplog):
    follower = Follower("results")
    for model in ("a", "b"):
        with StageRun("results", "kws", model, "train", {"seed": 1}) as run:
            run.log_metrics({"loss": 7.0}, 0)
            if model == "a":
                run._add({"kind": "nonsense"})
    follower.finish(20.0)
    assert [journal.path.parent.name for journal in waiting("results")] == ["a"]
    assert losses(client, tmp_path, "b") == [7.0]
    assert "is kept in" in caplog.text and "micronets track" in caplog.text


def test_the_process_ends_with_the_workflow_and_tells_of_a_dead_store(client, tmp_path, monkeypatch, capfd):
    process = TrackingProcess("results", {"kws": ["a", "b"]})
    assert is_followed("results") and "experiments" in process.links["kws"]
    with StageRun("results", "kws", "a", "train", {"seed": 1}) as run:
        run.log_metrics({"loss": 7.0}, 0)
    process.finish()
    assert not is_followed("results") and waiting("results") == []
    monkeypatch.setenv(STORE_VARIABLE, "http://127.0.0.1:9")  # the port "discard": nobody listens
    process = TrackingProcess("results", {"kws": ["a", "b"]})
    assert process.links == {}
    with StageRun("results", "kws", "b", "train", {"seed": 1}):
        pass
    capfd.readouterr()
    process.finish()
    assert "is kept in" in capfd.readouterr().err
    assert len(waiting("results")) == 1


def test_a_second_follower_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Follower, "_work", lambda self: None)
    follower = Follower("results")
    with pytest.raises(BlockingIOError):
        Follower("results")
    follower.finish()
