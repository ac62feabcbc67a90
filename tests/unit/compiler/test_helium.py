"""Helium kernels: their rounding, and layers of all shapes in portable C here and in assembly on the emulated core."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture, AveragePooling, Bits, Convolution, DepthwiseConvolution
from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.compiler.arithmetic import multiply_by_quantised_multiplier
from micronets.emulator.execution import run_inputs
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.fuzz.checks import edge_inputs
from micronets.linking.build import build_firmware
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.tflm.host import run_tflm

INT32 = 1 << 31


@pytest.fixture(scope="module")
def round_twice(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int, int], int]:
    """`mn_helium_twice_rounded`, compiled for this machine."""
    folder = tmp_path_factory.mktemp("round")
    text = '#include "helium_round.h"\nint32_t rounded(int32_t a, int32_t m, int32_t s)\n'
    (folder / "round.c").write_text(text + "{ return mn_helium_twice_rounded(a, m, s); }\n", encoding="utf-8")
    library = folder / "round.so"
    kernels = repository / "micronets" / "csrc" / "kernels"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", f"-I{kernels}", folder / "round.c", "-o", library], check=True)
    return ctypes.CDLL(str(library)).rounded


def test_two_roundings_are_tflms(round_twice):
    """Near every half of the second rounding, for every shift, and at the ends of the range."""
    random = np.random.default_rng(8)
    for shift in range(-31, 0):
        for multiplier in (1 << 30, (1 << 31) - 1, int(random.integers(1 << 30, 1 << 31))):
            values = random.integers(-INT32, INT32, 40).tolist() + [-INT32, INT32 - 1, 0, 1, -1]
            for _ in range(40):
                half = (2 * int(random.integers(-100, 100)) + 1) << -shift >> 1
                near = (half << 31) // multiplier + int(random.integers(-2, 3))
                values.append(max(-INT32, min(near, INT32 - 1)))
            for value in values:
                expected = multiply_by_quantised_multiplier(value, multiplier, shift)
                assert round_twice(value, multiplier, shift) == expected, (value, multiplier, shift)


def point(depth: int, channels: int, activation: str = "relu6") -> Architecture:
    return Architecture(
        f"point-{depth}-{channels}-{activation}",
        (3, 2, depth),
        (Convolution(channels, activation=activation), AveragePooling(), Convolution(3, activation="linear")),
    )


def block(shape: tuple[int, int, int], channels: int, stride: tuple[int, int], kernel: tuple[int, int]) -> Architecture:
    return Architecture(
        f"block-{channels}-{stride[0]}",
        shape,
        (
            Convolution(channels, kernel, stride),
            DepthwiseConvolution((3, 3), stride),
            DepthwiseConvolution((3, 3), activation="linear"),
            AveragePooling(),
            Convolution(5, activation="linear"),
        ),
    )


NETWORKS = [
    *(point(depth, 4 + depth % 5) for depth in (1, 15, 16, 17, 32, 33, 47, 49, 64, 65, 80, 129)),
    *(point(depth, channels, "linear") for depth, channels in ((8, 1), (40, 6), (64, 9), (100, 7))),
    block((9, 7, 1), 5, (1, 1), (5, 4)),
    block((8, 9, 3), 8, (2, 2), (3, 3)),
    block((13, 5, 2), 19, (1, 1), (4, 2)),
    block((6, 6, 5), 32, (2, 1), (3, 5)),
]


def prepared(architecture: Architecture, folder: Path, seed: int, weight_bits: Bits = 8):
    file = folder / "model.tflite"
    write_tflite(random_network(architecture, seed, weight_bits=weight_bits), file)
    inputs = edge_inputs(architecture.input_shape, seed)
    network = compile_network(file, folder / "network", core="cortex-m55", optimise=("balanced", "size")[seed % 2])
    assert any("helium" in layer.kernel for layer in network.layers)
    return network, inputs, run_tflm(file, inputs)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", NETWORKS, ids=lambda architecture: architecture.name)
def test_portable_form_is_exact_and_stays_in_its_buffers(architecture, tmp_path):
    network, inputs, expected = prepared(architecture, tmp_path, len(architecture.name))
    program = build_guarded(network, tmp_path / "program", flags=("-O1", *SANITIZERS))
    outputs = run_on_host(program, inputs, expected[0].size)
    np.testing.assert_array_equal(outputs, expected.reshape(outputs.shape))


@pytest.mark.emulator
@pytest.mark.parametrize("architecture", NETWORKS[::2], ids=lambda architecture: architecture.name)
def test_assembly_is_exact(architecture, tmp_path):
    network, inputs, expected = prepared(architecture, tmp_path, len(architecture.name))
    firmware = build_firmware(network, find_board("corstone-300"), tmp_path / "firmware")
    outputs = run_inputs(firmware, inputs)
    np.testing.assert_array_equal(outputs, expected.reshape(outputs.shape))


INT4_NETWORKS = [
    *(point(depth, 4 + depth % 5) for depth in (1, 17, 33, 49, 65, 129)),
    *(point(depth, channels, "linear") for depth, channels in ((8, 6), (32, 7), (48, 8), (64, 9), (100, 12))),
    block((8, 9, 3), 8, (2, 2), (3, 3)),
    block((13, 5, 2), 20, (1, 1), (4, 2)),
    block((6, 6, 5), 32, (2, 1), (3, 5)),
]


@pytest.mark.slow
@pytest.mark.parametrize("architecture", INT4_NETWORKS, ids=lambda architecture: architecture.name)
def test_portable_form_of_four_bits_is_exact_and_stays_in_its_buffers(architecture, tmp_path):
    network, inputs, expected = prepared(architecture, tmp_path, len(architecture.name), 4)
    assert any("stay packed" in note for note in network.notes)
    program = build_guarded(network, tmp_path / "program", flags=("-O1", *SANITIZERS))
    outputs = run_on_host(program, inputs, expected[0].size)
    np.testing.assert_array_equal(outputs, expected.reshape(outputs.shape))


@pytest.mark.emulator
@pytest.mark.parametrize("architecture", INT4_NETWORKS, ids=lambda architecture: architecture.name)
def test_assembly_of_four_bits_is_exact(architecture, tmp_path):
    network, inputs, expected = prepared(architecture, tmp_path, len(architecture.name), 4)
    firmware = build_firmware(network, find_board("corstone-300"), tmp_path / "firmware")
    outputs = run_inputs(firmware, inputs)
    np.testing.assert_array_equal(outputs, expected.reshape(outputs.shape))
