"""Kernels of 4-bit weights and activations in assembly, on the emulator, against TensorFlow Lite Micro."""

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.emulator.execution import run_inputs
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from tests.four_bit_chain import RELU6, Chain

SHAPE = (1, 5, 6, 2)
"""Two pixels beyond whole blocks of four; behind a stride of two, one."""


@pytest.mark.parametrize("board_name", ["nucleo-l4r5zi", "nucleo-f746zg"])
@pytest.mark.parametrize("step", [0.4, 6 / 255], ids=["16 levels", "256 levels"])
def test_inverted_bottlenecks(step, board_name, tmp_path):
    """Linear outputs whose multipliers are below a half, on both sides of it, and above one."""
    chain = Chain(4, (RELU6, step, -128), SHAPE)
    for scale, channels, stride in ((3.0, 8, 1), (0.35, 5, 2), (0.03, 8, 1)):
        chain.convolution(24).convolution(24, (3, 3), depthwise=True, stride=stride)
        chain.convolution(channels, coarse=False, scale=scale)
    content = chain.convolution(14, (3, 3)).pool("AVERAGE_POOL_2D").convolution(5, coarse=False).build()
    (tmp_path / "model.tflite").write_bytes(content)
    board = find_board(board_name)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "src", core=board.core, always_pack=True)
    inputs = edge_inputs(SHAPE, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 5
    outputs = run_inputs(build_firmware(network, board, tmp_path), inputs)
    assert np.array_equal(outputs.reshape(len(inputs), -1), expected)


def test_packed_activations_with_helium(tmp_path):
    """Stem, 3x3 with both strides, 1x1 of up to and beyond four blocks of inputs, linear ones, and a pool."""
    chain = Chain(4, (RELU6, 0.4, -128), (1, 9, 7, 2)).convolution(12, (4, 3)).convolution(12, (3, 3), depthwise=True)
    chain.convolution(76).convolution(76, (3, 3), depthwise=True, stride=2).convolution(36).convolution(20)
    content = chain.convolution(8, coarse=False, scale=3.0).convolution(8).pool("AVERAGE_POOL_2D").build()
    (tmp_path / "model.tflite").write_bytes(content)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "src", core="cortex-m55", always_pack=True)
    assert any("outputs of 16 levels lie two in a byte" in note for note in network.notes)
    inputs = edge_inputs((1, 9, 7, 2), 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 5
    outputs = run_inputs(build_firmware(network, find_board("corstone-300"), tmp_path), inputs)
    assert np.array_equal(outputs.reshape(len(inputs), -1), expected)
