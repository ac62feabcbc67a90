"""3x3 convolutions over strips of four columns answer as TFLM does, however much is computed at once."""

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import arranged_strips, compile_network
from micronets.compiler.kernels.strip import Strips
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.profile import profile_firmware

INPUT = (1, 11, 14, 8)
SAME, VALID = 0, 1
# Channels, padding, zero point and scale of what is made: channels of an odd number, a last strip that overlaps the one
# before, borders and none; without negative outputs there is a shorter form of requantisation.
LAYERS = ((12, SAME, -128, 0.4), (20, VALID, -7, 1.4), (8, SAME, -128, 2.0), (7, VALID, 5, 0.9))


@pytest.fixture(scope="module")
def content() -> bytes:
    random = np.random.default_rng(11)
    model = ModelBuilder()
    source = value = model.tensor(INPUT, "int8", 0.05, -128)
    shape, scale = INPUT, 0.05
    for channels, padding, zero_point, output_scale in LAYERS:
        weights = random.integers(-127, 128, (channels, 3, 3, shape[3])).astype(np.int8)
        scales = random.uniform(0.001, 0.02, channels)
        bias = random.integers(-3000, 3000, channels).astype(np.int32)
        less = 2 if padding == VALID else 0
        shape = (1, shape[1] - less, shape[2] - less, channels)
        inputs = [
            value,
            model.tensor(weights.shape, "int8", scales, 0, 0, weights),
            model.tensor((channels,), "int32", scales * scale, data=bias),
        ]
        value, scale = model.tensor(shape, "int8", output_scale, zero_point), output_scale
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": padding}
        model.operator("CONV_2D", inputs, [value], {**options, "fusedActivationFunction": 0})
    return model.build([source], [value])


@pytest.fixture(scope="module")
def answers(content) -> tuple[np.ndarray, np.ndarray]:
    inputs = edge_inputs(INPUT, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 100
    return inputs, expected


def compiled(content, core, directory):
    file = directory / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, directory / "network", core=core)
    assert [layer.kernel for layer in network.layers] == ["mn_strip"] * len(LAYERS)
    return network


@pytest.mark.parametrize("at_once", [None, Strips(1, 1), Strips(1, 2), Strips(3, 1), Strips(4, 3)], ids=str)
def test_strips_equal_tflm(at_once, content, answers, tmp_path, monkeypatch):
    if at_once is not None:
        monkeypatch.setattr(arranged_strips, "_arrangements", lambda kernel, _: [(0.0, kernel, at_once)])
    network = compiled(content, "cortex-m7", tmp_path)
    inputs, expected = answers
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.emulator
@pytest.mark.parametrize("board_name", ["nucleo-l4r5zi", "nucleo-f746zg", "nucleo-u575zi-q"])
def test_strips_equal_tflm_on_the_emulator(board_name, content, answers, tmp_path):
    board = find_board(board_name)
    firmware = build_firmware(compiled(content, board.core, tmp_path), board, tmp_path)
    inputs, expected = answers
    profile = profile_firmware(firmware, inputs.reshape(len(inputs), *INPUT[1:]), expected)
    assert (profile.compared_outputs, profile.different_outputs) == (len(inputs), 0)


def test_both_forms_are_tried(content, tmp_path):
    compiled(content, "cortex-m4", tmp_path)
    text = (tmp_path / "network" / "network.c").read_text(encoding="utf-8")
    assert {f".rounded = {form}" in text for form in (0, 1)} == {True}
