"""TensorFlow Lite Micro is asked in the file's own types, whatever mix of them its edges have."""

import numpy as np

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.profile.inputs import random_inputs
from micronets.profile.oracle import integer_outputs

SHAPE = (1, 4, 4, 3)


def test_uint8_int16_and_float32_in_and_int8_float32_and_bool_out(tmp_path):
    model = ModelBuilder()
    old, wide, real = (
        model.tensor(SHAPE, "uint8", 0.03, 120),
        model.tensor(SHAPE, "int16", 0.0003),
        model.tensor(SHAPE, "float32"),
    )
    values = [model.tensor(SHAPE, "int8", 0.03, zero) for zero in (-8, 5, 0)]
    for source, value in zip((old, wide, real), values, strict=True):
        model.operator("QUANTIZE", [source], [value])
    first, second = (model.tensor(SHAPE, "int8", 0.06, 3) for _ in range(2))
    model.operator("ADD", values[:2], [first])
    model.operator("ADD", [first, values[2]], [second])
    result, larger = model.tensor(SHAPE, "float32"), model.tensor(SHAPE, "bool")
    model.operator("DEQUANTIZE", [second], [result])
    model.operator("GREATER", values[:2], [larger])
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([old, wide, real], [second, result, larger]))
    network = compile_network(file, tmp_path / "network")
    assert [edge.dtype for edge in network.inputs] == ["int8", "int16", "int8"]
    assert [edge.dtype for edge in network.outputs] == ["int8", "int8", "bool"]
    inputs = random_inputs(network.inputs, 5)
    expected = integer_outputs(file, inputs, network.inputs, network.outputs)
    assert expected.shape == (5, 3 * 48) and len(np.unique(expected[:, :48])) > 50
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, inputs, 3 * 48).reshape(5, -1), expected)
