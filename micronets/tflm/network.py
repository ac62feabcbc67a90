"""What a program around TFLM must know of a .tflite file: its operators, its edges, how much it multiplies.

It reads what our own compiler may not support; what of it TFLM supports is for TFLM to say.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.compiler.flatbuffer import Damaged, Table
from micronets.errors import ModelError

_CUSTOM = "CUSTOM"
_DTYPES = {0: "float32", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}
_QUANTISED = ("int8", "uint8")
_ON_DEVICE = ("int8", "uint8", "int16", "int32", "bool")

# Fields of the TensorFlow Lite schema, version 3, by their position in their table.
_MODEL_CODES, _MODEL_SUBGRAPHS = 1, 2
_GRAPH_TENSORS, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS = 0, 1, 2, 3
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_QUANTISATION = 0, 1, 3, 4
_OPERATOR_CODE, _OPERATOR_INPUTS, _OPERATOR_OUTPUTS = 0, 1, 2
_CODE_SHORT, _CODE_CUSTOM, _CODE_LONG = 0, 1, 3


@dataclass(frozen=True)
class TflmOperator:
    """One operator of the file, by its name in the schema."""

    index: int
    kind: str
    macs: int


@dataclass(frozen=True)
class TflmNetwork:
    """A network whose edges are no float32."""

    content: bytes
    operators: tuple[TflmOperator, ...]
    inputs: tuple[EdgeQuantisation, ...]
    """As the file has them."""
    outputs: tuple[EdgeQuantisation, ...]

    @property
    def input(self) -> EdgeQuantisation:
        """The only input; where there are several, or of wider items, the bytes of all."""
        return all_bytes(self.inputs)

    @property
    def output(self) -> EdgeQuantisation:
        return all_bytes(self.outputs)


def all_bytes(edges: tuple[EdgeQuantisation, ...]) -> EdgeQuantisation:
    """One edge of int8 for all, one behind the other; the edge itself where it is the only one and int8."""
    if len(edges) == 1 and edges[0].dtype == "int8":
        return edges[0]
    return replace(edges[0], shape=(sum(edge.size_bytes for edge in edges),), dtype="int8")


def read_network(path: Path, names: Mapping[int, str]) -> TflmNetwork:
    """Reads a .tflite file.

    Args:
        names: of the schema's built-in operators, by code.

    Raises:
        ModelError: the file is missing or damaged, has several subgraphs, inputs or outputs of float32 or int64, or a
            custom operator or one that `names` lacks.
    """
    content = _content(path)
    try:
        return _read(path, content, names)
    except (Damaged, IndexError) as error:
        raise ModelError(f"{path}: damaged .tflite file ({error}); export it again") from error


def read_input(path: Path) -> EdgeQuantisation:
    """The int8 input of a .tflite file, whatever its operators are; raises ModelError where it has no such input."""
    content = _content(path)
    try:
        graph = _graph(path, Table.root(content))
        inputs = _edges(path, "input", _indices(graph, _GRAPH_INPUTS), graph.tables(_GRAPH_TENSORS))
        if len(inputs) != 1 or inputs[0].dtype != "int8":
            raise ModelError(f"{path}: the input is not int8 with one scale; export it so for TensorFlow Lite Micro")
        return inputs[0]
    except (Damaged, IndexError) as error:
        raise ModelError(f"{path}: damaged .tflite file ({error}); export it again") from error


def read_edges(path: Path) -> tuple[tuple[EdgeQuantisation, ...], tuple[EdgeQuantisation, ...]]:
    """Inputs and outputs as the file has them, of whatever types; a batch of any size counts as 1.

    Raises ModelError where the file is missing or damaged, or its edges have types that no network here has.
    """
    content = _content(path)
    try:
        subgraphs = Table.root(content).tables(_MODEL_SUBGRAPHS)
        graph = subgraphs[0]
        tensors = graph.tables(_GRAPH_TENSORS)
        inputs, outputs = (
            _edges(path, what, _indices(graph, field), tensors)
            for what, field in (("input", _GRAPH_INPUTS), ("output", _GRAPH_OUTPUTS))
        )
    except (Damaged, IndexError) as error:
        raise ModelError(f"{path}: damaged .tflite file ({error}); export it again") from error
    return inputs, outputs


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); give the path of a .tflite file") from error
    if content[4:8] != b"TFL3":
        raise ModelError(f"{path} is not a .tflite file (the identifier TFL3 is missing)")
    return content


def _graph(path: Path, model: Table) -> Table:
    subgraphs = model.tables(_MODEL_SUBGRAPHS)
    if len(subgraphs) != 1:
        raise ModelError(f"{path}: {len(subgraphs)} subgraphs; only networks of one subgraph are supported")
    return subgraphs[0]


def _read(path: Path, content: bytes, names: Mapping[int, str]) -> TflmNetwork:
    model = Table.root(content)
    graph = _graph(path, model)
    tensors = graph.tables(_GRAPH_TENSORS)
    codes = model.tables(_MODEL_CODES)
    operators = tuple(
        _operator(path, index, table, codes, tensors, names)
        for index, table in enumerate(graph.tables(_GRAPH_OPERATORS))
    )
    if not operators:
        raise ModelError(f"{path}: no operators; export it again")
    edges = {}
    for what, field in (("input", _GRAPH_INPUTS), ("output", _GRAPH_OUTPUTS)):
        edges[what] = _edges(path, what, _indices(graph, field), tensors)
        for edge in edges[what]:
            if edge.dtype not in _ON_DEVICE:
                raise ModelError(
                    f"{path}: the {what} {edge.name} is {edge.dtype}; export it as int8 for TensorFlow Lite Micro"
                )
    return TflmNetwork(content=content, operators=operators, inputs=edges["input"], outputs=edges["output"])


def _indices(table: Table, field: int) -> tuple[int, ...]:
    array = table.array(field, "<i4")
    return () if array is None else tuple(int(index) for index in array)


def _shape(tensors: list[Table], index: int) -> tuple[int, ...]:
    if index < 0:
        raise IndexError(f"tensor {index}")
    shape = _indices(tensors[index], _TENSOR_SHAPE)
    return (1, *shape[1:]) if shape[:1] == (-1,) else shape


def _operator(
    path: Path, index: int, table: Table, codes: list[Table], tensors: list[Table], names: Mapping[int, str]
) -> TflmOperator:
    code = codes[table.uint32(_OPERATOR_CODE)]
    number = max(code.int8(_CODE_SHORT), code.int32(_CODE_LONG))
    kind = names.get(number)
    if kind is None or kind == _CUSTOM:
        called = f"custom operator {code.string(_CODE_CUSTOM)[:40]}" if kind else f"built-in operator {number}"
        raise ModelError(f"{path}: operator {index} ({called}) is not one of TensorFlow Lite Micro's own")
    inputs, outputs = _indices(table, _OPERATOR_INPUTS), _indices(table, _OPERATOR_OUTPUTS)
    return TflmOperator(
        index, kind, _macs(kind, [_shape(tensors, i) if i >= 0 else () for i in inputs], outputs, tensors)
    )


def _macs(kind: str, inputs: list[tuple[int, ...]], outputs: tuple[int, ...], tensors: list[Table]) -> int:
    """Multiply-accumulates, those on padding included; 0 for operators that are not a sum of products."""
    if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"):
        return 0
    output, weights = math.prod(_shape(tensors, outputs[0])), inputs[1]
    if kind == "CONV_2D":
        return output * math.prod(weights[1:])
    if kind == "DEPTHWISE_CONV_2D":
        return output * math.prod(weights[1:3])
    if kind == "FULLY_CONNECTED":
        return output * weights[-1]
    return math.prod(inputs[2]) * math.prod(weights[:3])


def _edges(path: Path, what: str, indices: tuple[int, ...], tensors: list[Table]) -> tuple[EdgeQuantisation, ...]:
    if not indices:
        raise ModelError(f"{path}: no {what}; export it again")
    return tuple(_edge(path, what, index, tensors) for index in indices)


def _edge(path: Path, what: str, index: int, tensors: list[Table]) -> EdgeQuantisation:
    shape, tensor = _shape(tensors, index), tensors[index]
    dtype, name = _DTYPES.get(tensor.int8(_TENSOR_TYPE)), tensor.string(_TENSOR_NAME) or f"tensor {index}"
    quantisation = tensor.table(_TENSOR_QUANTISATION)
    scales = None if quantisation is None else quantisation.array(2, "<f4")
    zero_points = None if quantisation is None else quantisation.array(3, "<i8")
    if dtype is None or (dtype in _QUANTISED and (scales is None or len(scales) != 1)):
        raise ModelError(f"{path}: the {what} is not int8 with one scale; export it so for TensorFlow Lite Micro")
    zero_point = 0 if zero_points is None or not len(zero_points) else int(zero_points[0])
    scale = 1.0 if scales is None or not len(scales) else float(scales[0])
    return EdgeQuantisation(scale, zero_point, shape, dtype, name)
