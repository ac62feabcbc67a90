"""Compiled networks on the emulator, against TensorFlow Lite Micro, bit for bit."""

import json
from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture
from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.emulator.execution import run_inputs
from micronets.export.writer import write_tflite
from micronets.linking.build import build_firmware
from micronets.litert import describe
from micronets.profile import profile_firmware
from micronets.tflm.host import run_tflm
from tests.networks import random_network, small_ds_cnn, small_residual, small_shortcut, small_skip_pool
from tests.published_models import PUBLISHED_MODELS

NETWORKS = (small_ds_cnn(), small_residual(), small_shortcut(), small_skip_pool())
ONE_BOARD_OF_EACH_CORE = (
    "frdm-kl25z",
    "nucleo-f207zg",
    "nucleo-f446re",
    "nucleo-f746zg",
    "nucleo-u575zi-q",
    "corstone-300",
)


@pytest.mark.parametrize("name", ONE_BOARD_OF_EACH_CORE)
@pytest.mark.parametrize("architecture", NETWORKS, ids=lambda architecture: architecture.name)
def test_random_network(architecture: Architecture, name: str, tmp_path: Path) -> None:
    tflite = tmp_path / "model.tflite"
    write_tflite(random_network(architecture, seed=3), tflite)
    inputs = np.random.default_rng(7).integers(-128, 128, (100, *architecture.input_shape), np.int8)
    board = find_board(name)
    compiled = compile_network(tflite, tmp_path / "src", core=board.core)
    firmware = build_firmware(compiled, board, tmp_path)
    profile = profile_firmware(firmware, inputs, run_tflm(tflite, inputs))
    assert (profile.compared_outputs, profile.different_outputs) == (100, 0)
    assert len(np.unique(run_inputs(firmware, inputs), axis=0)) > 50
    assert profile.stack_bytes > 0
    assert firmware.linked_ram_bytes.network >= compiled.arena_bytes


def generated_inputs(count: int) -> np.ndarray:
    """The two inputs that `tflm_outputs.json` describes: int8 of shape (2, count)."""
    values = np.zeros((2, count), np.int8)
    state = 12345
    for index in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values[1, index] = np.uint8(state >> 24).astype(np.int8)
    return values


@pytest.mark.parametrize("board_name", ["nucleo-l4r5zi", "corstone-300"])
@pytest.mark.parametrize("name", PUBLISHED_MODELS)
def test_published_model(name: str, board_name: str, shared: Path, tmp_path: Path) -> None:
    tflite = shared / "models" / f"{name}.tflite"
    expected = json.loads((shared / "models" / "tflm_outputs.json").read_text(encoding="utf-8"))[tflite.name]
    board = find_board(board_name)
    firmware = build_firmware(compile_network(tflite, tmp_path / "src", core=board.core), board, tmp_path)
    inputs = generated_inputs(int(np.prod(describe(tflite)[0].shape)))
    profile = profile_firmware(firmware, inputs, np.array([expected["zeros"], expected["prng"]], np.int8))
    assert (profile.compared_outputs, profile.different_outputs) == (2, 0)
