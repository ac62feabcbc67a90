"""What a program around TFLM must know of a .tflite file: its operators, its edges, how much it multiplies.

It reads what our own compiler may not support; what of it TFLM supports is for TFLM to say.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.compiler.flatbuffer import Damaged, Table
from micronets.errors import ModelError

_INT8 = 9
_CUSTOM = "CUSTOM"

# Fields of the TensorFlow Lite schema, version 3, by their position in their table.
_MODEL_CODES, _MODEL_SUBGRAPHS = 1, 2
_GRAPH_TENSORS, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS = 0, 1, 2, 3
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_QUANTISATION = 0, 1, 4
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
    """A network of one int8 input and one int8 output."""

    content: bytes
    operators: tuple[TflmOperator, ...]
    input: EdgeQuantisation
    output: EdgeQuantisation


def read_network(path: Path, names: Mapping[int, str]) -> TflmNetwork:
    """Reads a .tflite file.

    Args:
        names: of the schema's built-in operators, by code.

    Raises:
        ModelError: the file is missing or damaged, has several subgraphs, inputs or outputs, or others than int8, or a
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
        return _edge(path, "input", _indices(graph, _GRAPH_INPUTS), graph.tables(_GRAPH_TENSORS))
    except (Damaged, IndexError) as error:
        raise ModelError(f"{path}: damaged .tflite file ({error}); export it again") from error


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); give the path of a .tflite file") from error
    if content[4:8] != b"TFL3":
        raise ModelError(f"{path}: not a .tflite file (the identifier TFL3 is missing)")
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
    return TflmNetwork(
        content=content,
        operators=operators,
        input=_edge(path, "input", _indices(graph, _GRAPH_INPUTS), tensors),
        output=_edge(path, "output", _indices(graph, _GRAPH_OUTPUTS), tensors),
    )


def _indices(table: Table, field: int) -> tuple[int, ...]:
    array = table.array(field, "<i4")
    return () if array is None else tuple(int(index) for index in array)


def _shape(tensors: list[Table], index: int) -> tuple[int, ...]:
    if index < 0:
        raise IndexError(f"tensor {index}")
    return _indices(tensors[index], _TENSOR_SHAPE)


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


def _edge(path: Path, what: str, indices: tuple[int, ...], tensors: list[Table]) -> EdgeQuantisation:
    if len(indices) != 1:
        raise ModelError(f"{path}: {len(indices)} {what}s; only networks of one {what} are supported")
    (index,) = indices
    shape, tensor = _shape(tensors, index), tensors[index]
    quantisation = tensor.table(_TENSOR_QUANTISATION)
    scales = None if quantisation is None else quantisation.array(2, "<f4")
    zero_points = None if quantisation is None else quantisation.array(3, "<i8")
    if tensor.int8(_TENSOR_TYPE) != _INT8 or scales is None or len(scales) != 1:
        raise ModelError(f"{path}: the {what} is not int8 with one scale; export it so for TensorFlow Lite Micro")
    zero_point = 0 if zero_points is None or not len(zero_points) else int(zero_points[0])
    return EdgeQuantisation(float(scales[0]), zero_point, shape)
