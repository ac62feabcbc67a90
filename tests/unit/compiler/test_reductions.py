"""Means, sums and extremes along sides answer as TFLM does, each by the kernel meant for it."""

import re

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.emulated_exactness import require_equal_on_the_emulator

Shape = tuple[int, ...]
KINDS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
AXES: list[Shape] = [(3,), (1,), (2,), (1, 2), (2, 3), (1, 3), (1, 2, 3)]
SHAPES: list[Shape] = [(1, 9, 7, 16), (1, 5, 9, 7), (1, 19, 27, 21), (1, 16, 18, 3), (1, 23, 9, 2), (1, 4, 5, 6)]
COPIES = {"mn_copy", "mn_copy_runs"}


def reductions(shape: Shape, kinds: tuple[str, ...] = KINDS, axes: list[Shape] = AXES) -> bytes:
    """Of each kind over each set of axes, on one input."""
    model = ModelBuilder()
    source = model.tensor(shape, "int8", 0.05, -3)
    outputs = []
    for kind in kinds:
        for sides in axes:
            count = float(np.prod([shape[axis] for axis in sides]))
            grid = {"MEAN": (0.011, 5), "SUM": (0.05 * count**0.5, 9)}.get(kind, (0.05, -3))
            kept = tuple(1 if axis in sides else side for axis, side in enumerate(shape))
            outputs.append(model.tensor(kept, "int8", *grid))
            positions = model.tensor((len(sides),), "int32", data=np.array(sides, np.int32))
            model.operator(kind, [source, positions], [outputs[-1]], {"keepDims": True})
    return model.build([source], outputs)


def equals_tflm(content: bytes, shape: Shape, tmp_path) -> set[str]:
    """Compares on this machine; returns the kernels, of runs without their lengths."""
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "net")
    inputs = edge_inputs(shape, 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    return {re.sub(r"_of_\d+", "_of_runs", layer.kernel) for layer in network.layers} - COPIES


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reductions_equal_tflm(shape, tmp_path):
    kernels = equals_tflm(reductions(shape), shape, tmp_path)
    assert {"mn_reduce_maximum_words", "maximum_of_runs", "minimum_of_runs"} <= kernels
    assert any(kernel.startswith("mean_of_runs") for kernel in kernels)
    if shape[3] == 21:
        assert any(kernel.startswith("mn_mean_long") for kernel in kernels)
    if shape[3] < 4:
        assert any(kernel.startswith("mn_mean_few") for kernel in kernels)


@pytest.mark.parametrize(("kind", "kernel"), [("SUM", "mn_reduce_sum"), ("REDUCE_MAX", "mn_reduce_maximum")])
def test_reductions_of_few_values_equal_tflm(kind, kernel, tmp_path):
    shape = (1, 5, 9, 3)
    assert equals_tflm(reductions(shape, (kind,), [(3,)]), shape, tmp_path) == {kernel}


def test_means_to_a_finer_scale_equal_tflm(tmp_path):
    """Which no fast form serves."""
    shape = (1, 2, 2, 5)
    assert equals_tflm(reductions(shape, ("MEAN",), [(1, 2)]), shape, tmp_path) == {"mn_mean"}


@pytest.mark.emulator
@pytest.mark.parametrize("shape", SHAPES[:4], ids=str)
def test_reductions_equal_tflm_on_the_emulator(shape, tmp_path):
    require_equal_on_the_emulator(reductions(shape), shape, tmp_path, seed=6)
