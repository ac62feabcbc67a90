"""Several inputs and outputs, uint8 and float32 at the edges, and state between calls."""

import re

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.errors import ModelError
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host


def _compiled(content: bytes, tmp_path) -> CompiledNetwork:
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    return compile_network(file, tmp_path / "network")


def _same_as_tflm(content: bytes, tmp_path) -> CompiledNetwork:
    network = _compiled(content, tmp_path)
    inputs = np.random.default_rng(1).integers(-128, 128, (8, *network.input.shape)).astype(np.int8)
    expected = tflm_outputs(content, inputs).reshape(8, -1)
    assert len(np.unique(expected)) > 20
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    return network


def _two_by_two() -> bytes:
    """Sum and difference of two inputs, of which the second begins within a word."""
    model = ModelBuilder()
    sources = [model.tensor((1, 3, 3), "int8", 0.1, zero) for zero in (4, -9)]
    outputs = [model.tensor((1, 3, 3), "int8", 0.2, zero) for zero in (0, 7)]
    model.operator("ADD", sources, [outputs[0]])
    model.operator("SUB", sources, [outputs[1]])
    return model.build(sources, outputs)


def test_inputs_and_outputs_lie_one_behind_the_other(tmp_path):
    network = _same_as_tflm(_two_by_two(), tmp_path)
    assert [edge.shape for edge in (*network.inputs, *network.outputs)] == [(1, 3, 3)] * 4
    assert network.input.shape == network.output.shape == (18,)
    header = (tmp_path / "network" / "network.h").read_text(encoding="utf-8")
    found = dict(re.findall(r"#define NETWORK_(\w+) \(?([-\w.]+)\)?", header))
    assert found["INPUT_BYTES"] == found["OUTPUT_BYTES"] == "18"
    assert (found["INPUT_COUNT"], found["INPUT_1_OFFSET"], found["INPUT_1_ZERO_POINT"]) == ("2", "9", "-9")
    assert (found["OUTPUT_1_OFFSET"], found["OUTPUT_1_BYTES"], found["OUTPUT_1_ZERO_POINT"]) == ("9", "9", "7")


def test_an_output_that_is_read_inside_as_well(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 4, 4, 2), "int8", 0.1, 3)
    first, second = (model.tensor((1, 4, 4, 2), "int8", scale, 3) for scale in (0.1, 0.15))
    model.operator("RELU", [source], [first])
    model.operator("ADD", [source, first], [second])
    _same_as_tflm(model.build([source], [second, first]), tmp_path)


def test_uint8_is_converted_at_the_edges(tmp_path):
    model = ModelBuilder()
    source, output = model.tensor((1, 40), "uint8", 0.1, 128), model.tensor((1, 40), "uint8", 0.2, 100)
    inner = [model.tensor((1, 40), "int8", 0.1, zero) for zero in (0, 5)]
    model.operator("QUANTIZE", [source], [inner[0]])
    model.operator("RELU", [inner[0]], [inner[1]])
    model.operator("QUANTIZE", [inner[1]], [output])
    network = _same_as_tflm(model.build([source], [output]), tmp_path)
    assert (network.input.zero_point, network.output.zero_point) == (0, -28)


def test_what_makes_a_float_output_is_named(tmp_path):
    model = ModelBuilder()
    source, output = model.tensor((1, 4), "int8", 0.1), model.tensor((1, 4), "float32")
    model.operator("TANH", [source], [output])
    with pytest.raises(ModelError, match=r"the output is float32 made by operator 0 \(TANH\)"):
        _compiled(model.build([source], [output]), tmp_path)


def test_state_lasts_from_call_to_call(tmp_path):
    """A running sum, read before it is assigned to, and again behind it."""
    model = ModelBuilder()
    source = model.tensor((1, 6), "int8", 0.01, 0)
    initial = model.tensor((1, 6), "int8", 0.05, -3, 0, np.array([[1, 2, 3, 4, 5, 6]], np.int8))
    handle = model.variable("sum", initial)
    before, after, again, output = (model.tensor((1, 6), "int8", 0.05, -3) for _ in range(4))
    model.operator("READ_VARIABLE", [handle], [before])
    model.operator("ADD", [before, source], [after])
    model.operator("ASSIGN_VARIABLE", [handle, after], [])
    model.operator("READ_VARIABLE", [handle], [again])
    model.operator("MAXIMUM", [before, again], [output])
    _same_as_tflm(model.build([source], [output]), tmp_path)
    assert "void network_reset(void);" in (tmp_path / "network" / "network.h").read_text(encoding="utf-8")


def test_a_variable_without_a_beginning_is_refused(tmp_path):
    model = ModelBuilder()
    source, output = (model.tensor((1, 6), "int8", 0.1) for _ in range(2))
    handle, read = model.tensor((), "resource"), model.tensor((1, 6), "int8", 0.1)
    model.operator("VAR_HANDLE", [], [handle], {"container": b"", "sharedName": b"lost"})
    model.operator("READ_VARIABLE", [handle], [read])
    model.operator("ADD", [source, read], [output])
    with pytest.raises(ModelError, match=r"operator 1 \(READ_VARIABLE\) reads the variable /lost"):
        _compiled(model.build([source], [output]), tmp_path)
