"""What the machine denies or does: full and read-only disks, HOME and TMPDIR gone, limits, clocks, two runs at once, a
killed worker. Disks are made in a mount namespace of the command's own (`unshare`), and go with it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import psutil

from tests.faults.record import Case
from tests.faults.small_run import Ended, SmallRun, call, environment, snakemake

PART = "The machine"
_AGAIN = "-- and now again --"
_NO_SPACE = "There is no space left on the disk of"


def machine_cases(run: SmallRun) -> list[Case]:
    """All cases of this part."""
    listed = {
        "the disk of the results is full while data are prepared; then space is made": _full_in_data,
        "the disk of the results is full in training": lambda r, p: _full(r, p, "train"),
        "the disk of the results is full while the firmware is built": lambda r, p: _full(r, p, "firmware"),
        "the disk of the working folder is full": _full_working_folder,
        "the disk for temporary files (TMPDIR) is full": _full_temporary_folder,
        "the results folder is read-only": _read_only_results,
        "the working folder is read-only": _read_only_working_folder,
        "HOME is read-only": _read_only_home,
        "HOME names a folder that is not there": lambda r, p: _goes_on(r, p, HOME=str(p / "absent" / "home")),
        "HOME is not set": lambda r, p: _goes_on(r, p, HOME=None),
        "TMPDIR names a folder that is not there": lambda r, p: _goes_on(r, p, TMPDIR=str(p / "absent" / "folder")),
        "files may not be larger than 100 kB (ulimit -f)": _small_files,
        "a job of the search may take 1.5 GB of memory (ulimit -v)": _low_memory,
        "a worker of the pool that prepares data is killed": _killed_worker,
        "a second workflow on the same results": _two_at_once,
        "SIGTERM to the workflow alone, in the middle of a search": _terminated,
        "all files come from tomorrow: the clock was set back": _clock,
    }
    return [Case(PART, name, lambda place, act=act: act(run, place)) for name, act in listed.items()]


def _with_mounts(script: str, place: Path, *arguments: str, **changes: str | None) -> Ended:
    command = ["unshare", "--map-root-user", "--mount", "sh", "-ec", script, "sh", *snakemake(*arguments)]
    return call(command, place, **changes)


def _kilobytes(folder: Path) -> int:
    """As many as a tmpfs needs for the folder."""
    files = [path for path in folder.rglob("*") if not path.is_symlink()]
    return sum(4 * -(-path.stat().st_size // 4096) for path in files if path.is_file())


def _full_in_data(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="data")
    shutil.rmtree(results)
    results.mkdir()
    script = (
        'mount -t tmpfs -o size=2m tmpfs results; if "$@"; then exit 9; fi; '
        f'echo "{_AGAIN}"; mount -o remount,size=500m results; "$@"; cp -a results kept'
    )
    ended = _with_mounts(script, place, "data")
    first, _, second = ended.text.partition(_AGAIN)
    told = Ended(1, first).told(_NO_SPACE)
    assert ended.status == 0 and second, ended.text[-2000:]
    run.check_same(place / "kept", ["kws/data/*.npy", "kws/data/dataset.json"])
    return told


def _full(run: SmallRun, place: Path, stage: str) -> str:
    results = run.copy(place, cut_from=stage)
    results.rename(place / "whole")
    results.mkdir()
    size = _kilobytes(place / "whole") + 40
    script = f'mount -t tmpfs -o size={size}k tmpfs results; cp -a whole/. results; exec "$@"'
    return _with_mounts(script, place).told(_NO_SPACE, "is the disk full", "found no space left")


def _full_working_folder(run: SmallRun, place: Path) -> str:
    run.copy(place / "whole", cut_from="profile")
    (place / "work").mkdir()
    size = _kilobytes(place / "whole") + 64
    script = f'mount -t tmpfs -o size={size}k tmpfs work; cp -a whole/. work; cd work; exec "$@"'
    return _with_mounts(script, place).told(_NO_SPACE, "No space left on device")


def _full_temporary_folder(run: SmallRun, place: Path) -> str:
    run.copy(place, cut_from="firmware")
    (place / "tmp").mkdir()
    script = 'mount -t tmpfs -o size=100k tmpfs tmp; exec "$@"'
    return _with_mounts(script, place, TMPDIR=str(place / "tmp")).told(_NO_SPACE, "found no space left")


def _read_only_results(run: SmallRun, place: Path) -> str:
    run.copy(place, cut_from="profile")
    script = 'mount --bind results results; mount -o remount,ro,bind results; exec "$@"'
    return _with_mounts(script, place).told("results cannot be written to")


def _read_only_working_folder(run: SmallRun, place: Path) -> str:
    run.copy(place / "work", cut_from="profile")
    script = 'mount --bind work work; mount -o remount,ro,bind work; cd work; exec "$@"'
    return _with_mounts(script, place).told("Read-only file system", "read-only")


def _read_only_home(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="firmware")
    (place / "home").mkdir()
    script = 'mount -t tmpfs -o ro tmpfs home; exec "$@"'
    ended = _with_mounts(script, place, HOME=str(place / "home"), XDG_CACHE_HOME=None)
    assert ended.status == 0, ended.text[-3000:]
    run.check_same(results)
    return "the run ends as any other"


def _goes_on(run: SmallRun, place: Path, **changes: str | None) -> str:
    results = run.copy(place, cut_from="firmware")
    ended = call(snakemake(), place, **changes)
    assert ended.status == 0, ended.text[-3000:]
    run.check_same(results)
    return "the run ends as any other"


def _small_files(run: SmallRun, place: Path) -> str:
    run.copy(place, cut_from="data")
    command = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh", *snakemake("data")]
    return call(command, place).told("would be larger than a file may be here")


def _low_memory(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="search")
    target = "results/kws/searched/search/architecture.json"
    command = ["sh", "-c", 'ulimit -v 1500000; exec "$@"', "sh", *snakemake("--", target)]
    told = call(command, place).told("emory", "ended without saying why")
    ended = call(snakemake("--", target), place)
    assert ended.status == 0, ended.text[-2000:]
    run.check_same(results, ["kws/searched/search/architecture.json"])
    return told


def _killed_worker(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="data")
    command = snakemake("data", "--config", "kws__data__generated__clips_per_word=60")
    with open(place / "said.txt", "wb") as said:
        main = subprocess.Popen(
            command, cwd=place, env=environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    end = time.monotonic() + 300
    worker = None
    while worker is None and main.poll() is None and time.monotonic() < end:
        for process in psutil.Process(main.pid).children(recursive=True):
            try:
                if any("loky" in argument for argument in process.cmdline()):
                    worker = process
            except psutil.Error:
                continue
        time.sleep(0.05)
    assert worker is not None, f"no worker was seen:\n{(place / 'said.txt').read_text('utf-8')[-2000:]}"
    time.sleep(0.5)
    worker.kill()
    main.wait(timeout=600)
    told = Ended(main.returncode, (place / "said.txt").read_text("utf-8")).told("One of the job's processes was killed")
    ended = call(snakemake("data"), place)
    assert ended.status == 0, ended.text[-2000:]
    run.check_same(results, ["kws/data/*.npy", "kws/data/dataset.json"])
    return told


def _two_at_once(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="profile")
    (results / ".workflow.lock").write_text("", encoding="utf-8")
    with open(place / "said.txt", "wb") as said:
        first = subprocess.Popen(
            snakemake(), cwd=place, env=environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    lock = results / ".workflow.lock"
    while not (lock.is_file() and lock.read_text("utf-8")):
        assert first.poll() is None, (place / "said.txt").read_text("utf-8")
        time.sleep(0.05)
    told = call(snakemake("--config", "results=results", "--forcerun", "build_firmware"), place).told(
        "Another workflow"
    )
    assert first.wait(timeout=600) == 0, (place / "said.txt").read_text("utf-8")
    run.check_same(results)
    return told


def _terminated(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="search")
    target = "results/kws/searched/search/architecture.json"
    log = results / "logs/kws/searched/search.log"
    log.unlink()
    with open(place / "said.txt", "wb") as said:
        main = subprocess.Popen(
            snakemake("--", target), cwd=place, env=environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    while not (log.is_file() and "1/3 search epochs" in log.read_text("utf-8")):
        assert main.poll() is None, (place / "said.txt").read_text("utf-8")
        time.sleep(0.05)
    jobs = psutil.Process(main.pid).children(recursive=True)
    start = time.monotonic()
    main.terminate()
    status = main.wait(timeout=120)
    took_s = time.monotonic() - start
    assert not psutil.wait_procs(jobs, timeout=5)[1], "a job outlived its workflow"
    told = Ended(status, (place / "said.txt").read_text("utf-8")).told("Interrupted; run the same command to go on.")
    ended = call(snakemake("--", target), place)
    assert ended.status == 0 and "going on after epoch" in ended.text, ended.text[-2000:]
    run.check_same(results, ["kws/searched/search/architecture.json"])
    return f"{told} It ended after {took_s:.0f} s, and the next run went on from its last epoch."


def _clock(run: SmallRun, place: Path) -> str:
    results = run.copy(place, cut_from="profile")
    tomorrow = time.time() + 24 * 3600
    for path in [results, *results.rglob("*")]:
        os.utime(path, (tomorrow, tomorrow), follow_symlinks=False)
    for _ in range(2):
        ended = call(snakemake(), place)
        assert ended.status == 0, ended.text[-3000:]
        run.check_same(results)
    return "the run ends as any other, and so does the next"
