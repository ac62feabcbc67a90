"""Depthwise convolutions of 1x1 answer as TFLM does."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.emulated_exactness import require_equal_on_the_emulator

RELU, RELU6 = 1, 3


def scaled(shape: tuple[int, int, int], out_scale: float, activation: int = 0, zero_point: int = -7) -> bytes:
    random = np.random.default_rng(3)
    model = ModelBuilder()
    channels = shape[2]
    source = model.tensor((1, *shape), "int8", 0.05, 11)
    weights = random.integers(-127, 128, (1, 1, 1, channels)).astype(np.int8)
    # All outputs alike, and a bias beyond what an output can be.
    weights[..., 0] = 0
    bias = random.integers(-9000, 9000, channels).astype(np.int32)
    bias[-1] = 1 << 20
    scales = random.uniform(0.001, 0.02, channels)
    inputs = [
        source,
        model.tensor(weights.shape, "int8", scales, 0, 3, weights),
        model.tensor((channels,), "int32", scales * 0.05, data=bias),
    ]
    output = model.tensor((1, *shape), "int8", out_scale, zero_point)
    options = {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    options |= {"depthMultiplier": 1, "fusedActivationFunction": activation}
    model.operator("DEPTHWISE_CONV_2D", inputs, [output], options, 3)
    return model.build([source], [output])


def require_equal(content: bytes, shape: tuple[int, int, int], folder, kernel: str) -> None:
    """On this machine, under the sanitizers."""
    file = folder / "model.tflite"
    file.write_bytes(content)
    inputs = edge_inputs((1, *shape), 8)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    network = compile_network(file, folder / "network")
    assert [layer.kernel for layer in network.layers] == [kernel]
    executable = build_guarded(network, folder / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize("shape", [(4, 4, 3), (1, 1, 4), (5, 5, 7), (8, 9, 16)])
def test_lines_equal_tflm(shape, tmp_path):
    require_equal(scaled(shape, 0.8), shape, tmp_path, "mn_depthwise_point")


@pytest.mark.parametrize("activation", [RELU, RELU6])
def test_clamped_lines_equal_tflm(activation, tmp_path):
    shape = (7, 5, 6)
    require_equal(scaled(shape, 0.08, activation), shape, tmp_path, "mn_depthwise_point_clamped")


@pytest.mark.parametrize("shape", [(5, 5, 7), (8, 9, 16)])
def test_lines_with_steps_equal_tflm(shape, tmp_path):
    require_equal(scaled(shape, 0.08), shape, tmp_path, "mn_depthwise_point_stepped")


def test_slopes_beyond_int32_take_another_kernel(tmp_path):
    shape = (3, 5, 6)
    require_equal(scaled(shape, 0.0009), shape, tmp_path, "mn_depthwise_general")


@pytest.mark.emulator
@pytest.mark.parametrize(("shape", "out_scale"), [((1, 1, 9), 0.8), ((6, 5, 15), 0.8), ((6, 5, 7), 0.08)])
def test_lines_equal_tflm_on_the_emulator(shape, out_scale, tmp_path):
    require_equal_on_the_emulator(scaled(shape, out_scale), (1, *shape), tmp_path, seed=8)
