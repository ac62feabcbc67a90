"""Fixtures for all tests, and the markers by which `make quick` leaves out those that take long."""

import os
import re
import sys
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

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
    "unit/keyword_spotter/test_picture.py": "slow",
    "unit/report": "slow",
    "unit/export/test_fake_quantised_network.py": "training",
    "unit/layers": "training",
    "unit/search/test_backends.py": "training",
    "unit/search/test_mobilenet_v2_supernet.py": "training",
    "unit/search/test_one_shot.py": "training",
    "unit/search/test_relaxation.py": "training",
    "unit/search/test_resnet_supernet.py": "training",
    "unit/search/test_search.py": "training",
    "unit/search/test_strategy.py": "training",
    "unit/search/test_supernet.py": "training",
    "unit/tasks/test_ic.py": "training",
    "unit/tracking": "slow",
}
"""Of all tests in a folder or a file."""
BUILDING_FIXTURES = {"build", "built"}
ALLOWED = ("emulator", "workflow", "campaign")
TOOLS = ("arm-none-eabi-", "qemu-system-")
PATH = os.environ["PATH"]

ONE_RUN = {"tests/workflow/test_run.py", "tests/workflow/test_board.py"}
"""Files whose tests start from one finished run of the workflow, which takes a minute."""

_running: pytest.Item | None = None

if "PYTEST_XDIST_WORKER" in os.environ:  # one core for each of the processes, which else wait for one another's threads
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"))


class _ByFileAndRun(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "one run" if file in ONE_RUN else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> LoadFileScheduling | None:
    """Under `--dist loadfile`, not only the tests of a file go to one process, but those of one run as well."""
    return _ByFileAndRun(config, log) if config.option.dist == "loadfile" else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out places whose marker is not wanted before they are imported: Keras alone takes five seconds."""
    if not re.fullmatch(r"not \w+( and not \w+)*", config.option.markexpr):
        return None
    unwanted = config.option.markexpr.split()[1::3]
    places = (place for place, marker in MARKERS_BY_PLACE.items() if marker in unwanted)
    return True if collection_path in (REPOSITORY / "tests" / place for place in places) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by where they are, and those that build a firmware by their fixtures; the longest begin."""
    gone = [place for place in MARKERS_BY_PLACE if not (REPOSITORY / "tests" / place).exists()]
    assert not gone, f"MARKERS_BY_PLACE in tests/conftest.py names {', '.join(gone)}, which is not there"
    for item in items:
        for place, marker in MARKERS_BY_PLACE.items():
            if item.path.is_relative_to(REPOSITORY / "tests" / place):
                item.add_marker(marker)
        if BUILDING_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("emulator")
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)  # the longest first


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
