"""Fixtures for all tests, and the markers by which `make quick` leaves out those that take long."""

import os
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
MARKERS_BY_FOLDER = {
    "firmware": "emulator",
    "workflow": "workflow",
    "unit/emulator": "emulator",
    "unit/linking": "emulator",
    "unit/profile": "emulator",
    "unit/train": "training",
}
BUILDING_FIXTURES = {"build", "built"}
ALLOWED = ("emulator", "workflow")
TOOLS = ("arm-none-eabi-", "qemu-system-")
PATH = os.environ["PATH"]

_running: pytest.Item | None = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by their folder, and those that build a firmware by their fixtures."""
    for item in items:
        for folder, marker in MARKERS_BY_FOLDER.items():
            if item.path.is_relative_to(REPOSITORY / "tests" / folder):
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
