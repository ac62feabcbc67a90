"""Several images at once, and grouped convolutions: equal to TensorFlow Lite Micro."""

import numpy as np
import pytest

from micronets.compiler.compile import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import check_sample, edge_inputs
from micronets.fuzz.layers import batch_of
from micronets.fuzz.oracle import tflm_outputs
from micronets.fuzz.samples import SAMPLES
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

pytestmark = pytest.mark.slow

_OF_BATCHES = [
    "AVERAGE_POOL_2D",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "MAX_POOL_2D",
    "MEAN",
    "PAD",
    "RESIZE_NEAREST_NEIGHBOR",
    "TRANSPOSE_CONV",
]


@pytest.mark.parametrize("operator", _OF_BATCHES)
def test_several_images_equal_tflm(operator, tmp_path):
    several = [seed for seed in range(60) if batch_of(SAMPLES[operator], seed) > 1][:2]
    for seed in several:
        assert check_sample(operator, seed, tmp_path) is None


def _grouped(groups: int, depth: int, channels: int, batch: int) -> bytes:
    random, model = np.random.default_rng(groups), ModelBuilder()
    source = model.tensor((batch, 6, 5, groups * depth), "int8", 0.05, 3)
    weights = random.integers(-127, 128, (groups * channels, 3, 3, depth)).astype(np.int8)
    scales = random.uniform(0.002, 0.004, groups * channels).astype(np.float32)
    kernel = model.tensor(weights.shape, "int8", scales, 0, 0, weights)
    bias = random.integers(-900, 900, groups * channels).astype(np.int32)
    biases = model.tensor(bias.shape, "int32", scales * np.float32(0.05), 0, 0, bias)
    output = model.tensor((batch, 6, 5, groups * channels), "int8", 0.04, -9)
    options = {"padding": 0, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    model.operator("CONV_2D", [source, kernel, biases], [output], options)
    return model.build([source], [output])


@pytest.mark.parametrize(
    ("groups", "depth", "channels", "batch"), [(2, 3, 4, 1), (4, 1, 3, 1), (3, 8, 8, 2), (5, 1, 1, 2)]
)
def test_grouped_convolutions_equal_tflm(groups, depth, channels, batch, tmp_path):
    content = _grouped(groups, depth, channels, batch)
    (tmp_path / "model.tflite").write_bytes(content)
    inputs = edge_inputs((batch, 6, 5, groups * depth), 0)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "network")
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    outputs = run_on_host(executable, inputs, int(np.prod(network.output.shape)))
    expected = tflm_outputs(content, inputs)
    assert np.array_equal(outputs, expected.reshape(outputs.shape))
