"""Ctrl-C; SIGTERM to the workflow alone, and kills, whose runs must end as any other: tests/faults."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

PROMPTLY_S = 30.0
WAIT_S = 600.0


def test_ctrl_c_ends_the_run_promptly_and_the_next_one_goes_on(workflow_in, tmp_path):
    workflow = workflow_in(tmp_path)
    results = workflow.directory / "results"
    log = results / "logs/kws/searched/search.log"
    target = str(Path("results/kws/searched/search/found.json"))
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
        os.killpg(main.pid, signal.SIGINT)  # as a terminal does
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
