"""The small workflow by profiles/slurm, on a real Slurm of one node: `make test-slurm`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import Cluster, is_installed

TINY = Path(__file__).parents[1] / "workflow" / "tiny.yaml"
BOARD = "nucleo-f446re"
RUN_LIMIT_S = 1800.0
STEP_LIMIT_S = 600.0
TOLD_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if not is_installed():
        pytest.fail("Slurm and munge are not installed; `make test-slurm` installs them")
    cluster = Cluster()
    yield cluster
    cluster.close()


class Run:
    """A call of Snakemake by the profile, at work in `folder`."""

    def __init__(self, repository: Path, cluster: Cluster, folder: Path, *arguments: str):
        self._output = folder / "output.txt"
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
        command += ["--profile", str(repository / "profiles" / "slurm"), "--configfile", str(TINY)]
        # prepare_data may ask for more threads than this machine has
        command += ["--max-threads", str(os.cpu_count()), *arguments]
        with open(self._output, "wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={key: value for key, value in cluster.environment.items() if key != "MLFLOW_TRACKING_URI"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, condition, what: str, limit_s: float = STEP_LIMIT_S) -> None:
        end = time.monotonic() + limit_s
        while not condition():
            assert self.process.poll() is None, f"the run ended before {what}:\n{self.said()}"
            assert time.monotonic() < end, f"not {what} within {limit_s:.0f} s:\n{self.said()}"
            time.sleep(0.1)


def jobs(cluster: Cluster, *options: str) -> dict[str, str]:
    """Numbers of the jobs in the queue by their comment."""
    lines = cluster.ask("squeue", "--noheader", "--format=%i|%k", *options).splitlines()
    return {comment: number for number, comment in (line.split("|", 1) for line in lines)}


def job_of(cluster: Cluster, rule: str, model: str) -> str | None:
    found = [number for comment, number in jobs(cluster).items() if rule in comment and model in comment]
    return found[0] if found else None


def test_the_small_workflow_through_a_drained_node_and_a_cancelled_job(repository, cluster, tmp_path):
    log = tmp_path / "results" / "logs" / "kws" / "ds-cnn-s" / "train.log"
    run = Run(repository, cluster, tmp_path, "--config", "kws__train__float_epochs=6")
    try:
        run.wait_for(lambda: jobs(cluster, "--states=RUNNING"), "a job at work")
        cluster.drain()
        run.wait_for(lambda: jobs(cluster, "--states=PENDING"), "a job waiting for the drained node")
        cluster.resume()
        run.wait_for(lambda: log.exists() and "1/6 float epochs" in log.read_text("utf-8"), "an epoch of training")
        number = job_of(cluster, "train_network", "ds-cnn-s")
        assert number is not None, jobs(cluster)
        cluster.ask("scancel", number)
        assert run.process.wait(timeout=RUN_LIMIT_S) == 0, run.said()
    finally:
        run.process.kill()
        run.process.wait()
    assert "going on after epoch" in log.read_text(encoding="utf-8")
    for model in ("ds-cnn-s", "searched"):
        profile = tmp_path / "results" / "kws" / model / BOARD / "profile" / "profile.json"
        assert json.loads(profile.read_text(encoding="utf-8"))["outputs"]["bit_exact"] is True
        assert model in run.said().rsplit(" steps done", 1)[1]
    assert not jobs(cluster)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--default-resources", "slurm_partition=minute", "mem_mb=2000", "runtime=60"], "PartitionTimeLimit"),
        (["--set-threads", "prepare_data=4096", "--max-threads", "4096"], "PartitionConfig"),
    ],
    ids=["longer than the partition allows", "more CPUs than any node has"],
)
def test_a_job_that_can_never_start_is_told_of_and_ends_with_the_workflow(
    repository, cluster, tmp_path, arguments, reason
):
    run = Run(repository, cluster, tmp_path, *arguments)
    try:
        run.wait_for(lambda: jobs(cluster), "a job submitted")
        run.wait_for(lambda: "Slurm will not start job" in run.said(), "the sentence", TOLD_WITHIN_S)
        (sentence,) = [line for line in run.said().splitlines() if line.startswith("Slurm will not start job")]
        assert f"(rule_prepare_data_wildcards_kws): {reason}; " in sentence
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(timeout=60) == 1
    finally:
        run.process.kill()
        run.process.wait()
    assert run.said().splitlines()[-2].startswith("Interrupted;")
    assert not jobs(cluster)
