"""The profile stage on a board: flashed, run, measured; the board and its programmer are emulated."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from micronets.boards import Board, find_board
from micronets.errors import BoardError, BuildError
from micronets.evaluation import ClassTruth, pack_truth
from micronets.linking.firmware import Firmware
from micronets.profile.stage import profile
from tests.emulated_board import PluggedInBoard

NETWORK = """
__attribute__((noinline)) void network_layer_00_negate(void)
{{
    for (int i = 0; i < 4; i++) {{ arena[32 + i] = (int8_t)({negated}); }}
}}
void network_invoke(void) {{ network_layer_00_negate(); NETWORK_AFTER_STEP(0); }}
"""
INPUTS = np.random.default_rng(5).integers(-127, 128, (20, 8), np.int8)


@pytest.fixture
def board() -> Board:
    return find_board("netduinoplus2")


@pytest.fixture
def test_inputs(tmp_path: Path) -> Path:
    path = tmp_path / "test_inputs.npz"
    grids = {"input_grid": np.array([0.5, 3.0]), "output_grid": np.array([0.25, -7.0])}
    truth = pack_truth(ClassTruth(INPUTS[:, :4].argmin(axis=1)))
    np.savez(path, inputs=INPUTS, outputs=-INPUTS[:, :4], **grids, **truth)
    return path


@pytest.fixture
def firmware(build: Callable[..., Firmware]) -> Firmware:
    return build(NETWORK.format(negated="-arena[i]"), layer_macs=(4,), task="kws")


@pytest.fixture
def plugged_in(
    firmware: Firmware, build: Callable[..., Firmware], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PluggedInBoard]:
    """A board that holds another network's program."""
    kept = tmp_path / "kept"
    shutil.copytree(firmware.elf.parent, kept)
    other = build(NETWORK.format(negated="~arena[i]"), layer_macs=(4,), task="kws")
    shutil.copy(other.elf.with_name("board.elf"), tmp_path / "other.elf")
    shutil.rmtree(firmware.elf.parent)
    shutil.copytree(kept, firmware.elf.parent)
    folder = tmp_path / "plugged_in"
    folder.mkdir()
    found = PluggedInBoard(folder, tmp_path / "other.elf")
    monkeypatch.setenv("PATH", found.path)
    yield found
    found.unplug()


def test_the_board_is_flashed_and_measured(
    firmware: Firmware, plugged_in: PluggedInBoard, test_inputs: Path, tmp_path: Path, repository: Path
) -> None:
    options = {"inputs": 10, "timeout_s": 60, "target": f"serial:{plugged_in.port}"}
    profile(firmware.elf.parent, test_inputs, tmp_path / "profile", **options)
    assert plugged_in.programs()[1:] == [str(firmware.elf.with_name("board.elf"))]
    content = json.loads((tmp_path / "profile" / "profile.json").read_text(encoding="utf-8"))
    schema = json.loads((repository / "micronets/profile/profile.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    measured = content["measured"]
    assert (measured["board"], measured["programmer"]) == ("netduinoplus2", "openocd")
    assert (measured["inputs"], measured["resets"]) == (10, 0)
    # The emulated clock takes a nanosecond for an instruction.
    assert measured["cycles"] == pytest.approx(content["counted"]["instructions"], abs=20)
    assert measured["cycles_min"] <= measured["cycles"] <= measured["cycles_max"]
    assert measured["latency_ms"] == pytest.approx(measured["cycles"] / 1e6)
    (step,) = measured["steps"]
    assert step["layers"] == ["network_layer_00_negate"]
    assert step["cycles"] == pytest.approx(content["layers"][0]["instructions"], abs=20)


def test_other_outputs_of_the_board_fail(
    build: Callable[..., Firmware], plugged_in: PluggedInBoard, firmware: Firmware, test_inputs: Path, tmp_path: Path
) -> None:
    """A program that is right on the emulator and wrong on the board: only that of the board is replaced."""
    right = {name: firmware.elf.with_name(name).read_bytes() for name in ("firmware.elf", "firmware.map")}
    build(NETWORK.format(negated="i == 2 ? 0 : -arena[i]"), layer_macs=(4,), task="kws")
    for name, content in right.items():
        firmware.elf.with_name(name).write_bytes(content)
    options = {"inputs": 10, "timeout_s": 60, "target": f"serial:{plugged_in.port}"}
    with pytest.raises(BoardError, match=r"10 of 10 outputs of trial on the board at .*ttyACM0 differ"):
        profile(firmware.elf.parent, test_inputs, tmp_path / "profile", **options)
    assert not (tmp_path / "profile").exists()


def test_a_firmware_without_the_boards_program(
    build: Callable[..., Firmware], test_inputs: Path, tmp_path: Path
) -> None:
    firmware = build(NETWORK.format(negated="-arena[i]"), layer_macs=(4,))
    with pytest.raises(BuildError, match=r"there is no .*board\.json; the workflow makes it|make it anew"):
        profile(
            firmware.elf.parent, test_inputs, tmp_path / "profile", inputs=1, timeout_s=60, target="serial:/dev/null"
        )


def test_a_missing_port(firmware: Firmware, test_inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="ttyACM9 cannot be opened"):
        profile(
            firmware.elf.parent,
            test_inputs,
            tmp_path / "profile",
            inputs=1,
            timeout_s=60,
            target=f"serial:{tmp_path}/ttyACM9",
        )


def test_a_board_without_support(build: Callable[..., Firmware]) -> None:
    with pytest.raises(BuildError, match="no support for corstone-300 itself, only for its emulator"):
        build(NETWORK.format(negated="0"), find_board("corstone-300"), layer_macs=(4,), task="kws")
