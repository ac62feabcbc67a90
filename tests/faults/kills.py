"""Kills at random: of whole process groups, of the workflow alone, of one of its processes, always with SIGKILL."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.faults.record import Case
from tests.faults.small_run import STAGES, SmallRun, environment, snakemake

PART = "Kills"
_VICTIMS = ("group", "workflow", "process")
_KILLS_A_RUN = 17
_EARLY = 0.15  # of all kills: before the first job has started
_MOST_S = 8.0
_PATIENCE_S = 300.0
_ENDED_S = 60.0


def kill_cases(run: SmallRun, kills: int, seed: int = 0) -> list[Case]:
    """Runs that are killed again and again and then left to end, `kills` kills altogether."""
    cases = []
    for number, first in enumerate(range(0, kills, _KILLS_A_RUN)):
        count = min(_KILLS_A_RUN, kills - first)
        # From training on most: it takes longest, and has most to go on from.
        stage = STAGES[1:][number % (len(STAGES) - 1)]
        name = f"{count} kills at random of a run from the {stage} stage on (seed {seed + number})"
        cases.append(Case(PART, name, lambda place, s=stage, c=count, n=number: _case(run, place, s, c, seed + n)))
    return cases


def _case(run: SmallRun, place: Path, stage: str, kills: int, seed: int) -> str:
    results = run.copy(place, cut_from=stage)
    draw = random.Random(seed)
    done: Counter[str] = Counter()
    whole = 0
    while sum(done.values()) < kills:
        victim = draw.choice(_VICTIMS)
        if _run_and_kill(place, victim, draw):
            done[victim] += 1
            continue
        run.check_same(results)  # it ended before
        whole += 1
        shutil.rmtree(place)
        results = run.copy(place, cut_from=draw.choice(STAGES[1:]))
    ended = subprocess.run(
        snakemake(), cwd=place, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    run.check_same(results)
    left = [path for path in results.rglob(".*partial*") if path.is_file()]
    assert len(left) < 20, f"half-written files pile up: {left[:5]}"
    killed = ", ".join(f"{count} of a {victim}" for victim, count in sorted(done.items()))
    return f"{sum(done.values())} kills ({killed}); {whole + 1} runs to the end, all with the same files"


def _has_started(said: Path) -> bool:
    """Whether a job has, other than the one that prepares the tracking store."""
    lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.endswith("] started") and not line.startswith("[tracking]") for line in lines)


def _run_and_kill(place: Path, victim: str, draw: random.Random) -> bool:
    """Starts the workflow and kills; whether it was still running."""
    early, after_s = draw.random() < _EARLY, draw.uniform(0, _MOST_S)
    with open(place / "said.txt", "wb") as said:
        main = subprocess.Popen(
            snakemake(),
            cwd=place,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    family: list[psutil.Process] = []
    try:
        end = time.monotonic() + _PATIENCE_S
        while not early and main.poll() is None and time.monotonic() < end and not _has_started(place / "said.txt"):
            time.sleep(0.1)
        try:
            main.wait(timeout=after_s)
            assert main.returncode == 0, (place / "said.txt").read_text(encoding="utf-8", errors="replace")[-3000:]
            return False
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(main.pid).children(recursive=True)
        if victim == "group":
            os.killpg(main.pid, signal.SIGKILL)
        elif victim == "workflow":
            main.kill()
        elif family:
            with contextlib.suppress(psutil.Error):
                draw.choice(family).kill()
        else:
            main.kill()
        main.wait(timeout=600)  # where one process was killed, the others may end what they are at
        _, alive = psutil.wait_procs(family, timeout=_ENDED_S)
        assert not alive, f"{[process.name() for process in alive]} outlived their workflow"
        return True
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(main.pid, signal.SIGKILL)
        main.wait()
