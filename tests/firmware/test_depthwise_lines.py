"""Depthwise convolutions by lines of their kernels in assembly, on the emulator, against TensorFlow Lite Micro."""

from pathlib import Path

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.emulator.execution import run_inputs
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from tests.depthwise_chain import DepthwiseChain, chains, int16_chains


@pytest.mark.slow
@pytest.mark.parametrize("name", chains())
def test_lines_equal_tflm(name, tmp_path):
    check_chain(chains()[name], "mn_depthwise_lines", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", int16_chains())
def test_lines_of_int16_equal_tflm(name, tmp_path):
    check_chain(int16_chains()[name], "mn_int16_depthwise_lines", tmp_path)


def check_chain(chain: DepthwiseChain, kernel: str, tmp_path: Path) -> None:
    content = chain.build()
    (tmp_path / "model.tflite").write_bytes(content)
    board = find_board("nucleo-l4r5zi")
    network = compile_network(tmp_path / "model.tflite", tmp_path / "src", core=board.core)
    assert kernel in {layer.kernel for layer in network.layers}
    inputs = edge_inputs(chain.input_shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    outputs = run_inputs(build_firmware(network, board, tmp_path), inputs)
    assert np.array_equal(outputs.reshape(len(inputs), -1), expected)
