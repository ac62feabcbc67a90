"""The small workflow that faults are put into: one undisturbed run, and copies of it from which stages are cut."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
TINY = REPOSITORY / "tests" / "workflow" / "tiny.yaml"
BOARD = "nucleo-f446re"
LIMIT_S = 7200
STAGES = ("data", "search", "train", "export", "firmware", "profile", "report")
_OUTPUTS = {
    "data": ("kws/data",),
    "search": ("kws/*/search",),
    "train": ("kws/*/train", "kws/teachers"),
    "export": ("kws/*/export",),
    "firmware": (f"kws/*/{BOARD}/firmware",),
    "profile": (f"kws/*/{BOARD}/profile",),
    "report": ("kws/report", "report"),
}
COMPARED = (
    "kws/*/search/architecture.json",
    "kws/*/train/*.np[yz]",
    "kws/teachers/*/float.npz",
    "kws/*/export/model.tflite",
    f"kws/*/{BOARD}/firmware/firmware.elf",
    f"kws/*/{BOARD}/profile/profile.json",
    f"kws/*/{BOARD}/profile/layers.csv",
    "kws/report/summary.csv",
)
"""What must be the same, byte for byte, however often a run was disturbed; times are only in other files."""
MACHINERY = ("Traceback", "RuleException", "CalledProcessError", "WorkflowError", "KeyboardInterrupt", "Error in rule")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all that it said."""

    status: int
    text: str

    def told(self, *parts: str) -> str:
        """Its last sentence before the names of the logs, which must hold one of the parts; what machinery says must
        not be in the text, and the command must have failed."""
        assert self.status != 0, f"it succeeded:\n{self.text[-2000:]}"
        machinery = [word for word in MACHINERY if word in self.text]
        assert not machinery, f"{machinery} in:\n{self.text[-3000:]}"
        lines = [line for line in self.text.splitlines() if line.strip() and not line.startswith(("Log: ", "Log of "))]
        assert lines and any(part in lines[-1] for part in parts), f"the last sentence is another:\n{self.text[-2000:]}"
        return lines[-1]


def snakemake(*arguments: str) -> list[str]:
    """The command that runs the small workflow, with the user's own arguments behind."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
    return [*command, "--configfile", str(TINY), "--cores", "2", *arguments]


def environment(**changes: str | None) -> dict[str, str]:
    """This process's variables with some changed, or (None) left out."""
    kept = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    kept.pop("MLFLOW_TRACKING_URI", None)
    for name, value in changes.items():
        kept.pop(name, None)
        if value is not None:
            kept[name] = value
    return kept


def call(command: Sequence[str], folder: Path, limit_s: float = LIMIT_S, **changes: str | None) -> Ended:
    """Runs a command to its end in a folder."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=limit_s,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


class SmallRun:
    """An undisturbed run in a folder, made once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results"

    def prepare(self) -> None:
        """Runs the workflow where it has not been run to its end; who comes meanwhile waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        finished = self.folder / "finished"
        with open(self.folder / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not finished.exists():
                done = call(snakemake(), self.folder)
                assert done.status == 0, done.text
                finished.touch()

    def copy(self, to: Path, cut_from: str | None = None) -> Path:
        """A copy of the folder that lacks the outputs of a stage and of all behind it; returns its results."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to, symlinks=True)
        results = to / "results"
        for stage in STAGES[STAGES.index(cut_from) :] if cut_from else ():
            for pattern in _OUTPUTS[stage]:
                for path in results.glob(pattern):
                    shutil.rmtree(path)
        return results

    def differences(self, results: Path, patterns: Sequence[str] = COMPARED) -> list[str]:
        """Files of another copy that are missing or not the same."""
        found = []
        for pattern in patterns:
            paths = sorted(self.results.glob(pattern))
            assert paths, f"the undisturbed run has no {pattern}"
            for path in paths:
                other = results / path.relative_to(self.results)
                if not other.is_file() or other.read_bytes() != path.read_bytes():
                    found.append(str(path.relative_to(self.results)))
        return found

    def check_same(self, results: Path, patterns: Sequence[str] = COMPARED) -> None:
        """Fails where the results of a copy are not those of the undisturbed run."""
        different = self.differences(results, patterns)
        assert not different, f"these files are not those of the undisturbed run: {', '.join(different)}"
