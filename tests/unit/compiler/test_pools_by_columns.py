"""Averages and maxima over windows by columns answer as TFLM does."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.linking.toolchain import core_flags, run_tool
from tests.emulated_exactness import require_equal_on_the_emulator

SAME, VALID = 0, 1
RELU6 = 3
Window = tuple[tuple[int, int], tuple[int, int], int, int]
KEPT: list[Window] = [
    ((3, 3), (1, 1), SAME, 0),
    ((3, 3), (2, 2), SAME, RELU6),
    ((3, 3), (1, 1), VALID, RELU6),
    ((3, 3), (2, 2), VALID, 0),
    ((2, 4), (1, 3), SAME, 0),
    ((9, 3), (2, 1), SAME, 0),
    ((3, 2), (3, 1), VALID, 0),
]
SLIDING: list[Window] = [
    ((7, 7), (1, 1), SAME, 0),
    ((5, 5), (2, 2), SAME, RELU6),
    ((4, 7), (2, 3), VALID, 0),
    ((1, 9), (1, 1), SAME, 0),
    ((5, 11), (1, 1), SAME, RELU6),
    ((9, 8), (1, 1), VALID, 0),
]
APART: list[Window] = [
    ((2, 2), (2, 2), SAME, 0),
    ((2, 2), (1, 1), SAME, RELU6),
    ((4, 4), (4, 4), SAME, RELU6),
    ((3, 5), (3, 5), VALID, 0),
    ((1, 3), (2, 2), VALID, 0),
    ((3, 1), (1, 1), SAME, 0),
    ((9, 10), (3, 3), SAME, 0),
    ((1, 4), (2, 3), SAME, 0),
]
SHAPES = [(9, 11, 4), (9, 10, 7), (10, 12, 16), (9, 13, 1), (10, 12, 3), (9, 11, 2)]


def pools(kind: str, shape: tuple[int, int, int], windows: list[Window]) -> bytes:
    """A pool of `kind` for each window, on one input of `shape`."""
    model = ModelBuilder()
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    outputs = []
    for size, stride, padding, activation in windows:
        inner = (
            shape[:2] if padding == SAME else tuple(side - taken + 1 for side, taken in zip(shape, size, strict=False))
        )
        sides = [-(-side // step) for side, step in zip(inner, stride, strict=True)]
        outputs.append(model.tensor((1, *sides, shape[2]), "int8", 0.05, -3))
        options = {
            "filterHeight": size[0],
            "filterWidth": size[1],
            "strideH": stride[0],
            "strideW": stride[1],
            "padding": padding,
            "fusedActivationFunction": activation,
        }
        model.operator(kind, [source], [outputs[-1]], options)
    return model.build([source], outputs)


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("windows", [KEPT, SLIDING, APART], ids=["kept", "sliding", "apart"])
def test_pools_equal_tflm(windows, shape, kind, tmp_path):
    content = pools(kind, shape, windows)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "net")
    by_columns = sum(layer.kernel.startswith(("average_pool_", "max_pool_")) for layer in network.layers)
    assert by_columns > 3 or kind == "MAX_POOL_2D"
    inputs = edge_inputs((1, *shape), 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize(
    ("channels", "kernel"),
    [(1, "mean_of_420_fast"), (2, "mn_mean_few_fast"), (3, "mn_mean_few_fast"), (5, "mn_mean_long_fast")],
)
def test_averages_of_whole_maps_run_as_means(channels, kernel, tmp_path):
    shape = (20, 21, channels)
    content = pools("AVERAGE_POOL_2D", shape, [(shape[:2], (1, 1), VALID, 0)])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "net")
    assert [layer.kernel for layer in network.layers] == [kernel]
    inputs = edge_inputs((1, *shape), 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.emulator
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("shape", SHAPES[1:5], ids=str)
def test_pools_equal_tflm_on_the_emulator(shape, kind, tmp_path):
    require_equal_on_the_emulator(pools(kind, shape, KEPT + SLIDING + APART), (1, *shape), tmp_path, seed=6)


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("shape", "window"),
    [((8, 7, 1), ((8, 7), (1, 1), VALID, RELU6)), ((9, 5, 8), ((2, 2), (2, 2), SAME, 0))],
    ids=["words beyond the arena", "two columns at most"],
)
def test_compilers_have_nothing_to_warn_of(shape, window, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(pools("AVERAGE_POOL_2D", shape, [window]))
    network = compile_network(file, tmp_path / "net", core="cortex-m4")
    assert network.layers[0].kernel.startswith("average_pool_")
    flags = [*core_flags("cortex-m4"), "-O2", "-Wall", "-Wextra", "-Werror"]
    run_tool("arm-none-eabi-gcc", [*flags, "-c", *(path.resolve() for path in network.sources)], tmp_path)
