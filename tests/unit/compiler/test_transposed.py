"""Transposed convolutions run as convolutions of stride 1 and answer as TFLM does."""

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

INPUT = (1, 5, 6, 8)
SAME, VALID = 0, 1


def transposed(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    channels: int,
    padding: int,
    shape: tuple[int, ...] = INPUT,
    quantisation: tuple[float, int] = (0.25, 7),
) -> bytes:
    """A file of one layer; `quantisation`: the output's scale and zero point."""
    random = np.random.default_rng(19)
    model = ModelBuilder()
    source = model.tensor(shape, "int8", 0.05, -20)
    sides = [
        side * step if padding == SAME else (side - 1) * step + size
        for side, step, size in zip(shape[1:3], stride, kernel, strict=True)
    ]
    weights = random.integers(-127, 128, (channels, *kernel, shape[3])).astype(np.int8)
    scales = random.uniform(0.002, 0.02, channels)
    bias = random.integers(-2000, 2000, channels).astype(np.int32)
    inputs = [
        model.tensor((4,), "int32", data=np.array([1, *sides, channels], np.int32)),
        model.tensor(weights.shape, "int8", scales, 0, 0, weights),
        source,
        model.tensor((channels,), "int32", scales * 0.05, data=bias),
    ]
    output = model.tensor((1, *sides, channels), "int8", *quantisation)
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1], "fusedActivationFunction": 0}
    model.operator("TRANSPOSE_CONV", inputs, [output], options, 3)
    return model.build([source], [output])


WINDOW = {"mn_transposed_fast", "mn_transposed_rounded"}


@pytest.mark.parametrize(
    ("kernel", "stride", "channels", "padding", "depth", "functions"),
    [
        ((3, 3), (2, 2), 5, SAME, 8, WINDOW),
        ((3, 2), (2, 1), 4, SAME, 6, WINDOW),
        ((4, 4), (2, 2), 4, VALID, 8, WINDOW),
        ((4, 5), (2, 3), 4, VALID, 8, {"mn_patch"}),
        ((2, 2), (2, 2), 1, SAME, 8, {"mn_patch_rounded"}),
        ((1, 1), (2, 2), 3, SAME, 8, {"mn_transposed_convolution"}),
    ],
    ids=["odd channels", "parts of a word", "a window on", "unequal sides", "one channel", "outputs without a tap"],
)
def test_transposed_convolutions_equal_tflm(kernel, stride, channels, padding, depth, functions, tmp_path):
    shape = (*INPUT[:3], depth)
    content = transposed(kernel, stride, channels, padding, shape)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    assert {layer.kernel for layer in network.layers} <= functions
    inputs = edge_inputs(shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


FROM_ZERO, COARSE, FINE = (0.25, -128), (0.25, 7), (0.0001, 7)
"""Scales and zero points of outputs."""


@pytest.mark.parametrize(
    ("kernel", "stride", "channels", "padding", "shape", "quantisation", "form"),
    [
        ((4, 4), (2, 2), 1, SAME, INPUT, FROM_ZERO, "fast"),
        ((3, 3), (2, 2), 3, SAME, (1, 5, 7, 6), COARSE, "rounded"),
        ((2, 5), (3, 2), 2, VALID, (1, 4, 9, 4), COARSE, "rounded"),
        ((5, 7), (1, 2), 1, SAME, (1, 4, 1, 9), FINE, "general"),
        ((5, 8), (2, 2), 8, SAME, (1, 3, 20, 4), COARSE, "rounded"),
    ],
    ids=[
        "one channel",
        "three channels",
        "rows without a tap, five across",
        "one column, outputs finer than sums",
        "some channels at a time",
    ],
)
def test_sums_of_few_channels_equal_tflm(kernel, stride, channels, padding, shape, quantisation, form, tmp_path):
    content = transposed(kernel, stride, channels, padding, shape, quantisation)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    assert {layer.kernel for layer in network.layers} == {f"mn_transposed_sums_{form}"}
    inputs = edge_inputs(shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize(
    ("kernel", "stride", "channels", "padding", "shape", "quantisation"),
    [
        ((4, 4), (2, 2), 5, SAME, INPUT, COARSE),
        ((3, 3), (2, 2), 5, SAME, INPUT, FROM_ZERO),
        ((5, 3), (3, 2), 1, SAME, (1, 3, 4, 5), COARSE),
        ((2, 2), (2, 2), 3, SAME, (1, 3, 4, 6), COARSE),
        ((1, 1), (2, 3), 2, SAME, (1, 3, 4, 6), COARSE),
        ((6, 7), (1, 2), 2, SAME, (1, 4, 2, 4), COARSE),
    ],
    ids=[
        "all places at once",
        "place by place",
        "few channels",
        "pixels in place",
        "outputs without a tap",
        "padding of more than a stride",
    ],
)
def test_helium_equals_tflm(kernel, stride, channels, padding, shape, quantisation, tmp_path):
    content = transposed(kernel, stride, channels, padding, shape, quantisation)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network", core="cortex-m55")
    assert {layer.kernel for layer in network.layers} == {"mn_helium_transposed"}
    inputs = edge_inputs(shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "depth", "functions"),
    [
        ((5, 5), (2, 3), SAME, 8, {"mn_dense_rounded", "mn_dense_fast"}),
        ((2, 2), (2, 2), SAME, 6, {"mn_point_rounded", "mn_point_fast"}),
        ((1, 1), (2, 2), SAME, 8, {"mn_transposed_convolution"}),
    ],
    ids=["some taps", "parts of a word", "outputs without a tap"],
)
def test_single_pixels_equal_tflm(kernel, stride, padding, depth, functions, tmp_path):
    shape = (1, 1, 1, depth)
    content = transposed(kernel, stride, 3, padding, shape)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network", optimise="speed")
    assert {layer.kernel for layer in network.layers} <= functions
    inputs = edge_inputs(shape, 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("kernel", "channels", "board_name"),
    [
        ((3, 4), 9, "nucleo-l4r5zi"),
        ((3, 3), 6, "nucleo-l4r5zi"),
        ((3, 3), 6, "nucleo-f746zg"),
        ((3, 4), 1, "nucleo-l4r5zi"),
        ((3, 3), 1, "nucleo-f746zg"),
        ((4, 4), 1, "corstone-300"),
        ((3, 3), 6, "corstone-300"),
    ],
    ids=[
        "windows of their own",
        "one window",
        "one window, Cortex-M7",
        "sums of four taps",
        "sums of three taps, Cortex-M7",
        "Helium, all places at once",
        "Helium, place by place",
    ],
)
def test_transposed_convolutions_equal_tflm_on_the_emulator(kernel, channels, board_name, tmp_path):
    content = transposed(kernel, (2, 2), channels, SAME)
    board = find_board(board_name)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    firmware = build_firmware(compile_network(file, tmp_path / "network", core=board.core), board, tmp_path)
    inputs = edge_inputs(INPUT, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    profile = profile_firmware(firmware, inputs.reshape(len(inputs), *INPUT[1:]), expected)
    assert (profile.compared_outputs, profile.different_outputs) == (len(inputs), 0)
