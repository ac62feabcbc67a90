"""Damaged and unsupported files end in one sentence that names what is wrong."""

import struct

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.reader import read_graph
from micronets.errors import ModelError
from micronets.fuzz.builder import ModelBuilder


def _relu_chain() -> tuple[ModelBuilder, list[int]]:
    model = ModelBuilder()
    return model, [model.tensor((1, 2, 3, 4), "int8", 0.1) for _ in range(3)]


def _compile(content: bytes, tmp_path) -> None:
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    compile_network(file, tmp_path / "network")


def _error(content: bytes, tmp_path) -> str:
    with pytest.raises(ModelError) as caught:
        _compile(content, tmp_path)
    message = str(caught.value)
    assert "\n" not in message and "model.tflite" in message
    assert not (tmp_path / "network").exists()
    return message


def test_reads_tensors_and_options(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 5, 4, 2), "int8", 0.5, -7)
    weights = model.tensor((3, 2, 1, 2), "int4", [0.1, 0.2, 0.3], 0, 0, np.arange(-6, 6).reshape(3, 2, 1, 2))
    bias = model.tensor((3,), "int32", [0.05, 0.1, 0.15], data=np.array([1, -2, 3], np.int32))
    output = model.tensor((1, 2, 4, 3), "int8", 0.25, 3)
    options = {"padding": 1, "strideH": 2, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    model.operator("CONV_2D", [source, weights, bias], [output], {**options, "fusedActivationFunction": 3}, 7)
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([source], [output]))
    graph = read_graph(file)
    assert graph.tensors[weights].data.tolist() == np.arange(-6, 6).reshape(3, 2, 1, 2).tolist()
    assert graph.tensors[bias].data.tolist() == [1, -2, 3]
    assert graph.tensors[source].quantisation.zero_points.tolist() == [-7]
    assert graph.operators[0].options == {
        "padding": "VALID",
        "stride_h": 2,
        "stride_w": 1,
        "activation": "RELU6",
        "dilation_h": 1,
        "dilation_w": 1,
        "narrow_sums": False,
    }


def test_missing_file(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        compile_network(tmp_path / "none.tflite", tmp_path / "network")


def test_no_tflite_file(tmp_path):
    assert "TFL3" in _error(b"a text that is no network", tmp_path)


def test_every_truncation_is_refused_or_harmless(tmp_path):
    model, (a, b, c) = _relu_chain()
    model.operator("RELU", [a], [b])
    model.operator("RELU6", [b], [c])
    content = model.build([a], [c])
    refused = 0
    for length in range(0, len(content), 7):
        try:
            _compile(content[:length], tmp_path)
        except ModelError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > len(content) // 7 // 2


@pytest.mark.parametrize(
    ("edges", "complaint"),
    [
        ([(0, 2), (2, 1)], None),
        ([(2, 1), (0, 2)], "which nothing before it makes"),
        ([(1, 2), (2, 1)], "which nothing before it makes"),
        ([(0, 1), (0, 1)], "already made"),
        ([(0, 0)], "already made"),
        ([(0, 99)], "tensor 99"),
        ([(-5, 1)], "tensor -5"),
    ],
)
def test_references(edges, complaint, tmp_path):
    model, tensors = _relu_chain()
    for source, target in edges:
        model.operator("RELU", [source], [target])
    content = model.build([tensors[0]], [tensors[1]])
    if complaint is None:
        _compile(content, tmp_path)
    else:
        assert complaint in _error(content, tmp_path)


@pytest.mark.parametrize("side", [-2, 0, 70_000, 2**31 - 1])
def test_shapes(side, tmp_path):
    model = ModelBuilder()
    a, b = (model.tensor((1, side, 2, 2), "int8", 0.1) for _ in range(2))
    model.operator("RELU", [a], [b])
    assert "shape" in _error(model.build([a], [b]), tmp_path)


def test_a_batch_of_any_size_is_one(tmp_path):
    model = ModelBuilder()
    a, b = (model.tensor((-1, 2, 2), "int8", 0.1) for _ in range(2))
    model.operator("RELU", [a], [b])
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([a], [b]))
    assert compile_network(file, tmp_path / "network").input.shape == (1, 2, 2)


def test_what_nothing_reads_may_be_anything(tmp_path):
    model = ModelBuilder()
    a, b, _ = (model.tensor(shape, "int8", 0.1) for shape in ((1, 4), (1, 4), (-1,)))
    model.operator("RELU", [a], [b])
    _compile(model.build([a], [b]), tmp_path)


def test_buffer_of_the_wrong_size(tmp_path):
    model = ModelBuilder()
    a = model.tensor((1, 8), "int8", 0.1)
    weights = model.tensor((4, 8), "int8", 0.1, data=np.zeros(31, np.int8))
    b = model.tensor((1, 4), "int8", 0.1)
    model.operator("FULLY_CONNECTED", [a, weights, -1], [b])
    assert "needs 32 bytes" in _error(model.build([a], [b]), tmp_path)


def test_missing_weights_buffer(tmp_path):
    model = ModelBuilder()
    a = model.tensor((1, 8), "int8", 0.1)
    weights = model.tensor((4, 8), "int8", 0.1)
    b = model.tensor((1, 4), "int8", 0.1)
    model.operator("FULLY_CONNECTED", [a, weights, -1], [b])
    assert "which nothing before it makes" in _error(model.build([a], [b]), tmp_path)


def test_unknown_operator_is_named(tmp_path):
    model, (a, b, _) = _relu_chain()
    model.operator("RELU", [a], [b])
    content = bytearray(model.build([a], [b]))
    # RELU's code 19 stands in the operator codes twice, as a byte and as a word.
    word = content.index(struct.pack("<i", 19))
    content[word : word + 4] = struct.pack("<i", 110)
    message = _error(bytes(content), tmp_path)
    assert "operator 0 (RANK) is not supported" in message and "docs/operators.md" in message


def test_custom_operators_are_named(shared, tmp_path):
    message = _error((shared / "models" / "wild" / "person_detect_vela.tflite").read_bytes(), tmp_path)
    assert "operator 0 (custom operator ethos-u) is not supported" in message and "before" in message


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_unsupported_types_are_named(dtype, tmp_path):
    model = ModelBuilder()
    a, b = (model.tensor((1, 4), dtype) for _ in range(2))
    model.operator("RELU", [a], [b])
    assert dtype in _error(model.build([a], [b]), tmp_path)


def test_scales_beyond_all_bounds_are_refused(tmp_path):
    model = ModelBuilder()
    a = model.tensor((1, 4, 4, 2), "int8", 1e-39)
    b = model.tensor((1, 2, 2, 2), "int8", 1e-39)
    sizes = {"filterHeight": 2, "filterWidth": 2, "strideH": 2, "strideW": 2, "padding": 1}
    model.operator("MAX_POOL_2D", [a], [b], {**sizes, "fusedActivationFunction": 3})
    assert "operator 0 (MAX_POOL_2D) has scales that cannot be combined" in _error(model.build([a], [b]), tmp_path)
