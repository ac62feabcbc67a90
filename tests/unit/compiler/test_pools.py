"""Pools of 2x2 windows inside the input, and resizing, by kernels of their own answer as TFLM does."""

import numpy as np

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

INPUT = (1, 9, 8, 8)
VALID, RELU6 = 1, 3


def test_pools_of_two_by_two_equal_tflm(tmp_path):
    model = ModelBuilder()
    source = model.tensor(INPUT, "int8", 0.05, -3)
    resized = model.tensor((1, 7, 12, 8), "int8", 0.05, -3)
    size = model.tensor((2,), "int32", data=np.array([7, 12], np.int32))
    model.operator("RESIZE_BILINEAR", [source, size], [resized], {"alignCorners": False, "halfPixelCenters": True})
    largest = model.tensor((1, 6, 11, 8), "int8", 0.05, -3)
    window = {"padding": VALID, "filterHeight": 2, "filterWidth": 2, "fusedActivationFunction": RELU6}
    model.operator("MAX_POOL_2D", [resized], [largest], {**window, "strideH": 1, "strideW": 1})
    average = model.tensor((1, 3, 5, 8), "int8", 0.05, -3)
    model.operator(
        "AVERAGE_POOL_2D", [largest], [average], {**window, "strideH": 2, "strideW": 2, "fusedActivationFunction": 0}
    )
    content = model.build([source], [average])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    assert [layer.kernel for layer in network.layers[1:]] == ["mn_max_pool_2x2", "mn_average_pool_2x2"]
    inputs = edge_inputs(INPUT, 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 50
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
