"""Whole small runs of the workflow, in folders of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow.warm_snakemake import WarmSnakemake

TINY = Path(__file__).with_name("tiny.yaml")
LIMIT_S = 600


@dataclass(frozen=True)
class Run:
    """How a call of Snakemake ended; `text` is everything it printed."""

    status: int
    text: str


@dataclass(frozen=True)
class Workflow:
    """Calls Snakemake on the repository's workflow with the tiny configuration, working in `directory`."""

    repository: Path
    directory: Path
    snakemake: WarmSnakemake

    def command(self, *arguments: str) -> list[str]:
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(self.repository / "Snakefile")]
        return [*snakemake, "--configfile", str(TINY), "--cores", "2", *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
        return {**kept, **variables}

    def run(self, *arguments: str, **variables: str) -> Run:
        """Runs to the end; where it is given variables of the environment, in a process of its own from the start."""
        if not variables:
            return Run(*self.snakemake.run(self.command(*arguments)[3:], self.directory, self.environment(), LIMIT_S))
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
        )
        return Run(done.returncode, done.stdout)

    def planned(self, *arguments: str) -> dict[str, int]:
        """Number of jobs by rule that a run would execute."""
        run = self.run("--dry-run", *arguments)
        assert run.status == 0, run.text
        if "Job stats:" not in run.text:
            assert "Nothing to be done" in run.text, run.text
            return {}
        lines = run.text.split("Job stats:", 1)[1].strip().splitlines()[2:]
        table = [line.split() for line in lines[: lines.index("")]]
        return {rule: int(count) for rule, count in table if rule not in ("total", "all")}


@pytest.fixture(scope="session")
def snakemake(repository: Path) -> Iterator[WarmSnakemake]:
    """Runs Snakemake without the time that its imports take."""
    warm = WarmSnakemake(repository)
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def workflow_in(repository: Path, snakemake: WarmSnakemake) -> Callable[[Path], Workflow]:
    """The workflow, working in a given folder."""
    return lambda directory: Workflow(repository, directory, snakemake)


POISON = """
import os, pathlib
pathlib.Path(os.environ["POISON_NOTE"]).write_text("imported")
raise ImportError("a job that needs no TensorFlow imports it")
"""


@dataclass(frozen=True)
class NoTensorFlow:
    """With these variables of the environment, an import of TensorFlow or Keras fails and is noted."""

    variables: dict[str, str]

    def was_imported(self) -> bool:
        return Path(self.variables["POISON_NOTE"]).exists()


@pytest.fixture
def no_tensorflow(tmp_path_factory) -> NoTensorFlow:
    folder = tmp_path_factory.mktemp("poison")
    for package in ("tensorflow", "keras"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(POISON, encoding="utf-8")
    return NoTensorFlow({"PYTHONPATH": str(folder), "POISON_NOTE": str(folder / "note")})


@pytest.fixture(scope="session")
def finished(workflow_in, tmp_path_factory) -> tuple[Workflow, Run]:
    """A run through all stages, for tests that only look at it."""
    workflow = workflow_in(tmp_path_factory.mktemp("finished"))
    run = workflow.run()
    assert run.status == 0, run.text
    return workflow, run
