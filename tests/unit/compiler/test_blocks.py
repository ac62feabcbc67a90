"""Blocks of an image that become a batch are padded with 0, as TFLM does in an arena of zeros."""

import numpy as np

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host


def test_padding_of_blocks(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 3, 4, 2), "int8", 0.1, 17)
    block = model.tensor((2,), "int32", data=np.array([2, 3], np.int32))
    amounts = model.tensor((2, 2), "int32", data=np.array([[1, 0], [0, 2]], np.int32))
    output = model.tensor((6, 2, 2, 2), "int8", 0.1, 17)
    model.operator("SPACE_TO_BATCH_ND", [source, block, amounts], [output])
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([source], [output]))
    network = compile_network(file, tmp_path / "network")
    inputs = np.random.default_rng(2).integers(-128, 128, (2, 3, 4, 2)).astype(np.int8)
    padded = np.pad(inputs, ((0, 0), (1, 0), (0, 2), (0, 0)))
    expected = np.stack([padded[:, i::2, j::3] for i in range(2) for j in range(3)], axis=1)
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, inputs, 48), expected.reshape(2, -1))
