"""Faults that tests of `make test` put in; here they are run once more, all together."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import yaml

from tests.faults.record import Case
from tests.faults.small_run import REPOSITORY, environment

PART = "Held by tests"
LIST = Path(__file__).with_name("held.yaml")


def held_cases() -> list[Case]:
    """Every entry of held.yaml."""
    entries = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return [Case(PART, entry["case"], lambda place, entry=entry: _case(entry)) for entry in entries]


def _case(entry: dict[str, str]) -> str:
    path, _, name = entry["test"].partition("::")
    found = _results()
    passed = [status for (file, test), status in found.items() if file == path and test.split("[")[0] == name]
    assert passed, f"{entry['test']} was not run"
    assert all(passed), f"{entry['test']} failed"
    return f"{entry['outcome']} (`{entry['test']}`)"


@cache
def _results() -> dict[tuple[str, str], bool]:
    """Whether every test passed, by its file and name."""
    tests = [entry["test"] for entry in yaml.safe_load(LIST.read_text(encoding="utf-8"))]
    report = REPOSITORY / "results" / "faults" / "held.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1", f"--junitxml={report}", *tests]
    subprocess.run(command, cwd=REPOSITORY, env=environment(), stdin=subprocess.DEVNULL, check=False, timeout=3600)
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        found[case.get("file", ""), case.get("name", "")] = len(case) == 0 or all(
            child.tag.startswith("system-") for child in case
        )
    return found
