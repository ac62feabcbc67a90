"""Nothing that jobs record is lost: whatever the store does meanwhile, all of it is there in the end."""

import http.server
import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from micronets.tracking import STORE_VARIABLE, StageRun, send_all, sender, store_uri
from micronets.tracking.journal import waiting
from tests.unit.tracking.conftest import runs_of

pytestmark = pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::alembic", "ignore:::sqlalchemy")

EPOCHS = 62
"""Of 20 processes, 1,240 metrics."""

PROGRAM = f"""
import sys; sys.path.insert(0, sys.argv[1])
from micronets.tracking import StageRun
with StageRun("results", "kws", sys.argv[2], "train", {{"seed": 1}}) as run:
    for epoch in range({EPOCHS}):
        run.log_metrics({{"loss": 100.0 - epoch}}, epoch)
"""


def job(model, epochs=3):
    with StageRun("results", "kws", model, "train", {"seed": 1}) as run:
        for epoch in range(epochs):
            run.log_metrics({"loss": 100.0 - epoch}, epoch)


def history(client, tmp_path, model):
    run = runs_of(client, tmp_path / "results", model)[1]["train"]
    assert run.info.status == "FINISHED"
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "loss")]


def expected(epochs=3):
    return [(epoch, 100.0 - epoch) for epoch in range(epochs)]


@pytest.fixture
def impatient(monkeypatch):
    """Jobs wait 2 s for the store, at most."""
    monkeypatch.setattr(sender.Sender.finish, "__defaults__", (2.0,))


@pytest.mark.parametrize("processes", [4, pytest.param(20, marks=pytest.mark.campaign)])
def test_cold_processes_on_one_file(tmp_path, monkeypatch, repository, processes):
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    jobs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(repository), f"m{number}"], stderr=subprocess.DEVNULL)
        for number in range(processes)
    ]
    assert [process.wait(timeout=900) for process in jobs] == [0] * processes
    assert send_all("results")[1] == 0
    assert waiting("results") == []
    client = MlflowClient(store_uri())
    assert sum(history(client, tmp_path, f"m{n}") == expected(EPOCHS) for n in range(processes)) == processes


def test_a_server_that_is_dead_and_comes_back(client, tmp_path, monkeypatch, impatient, caplog):
    monkeypatch.setenv(STORE_VARIABLE, "http://127.0.0.1:9")  # the port "discard": nobody listens
    with caplog.at_level(logging.WARNING, "micronets"):
        job("a")
    assert "is kept in" in caplog.text and len(waiting("results")) == 1
    monkeypatch.delenv(STORE_VARIABLE)
    monkeypatch.setattr(sender.Sender.finish, "__defaults__", (60.0,))
    job("b")  # the next job sends what an earlier one could not
    assert waiting("results") == []
    assert history(client, tmp_path, "a") == history(client, tmp_path, "b") == expected()


def test_a_server_that_answers_nothing(client, tmp_path, monkeypatch, impatient, caplog):
    class Silent(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(8)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(STORE_VARIABLE, f"http://127.0.0.1:{server.server_port}")
    begin = time.monotonic()
    with caplog.at_level(logging.WARNING, "micronets"):
        job("a")
    assert time.monotonic() - begin < 30
    assert "is kept in" in caplog.text
    server.shutdown()
    server.server_close()
    monkeypatch.delenv(STORE_VARIABLE)
    for journal in waiting("results"):  # as a new process would find it
        with journal.held() as mine:
            assert mine or len(waiting("results")) == 1


def test_a_store_that_dies_in_the_middle(client, tmp_path, monkeypatch, impatient):
    from micronets.tracking.recorder import Recorder

    record, count = Recorder.record, 0

    def dying(self, event):
        nonlocal count
        count += 1
        if count > 2:
            raise ConnectionError("the server has gone")
        record(self, event)

    monkeypatch.setattr(Recorder, "record", dying)
    job("a", epochs=6)
    assert len(waiting("results")) == 1
    monkeypatch.setattr(Recorder, "record", record)
    assert send_all("results") == (1, 0)
    assert history(client, tmp_path, "a") == expected(6)


def test_a_database_that_is_locked(client, tmp_path, impatient, monkeypatch):
    monkeypatch.setenv("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
    other = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        job("a")
        assert len(waiting("results")) == 1
    finally:
        other.execute("ROLLBACK")
        other.close()
    end = time.monotonic() + 60
    while waiting("results") and time.monotonic() < end:  # the job's own thread may still be at it
        send_all("results")
        time.sleep(0.5)
    assert history(client, tmp_path, "a") == expected()


def test_a_database_that_is_damaged_is_filled_anew(client, tmp_path, repository, template):
    job("a")
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 1000)
    program = PROGRAM.replace("StageRun(", "StageRun(", 1)
    command = [sys.executable, "-c", program, str(repository), "b"]
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert result.returncode == 0
    track = [sys.executable, "-c", "import sys; from micronets.cli import main; sys.exit(main())", "track", "results"]
    failed = subprocess.run(track, capture_output=True, text=True, cwd=tmp_path, env=os.environ | _path(repository))
    assert failed.returncode == 1 and "micronets track --again" in failed.stderr
    (tmp_path / "mlflow.db").write_bytes((template / "mlflow.db").read_bytes())
    again = subprocess.run(
        [*track, "--again"], capture_output=True, text=True, cwd=tmp_path, env=os.environ | _path(repository)
    )
    assert again.returncode == 0 and again.stdout.startswith("2 stages sent to sqlite:")
    assert history(client, tmp_path, "a") == expected()
    assert history(client, tmp_path, "b") == expected(EPOCHS)


def test_what_is_sent_late_does_not_replace_what_is_newer(client, tmp_path, monkeypatch, impatient):
    monkeypatch.setenv(STORE_VARIABLE, "http://127.0.0.1:9")
    job("a", epochs=2)
    monkeypatch.delenv(STORE_VARIABLE)
    monkeypatch.setattr(sender, "waiting", lambda results: [])  # as if the next job had no time for it
    job("a", epochs=5)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    assert send_all("results") == (1, 0)
    assert history(client, tmp_path, "a") == expected(5)


@pytest.mark.slow
def test_a_live_server_prints_nothing(tmp_path, monkeypatch, repository):
    monkeypatch.chdir(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--backend-store-uri", "sqlite:///server.db", "--port", str(port), "--workers", "1"]
    alone = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # no processes for jobs of its own
    with open(tmp_path / "server.log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *options], stdout=log, stderr=log, env=alone
        )
    try:
        address, end = f"http://127.0.0.1:{port}", time.monotonic() + 300
        while True:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).read()
                break
            except OSError:
                assert time.monotonic() < end, (tmp_path / "server.log").read_text()
                time.sleep(0.5)
        environment = os.environ | {STORE_VARIABLE: address}
        command = [sys.executable, "-c", PROGRAM, str(repository), "a"]
        result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert waiting("results") == []
    finally:
        server.terminate()
        server.wait(timeout=60)


def _path(repository):
    return {"PYTHONPATH": str(repository)}
