"""Products of matrices by columns, in assembly or Helium, on the emulator, against TensorFlow Lite Micro."""

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.emulator.execution import run_inputs
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from tests.matmul_models import BY_COLUMNS


@pytest.mark.slow
@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "corstone-300"])
@pytest.mark.parametrize("name", BY_COLUMNS)
def test_products_by_columns_equal_tflm(name, board, tmp_path):
    content = BY_COLUMNS[name].build()
    (tmp_path / "model.tflite").write_bytes(content)
    machine = find_board(board)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "src", core=machine.core)
    assert "matmul_columns" in network.layers[-1].kernel
    inputs = edge_inputs(network.input.shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    outputs = run_inputs(build_firmware(network, machine, tmp_path), inputs)
    assert np.array_equal(outputs.reshape(len(inputs), -1), expected)
