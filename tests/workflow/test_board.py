"""The workflow with a board plugged in, which here is emulated, its programmer too."""

import json
import shutil

import pytest

from tests.emulated_board import PluggedInBoard

MODELS = ("ds-cnn-s", "searched")
BOARD = "netduinoplus2"
OWN_BOARDS = """
my-board:
  core: cortex-m4
  clock_hz: 100000000
  flash_bytes: 1048576
  sram_bytes: 131072
  emulator: mps2-an386
"""


@pytest.fixture
def plugged_in(tmp_path):
    folder = tmp_path / "plugged_in"
    folder.mkdir()
    board = PluggedInBoard(folder, None)
    yield board
    board.unplug()


def test_every_model_is_flashed_and_measured(finished, workflow_in, plugged_in, tmp_path):
    whole, _ = finished
    shutil.copytree(whole.directory, tmp_path / "copy", symlinks=True)
    workflow = workflow_in(tmp_path / "copy")
    settings = ["--config", f"boards=[{BOARD}]", f"profile__target=serial:{plugged_in.port}"]
    run = workflow.run("profile", *settings, PATH=plugged_in.path)
    assert run.status == 0, run.text
    # Two jobs at once, one port: each has flashed its own program and measured that.
    assert len(plugged_in.programs()) == len(MODELS)
    for model in MODELS:
        folder = workflow.directory / "results" / "kws" / model / BOARD
        profile = json.loads((folder / "profile" / "profile.json").read_text(encoding="utf-8"))
        program = json.loads((folder / "firmware" / "board.json").read_text(encoding="utf-8"))
        assert profile["outputs"]["bit_exact"] is True
        measured = profile["measured"]
        assert (measured["board"], measured["build"], measured["inputs"]) == (BOARD, program["build"], 3)
        # Virtual time: one nanosecond for an instruction.
        assert measured["cycles"] == pytest.approx(profile["counted"]["instructions"], rel=1e-4)
        assert sum(step["cycles"] for step in measured["steps"]) == pytest.approx(measured["cycles"], rel=1e-3)


def test_a_board_of_the_users_own_is_built_for(finished, workflow_in, tmp_path):
    whole, _ = finished
    shutil.copytree(whole.directory, tmp_path / "copy", symlinks=True)
    workflow = workflow_in(tmp_path / "copy")
    (workflow.directory / "my boards.yaml").write_text(OWN_BOARDS, encoding="utf-8")
    settings = ["--config", "boards=[my-board]", "boards_file='my boards.yaml'"]
    assert workflow.planned(*settings) == {
        "build_firmware": 2,
        "profile_firmware": 2,
        "write_report": 1,
        "write_page": 1,
    }
    run = workflow.run(*settings)
    assert run.status == 0, run.text
    folder = workflow.directory / "results" / "kws" / "ds-cnn-s" / "my-board"
    profile = json.loads((folder / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert (profile["board"], profile["clock_hz"], profile["outputs"]["bit_exact"]) == ("my-board", 100_000_000, True)
    assert "my-board" in run.text
    # Other memories are noticed.
    (workflow.directory / "my boards.yaml").write_text(OWN_BOARDS.replace("131072", "65536"), encoding="utf-8")
    assert workflow.planned(*settings)["build_firmware"] == 2
