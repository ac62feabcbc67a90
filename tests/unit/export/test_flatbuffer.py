import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from micronets.export.flatbuffer import BUFFER_ALIGNMENT, BUILTIN, FILE_IDENTIFIER, GraphBuilder


def build(constants: dict[str, np.ndarray]) -> bytes:
    graph = GraphBuilder()
    source = graph.activation("in", (1, 4), np.int8, 0.5, -3)
    for name, values in constants.items():
        graph.constant(name, values)
    output = graph.activation("out", (1, 4), np.int8, 0.5, -3)
    graph.operator(BUILTIN.ADD, 2, (source, source), output, schema.BuiltinOptions.AddOptions, schema.AddOptionsT())
    return graph.finish(source, output, "a description", "1.14.0")


CONSTANTS = {"a": np.arange(5, dtype=np.int8), "b": np.arange(3, dtype=np.int32), "c": np.float32([[1.5], [2.5]])}


def test_content_comes_back():
    content = build(CONSTANTS)
    assert content[4:8] == FILE_IDENTIFIER
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    assert (model.version, model.description) == (3, b"a description")
    tensors = {tensor.name.decode(): tensor for tensor in model.subgraphs[0].tensors}
    assert list(tensors) == ["in", "a", "b", "c", "out"]
    for name, values in CONSTANTS.items():
        assert tuple(tensors[name].shape) == values.shape
        assert bytes(model.buffers[tensors[name].buffer].data) == values.tobytes()
    assert tensors["in"].quantization.scale == pytest.approx([0.5])
    assert list(tensors["in"].quantization.zeroPoint) == [-3]
    assert model.buffers[tensors["in"].buffer].data is None
    (code,) = model.operatorCodes
    assert (code.builtinCode, code.deprecatedBuiltinCode, code.version) == (BUILTIN.ADD, BUILTIN.ADD, 2)
    (entry,) = model.metadata
    assert entry.name == b"min_runtime_version"
    assert bytes(model.buffers[entry.buffer].data).rstrip(b"\0") == b"1.14.0"


def test_buffers_are_aligned_in_the_file():
    content = build(CONSTANTS)
    model = schema.Model.GetRootAsModel(content, 0)
    starts = []
    for index in range(model.BuffersLength()):
        table = model.Buffers(index)._tab
        field = flatbuffers.number_types.UOffsetTFlags.py_type(table.Offset(4))
        if field:
            starts.append(table.Vector(field))
    assert len(starts) == len(CONSTANTS) + 1
    assert all(start % BUFFER_ALIGNMENT == 0 for start in starts)


def test_equal_calls_give_equal_bytes():
    assert build(CONSTANTS) == build(CONSTANTS)


def test_four_bit_values_are_packed_low_nibble_first():
    graph = GraphBuilder()
    values = np.array([[1, -2, 7], [-7, 0, -8], [3, 5, -1]], np.int8)
    tensor = graph.packed_int4_constant("w", values, np.float32([0.1, 0.2, 0.3]), 0)
    content = graph.finish(tensor, tensor, "", "2.11.0")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    (packed,) = model.subgraphs[0].tensors
    assert packed.type == schema.TensorType.INT4
    assert tuple(packed.shape) == (3, 3)
    assert packed.quantization.quantizedDimension == 0
    expected = [0xE1, 0x97, 0x80, 0x53, 0x0F]
    assert list(model.buffers[packed.buffer].data) == expected
