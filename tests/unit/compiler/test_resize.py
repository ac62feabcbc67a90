"""Resizing of any factor answers as TFLM does."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.emulated_exactness import require_equal_on_the_emulator

LEFT, CENTRES, CORNERS = (
    {"alignCorners": False, "halfPixelCenters": False},
    {"alignCorners": False, "halfPixelCenters": True},
    {"alignCorners": True, "halfPixelCenters": False},
)
BILINEAR = [
    (8, 13, LEFT),
    (11, 14, LEFT),
    (10, 14, CENTRES),
    (15, 21, CENTRES),
    (9, 13, CORNERS),
    (2, 3, LEFT),
    (3, 2, CENTRES),
    (1, 1, CORNERS),
    (1, 1, CENTRES),
    (5, 7, CORNERS),
    (6, 40, CORNERS),
]
"""Rows, columns, options: upwards, downwards, to the same size and to a single value, from 5x7."""
NEAREST = [(8, 13, LEFT), (15, 14, CENTRES), (2, 3, LEFT), (3, 2, CENTRES), (1, 1, CENTRES), (16, 29, LEFT)]


def resized(kind: str, shape: tuple[int, ...], sizes: list[tuple[int, int, dict]]) -> bytes:
    model = ModelBuilder()
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    outputs = []
    for rows, columns, options in sizes:
        size = model.tensor((2,), "int32", data=np.array([rows, columns], np.int32))
        outputs.append(model.tensor((1, rows, columns, shape[2]), "int8", 0.05, -3))
        model.operator(kind, [source, size], [outputs[-1]], options)
    return model.build([source], outputs)


def kernels_that_equal_tflm(content: bytes, shape: tuple[int, ...], folder, optimise: str = "balanced") -> set[str]:
    """The kernels' names; on this machine, under the sanitizers."""
    file = folder / "model.tflite"
    file.write_bytes(content)
    inputs = edge_inputs((1, *shape), 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    network = compile_network(file, folder / "network", optimise=optimise)
    executable = build_guarded(network, folder / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    return {layer.kernel for layer in network.layers if "resize" in layer.kernel}


@pytest.mark.parametrize(("channels", "kernel"), [(2, "two"), (3, "three"), (4, "words"), (16, "words"), (27, "words")])
def test_nearest_neighbours_equal_tflm(channels, kernel, tmp_path):
    shape = (5, 7, channels)
    kernels = kernels_that_equal_tflm(resized("RESIZE_NEAREST_NEIGHBOR", shape, NEAREST), shape, tmp_path)
    assert kernels == {f"mn_resize_nearest_{kernel}"}


@pytest.mark.parametrize("channels", [1, 6])
def test_nearest_neighbours_by_tables_equal_tflm(channels, tmp_path):
    shape = (5, 7, channels)
    content = resized("RESIZE_NEAREST_NEIGHBOR", shape, [(9, 49, CORNERS), (4, 49, CORNERS)])
    kernels = kernels_that_equal_tflm(content, shape, tmp_path)
    assert kernels == {"mn_resize_nearest"}


@pytest.mark.emulator
@pytest.mark.parametrize("channels", [2, 3, 22])
def test_nearest_neighbours_equal_tflm_on_the_emulator(channels, tmp_path):
    shape = (5, 7, channels)
    require_equal_on_the_emulator(resized("RESIZE_NEAREST_NEIGHBOR", shape, NEAREST), (1, *shape), tmp_path, seed=4)


@pytest.mark.parametrize("channels", [4, 7, 16])
def test_bilinear_by_four_channels_equals_tflm(channels, tmp_path):
    shape = (5, 7, channels)
    kernels = kernels_that_equal_tflm(resized("RESIZE_BILINEAR", shape, BILINEAR), shape, tmp_path)
    assert kernels == {"mn_resize_bilinear_words"}


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_bilinear_of_few_channels_equals_tflm(channels, tmp_path):
    shape = (5, 7, channels)
    kernels = kernels_that_equal_tflm(resized("RESIZE_BILINEAR", shape, BILINEAR), shape, tmp_path)
    assert kernels == {"mn_resize_bilinear_lines"}


@pytest.mark.emulator
@pytest.mark.parametrize("channels", [1, 3, 4, 7])
def test_bilinear_equals_tflm_on_the_emulator(channels, tmp_path):
    shape = (5, 7, channels)
    require_equal_on_the_emulator(resized("RESIZE_BILINEAR", shape, BILINEAR), (1, *shape), tmp_path, seed=4)


@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("sides", [(1, 1), (4, 1), (1, 3)])
def test_bilinear_of_a_single_row_or_column_equals_tflm(sides, channels, tmp_path):
    shape = (*sides, channels)
    sizes = [(rows, columns, options) for rows, columns in ((1, 5), (7, 6)) for options in (LEFT, CENTRES, CORNERS)]
    kernels_that_equal_tflm(resized("RESIZE_BILINEAR", shape, sizes), shape, tmp_path)


@pytest.mark.parametrize(("channels", "sides"), [(4, (2, 100)), (2, (100, 3))])
def test_bilinear_where_outputs_end_before_the_last_input(channels, sides, tmp_path):
    shape = (2, 2, channels)
    content = resized("RESIZE_BILINEAR", shape, [(*sides, CORNERS)])
    assert kernels_that_equal_tflm(content, shape, tmp_path) == {"mn_resize_bilinear"}


def test_bilinear_stays_within_its_input_where_tflm_does_not(tmp_path):
    """TFLM's last place of 180 is the 1074th 1024th of one input."""
    content = resized("RESIZE_BILINEAR", (1, 1, 4), [(180, 180, LEFT)])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    pixel = np.array([[1, -2, 127, -128]], np.int8)
    executable = build_guarded(compile_network(file, tmp_path / "net"), tmp_path / "run", flags=("-O1", *SANITIZERS))
    made = run_on_host(executable, pixel, 4 * 180 * 180)
    assert np.array_equal(made.reshape(-1, 4), np.repeat(pixel, 180 * 180, axis=0))


def test_bilinear_takes_little_code_where_asked_to(tmp_path):
    shape = (5, 7, 8)
    content = resized("RESIZE_BILINEAR", shape, [(8, 13, LEFT)])
    assert kernels_that_equal_tflm(content, shape, tmp_path, optimise="size") == {"mn_resize_bilinear"}
