"""Faults put into the code, one at a time in a copy of it: a test must fail, or one is missing."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import yaml

from tests.faults.record import Case
from tests.faults.small_run import REPOSITORY, call

PART = "Mutations"
LIST = Path(__file__).with_name("mutations.yaml")
_LIMIT_S = 900
_PASSED, _FAILED = 0, 1  # exit statuses of pytest


def mutations() -> list[dict[str, str]]:
    """Every entry of mutations.yaml: `what`, `file`, `old`, `new`, `test`."""
    return yaml.safe_load(LIST.read_text(encoding="utf-8"))


def mutation_cases() -> list[Case]:
    """One case for every entry."""
    return [
        Case(PART, f"{entry['what']} (`{entry['file']}`)", lambda place, e=entry: _case(place, e))
        for entry in mutations()
    ]


def _case(place: Path, entry: dict[str, str]) -> str:
    copy = _copy(place.parent / "code")
    _passes(copy, entry["test"])
    path = copy / entry["file"]
    text = path.read_text(encoding="utf-8")
    assert text.count(entry["old"]) == 1, f"{entry['old']!r} stands {text.count(entry['old'])} times in {entry['file']}"
    try:
        path.write_text(text.replace(entry["old"], entry["new"]), encoding="utf-8")
        status, said = _test(copy, entry["test"])
    finally:
        path.write_text(text, encoding="utf-8")
    assert status == _FAILED, f"no test noticed: {entry['test']} ended with {status}\n{said[-1500:]}"
    return f"caught by `{entry['test']}`"


@cache
def _copy(copy: Path) -> Path:
    """The files that git knows of, as they are in the working tree."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    for name in os.fsdecode(listed).split("\0"):
        if name and (REPOSITORY / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, copy / name)
    return copy


@cache
def _passes(copy: Path, test: str) -> None:
    status, said = _test(copy, test)
    assert status == _PASSED, f"{test} fails without any fault, with {status}:\n{said[-1500:]}"


def _test(copy: Path, test: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    ended = call(command, copy, _LIMIT_S, PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1")
    return ended.status, ended.text
