"""Ctrl-C, and SIGTERM to the workflow alone. That an interrupted run ends as any other: test_run.py."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

PROMPTLY_S = 30.0
WAIT_S = 120.0


@pytest.fixture(scope="module")
def prepared(workflow_in, tmp_path_factory) -> Path:
    """A folder in which the data of the small run are ready."""
    folder = tmp_path_factory.mktemp("prepared")
    run = workflow_in(folder).run("data")
    assert run.status == 0, run.text
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_ends_the_run_promptly_and_the_next_one_goes_on(prepared, workflow_in, tmp_path, number):
    shutil.copytree(prepared, tmp_path / "copy", symlinks=True)
    workflow = workflow_in(tmp_path / "copy")
    results = workflow.directory / "results"
    log = results / "logs/kws/searched/search.log"
    target = str(Path("results/kws/searched/search/architecture.json"))
    with open(tmp_path / "output.txt", "wb") as output:
        main = subprocess.Popen(
            workflow.command("--", target),
            cwd=workflow.directory,
            env=workflow.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + WAIT_S
        while not (log.exists() and "1/3 search epochs" in log.read_text(encoding="utf-8")):
            assert main.poll() is None and time.monotonic() < end, (tmp_path / "output.txt").read_text("utf-8")
            time.sleep(0.02)
        jobs = psutil.Process(main.pid).children(recursive=True)
        if number == signal.SIGINT:
            os.killpg(main.pid, number)  # as a terminal does
        else:
            os.kill(main.pid, number)
        assert main.wait(timeout=PROMPTLY_S) == 1
        assert not psutil.wait_procs(jobs, timeout=1)[1], "a job outlived its workflow"
    finally:
        main.kill()
        main.wait()
    said = (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert "Traceback" not in said and "KeyboardInterrupt" not in said
    assert said.splitlines()[-2:-1] == ["Interrupted; run the same command to go on."]
    run = workflow.run("--", target)
    assert run.status == 0, run.text
    assert "going on after epoch 1" in run.text, run.text
    assert (workflow.directory / target).stat().st_size > 0
