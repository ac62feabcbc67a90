"""Fully connected layers of one scale answer as TFLM does, whatever is left beside whole octets and unrolled steps."""

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.profile import profile_firmware

INPUT = (1, 1, 1, 36)
CHANNELS = (44, 20, 13)


@pytest.fixture(scope="module")
def content() -> bytes:
    random = np.random.default_rng(3)
    model = ModelBuilder()
    source = value = model.tensor((1, INPUT[3]), "int8", 0.05, -20)
    depth, scale = INPUT[3], 0.05
    for channels in CHANNELS:
        weights = random.integers(-127, 128, (channels, depth)).astype(np.int8)
        bias = random.integers(-4000, 4000, channels).astype(np.int32)
        inputs = [
            value,
            model.tensor(weights.shape, "int8", 0.01, 0, 0, weights),
            model.tensor((channels,), "int32", 0.01 * scale, data=bias),
        ]
        value, depth, scale = model.tensor((1, channels), "int8", scale * depth * 0.2, 4), channels, scale * depth * 0.2
        model.operator("FULLY_CONNECTED", inputs, [value], {"fusedActivationFunction": 0})
    return model.build([source], [value])


@pytest.fixture(scope="module")
def answers(content) -> tuple[np.ndarray, np.ndarray]:
    inputs = edge_inputs(INPUT, 9)
    expected = tflm_outputs(content, inputs.reshape(len(inputs), 1, -1)).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 50
    return inputs, expected


def compiled(content, directory, optimise):
    file = directory / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, directory / "network", optimise=optimise)
    assert [layer.kernel for layer in network.layers] == ["mn_dense_uniform"] * len(CHANNELS)
    return network


def test_layers_of_one_scale_equal_tflm(content, answers, tmp_path):
    inputs, expected = answers
    executable = build_guarded(compiled(content, tmp_path, "balanced"), tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.emulator
@pytest.mark.parametrize("optimise", ["speed", "balanced", "size"])
def test_loops_of_every_length_equal_tflm(optimise, content, answers, tmp_path):
    board = find_board("nucleo-l4r5zi")
    firmware = build_firmware(compiled(content, tmp_path, optimise), board, tmp_path)
    inputs, expected = answers
    profile = profile_firmware(firmware, inputs, expected)
    assert (profile.compared_outputs, profile.different_outputs) == (len(inputs), 0)
