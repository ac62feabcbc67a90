"""Fixtures for all tests, and the markers by which `make quick` leaves out those that take long."""

import os
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
MARKERS_BY_PLACE = {
    "browser": "campaign",
    "firmware": "emulator",
    "slurm": "campaign",
    "workflow": "workflow",
    "unit/emulator": "emulator",
    "unit/linking": "emulator",
    "unit/profile": "emulator",
    "unit/train": "training",
    "unit/compiler/test_deep_sums.py": "slow",
    "unit/compiler/test_every_operator.py": "slow",
    "unit/compiler/test_folder.py": "slow",
    "unit/compiler/test_use_the_c.py": "slow",
    "unit/report/test_report.py": "slow",
    "unit/search/test_one_shot.py": "training",
    "unit/tasks/test_ic.py": "training",
    "unit/test_tracking.py": "slow",
}
"""Of all tests in a folder or a file."""
BUILDING_FIXTURES = {"build", "built"}
ALLOWED = ("emulator", "workflow", "campaign")
TOOLS = ("arm-none-eabi-", "qemu-system-")
PATH = os.environ["PATH"]

_running: pytest.Item | None = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by where they are, and those that build a firmware by their fixtures."""
    for item in items:
        for place, marker in MARKERS_BY_PLACE.items():
            if item.path.is_relative_to(REPOSITORY / "tests" / place):
                item.add_marker(marker)
        if BUILDING_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("emulator")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    global _running
    _running = item
    try:
        return (yield)
    finally:
        _running = None


def _refuse_unmarked(event: str, arguments: tuple) -> None:
    """Fails a test that starts the Arm compiler or the emulator without the marker that says so."""
    if event != "subprocess.Popen" or _running is None or any(map(_running.get_closest_marker, ALLOWED)):
        return
    tool = Path(os.fsdecode(arguments[0])).name
    asked = "--version" in arguments[1]  # as every report does
    if tool.startswith(TOOLS) and not asked and os.environ["PATH"] == PATH:  # another PATH leads to stand-ins
        pytest.fail(f"This test starts {tool}; mark it with pytest.mark.emulator.", pytrace=False)


sys.addaudithook(_refuse_unmarked)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data and published models beside the checkout; tests that want them are skipped where they are absent."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "models").is_dir():
        pytest.skip("no ../shared with real data and published models")
    return folder
