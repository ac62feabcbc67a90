"""Layers so deep that sums of products leave 24 bits, and weights of -128 that no lane holds beside negative ones,
equal TFLM without the reference kernels."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

LAYERS = (
    ("mn_point_deep", (1, 3, 3, 1022), (7, 1, 1, 1022), -127),
    ("mn_patch_deep", (1, 5, 4, 130), (6, 3, 3, 130), -127),
    ("mn_dense_deep", (1, 1, 1, 1516), (13, 1, 1, 1516), -127),
    ("mn_point_deep", (1, 3, 3, 32), (11, 1, 1, 32), -128),
    ("mn_patch_deep", (1, 5, 5, 9), (8, 3, 3, 9), -128),
    ("mn_point_deep", (1, 1, 1, 64), (10, 1, 1, 64), -128),
)


@pytest.mark.parametrize(("kernel", "shape", "weights_shape", "least"), LAYERS)
def test_deep_sums_equal_tflm(kernel, shape, weights_shape, least, tmp_path):
    random = np.random.default_rng(7)
    channels, depth = weights_shape[0], int(np.prod(weights_shape[1:]))
    model = ModelBuilder()
    source = model.tensor(shape, "int8", 0.05, -20)
    scales = random.uniform(0.002, 0.004, channels)
    # Sums of every sign and of the greatest size there is.
    quantised = random.integers(-127, 128, weights_shape).astype(np.int8)
    quantised[0], quantised[1], quantised[2] = 127, -127, 127
    if least == -128:
        # Alone in its pair: the first channel, one in the middle, and the last but one.
        for channel in (0, 3, channels - 2):
            quantised[channel, 0, 0, :2], quantised[channel + 1, 0, 0, :2] = -128, -1
    weights = model.tensor(weights_shape, "int8", scales, 0, 0, quantised)
    bias = model.tensor(
        (channels,), "int32", scales * 0.05, data=random.integers(-9000, 9000, channels).astype(np.int32)
    )
    output = model.tensor((*shape[:3], channels), "int8", 0.05 * 0.003 * depth * 128 * 127 / 256, 4)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "fusedActivationFunction": 0}
    model.operator("CONV_2D", [source, weights, bias], [output], options)
    content = model.build([source], [output])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    assert [layer.kernel for layer in network.layers] == [kernel]
    inputs = random.integers(-128, 128, (4, *shape)).astype(np.int8)
    inputs[0], inputs[1] = 127, -128
    expected = tflm_outputs(content, inputs).reshape(4, -1)
    assert len(np.unique(expected)) > 15
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, inputs.reshape(4, -1), expected.shape[1]), expected)
