"""Reads a .tflite file into a `Graph`; a damaged or foreign file raises one clear `ModelError`."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from micronets.compiler.flatbuffer import Damaged, Table
from micronets.compiler.graph import Graph, Operator, Quantisation, Tensor
from micronets.compiler.left_out import hint_for
from micronets.compiler.registry import OPERATORS
from micronets.compiler.schema import CUSTOM, OPERATOR_NAMES
from micronets.errors import ModelError

_LARGEST_FILE_BYTES = 64 << 20
_LARGEST_SIDE = 65535
_LARGEST_TENSOR_ELEMENTS = 1 << 24
_MOST_OPERATORS = 4096
_MOST_EDGES = 64

_DTYPES = {0: "float32", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8", 17: "int4"}
_NUMPY_DTYPES = {
    "float32": "<f4",
    "int32": "<i4",
    "uint8": "u1",
    "int64": "<i8",
    "bool": "?",
    "int16": "<i2",
    "int8": "i1",
    "int4": "u1",
}


def read_graph(path: Path) -> Graph:
    """Reads and checks a .tflite file of one subgraph.

    Raises:
        ModelError: the file is missing, truncated or damaged, refers to tensors that do not exist or are made later,
            or holds an operator the compiler does not know. The sentence names the file and what is wrong.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > _LARGEST_FILE_BYTES:
            raise ModelError(f"{path}: {size_bytes} bytes are too many for a microcontroller's network")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); give the path of a .tflite file") from error
    if content[4:8] != b"TFL3":
        raise ModelError(f"{path} is not a .tflite file (the identifier TFL3 is missing)")
    try:
        return _Reader(path, content).graph()
    except Damaged as error:
        raise ModelError(f"{path}: damaged .tflite file ({error}); export it again") from error


class _Reader:
    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.content = content

    def fail(self, what: str) -> ModelError:
        return ModelError(f"{self.path}: {what}")

    def graph(self) -> Graph:
        model = Table.root(self.content)
        version = model.uint32(0)
        if version != 3:
            raise self.fail(f"schema version {version} is not supported; export version 3")
        subgraphs = model.tables(2)
        if not subgraphs:
            raise self.fail("no subgraph")
        graph = self._subgraph(model, subgraphs[0])
        called = {int(o.options["subgraph"]) for o in graph.operators if o.kind == "CALL_ONCE"}
        return replace(
            graph,
            called=tuple(
                self._subgraph(model, table) if 0 < i and i in called else None for i, table in enumerate(subgraphs)
            ),
        )

    def _subgraph(self, model: Table, subgraph: Table) -> Graph:
        buffers = model.tables(4)
        codes = model.tables(1)
        operator_tables = subgraph.tables(3)
        if not 1 <= len(operator_tables) <= _MOST_OPERATORS:
            raise self.fail(f"{len(operator_tables)} operators; between 1 and {_MOST_OPERATORS} are supported")
        operators = tuple(self._operator(i, table, codes) for i, table in enumerate(operator_tables))
        inputs = self._indices(subgraph, 1, "the graph's inputs")
        outputs = self._indices(subgraph, 2, "the graph's outputs")
        used = {*inputs, *outputs}
        for operator in operators:
            used.update(operator.inputs, operator.outputs)
        tensors = tuple(
            self._tensor(i, table, buffers) if i in used else Tensor(i, f"tensor {i}", (), "other", None, None)
            for i, table in enumerate(subgraph.tables(0))
        )
        graph = Graph(str(self.path), tensors, operators, inputs, outputs)
        self._check_references(graph)
        return graph

    def _indices(self, table: Table, field: int, whose: str) -> tuple[int, ...]:
        array = table.array(field, "<i4")
        if array is None:
            return ()
        return tuple(int(index) for index in array)

    def _tensor(self, index: int, table: Table, buffers: list[Table]) -> Tensor:
        name = table.string(3) or f"tensor {index}"
        what = f"tensor {index} ({name[:60]})"
        dtype = _DTYPES.get(table.int8(1), "other")
        shape_array = table.array(0, "<i4")
        shape = () if shape_array is None else tuple(int(side) for side in shape_array)
        if shape[:1] == (-1,):
            shape = (1, *shape[1:])
        if len(shape) > 6 or any(not 1 <= side <= _LARGEST_SIDE for side in shape):
            raise self.fail(
                f"{what} has the shape {list(shape)[:8]}; at most 6 sides of 1 to {_LARGEST_SIDE} are supported"
            )
        elements = 1
        for side in shape:
            elements *= side
        if elements > _LARGEST_TENSOR_ELEMENTS:
            raise self.fail(f"{what} has {elements} elements, too many for a microcontroller")
        buffer_index = table.uint32(2)
        if buffer_index >= len(buffers):
            raise self.fail(f"{what} refers to buffer {buffer_index} of {len(buffers)}")
        buffer = buffers[buffer_index]
        if buffer.uint64(1) > 1:
            raise self.fail(f"{what} keeps its values outside the FlatBuffer; export it with values inside")
        if table.table(6) is not None:
            raise self.fail(f"{what} is sparse; export it dense")
        raw = buffer.array(0, "u1")
        data = None
        if raw is not None and len(raw) and dtype != "other":
            data = self._constant(what, dtype, shape, elements, raw)
        return Tensor(index, name, shape, dtype, self._quantisation(what, shape, table.table(4)), data, table.bool(5))

    def _constant(self, what: str, dtype: str, shape: tuple[int, ...], elements: int, raw: np.ndarray) -> np.ndarray:
        size_bytes = (elements + 1) // 2 if dtype == "int4" else elements * np.dtype(_NUMPY_DTYPES[dtype]).itemsize
        if len(raw) != size_bytes:
            raise self.fail(f"{what} needs {size_bytes} bytes of values, its buffer has {len(raw)}")
        if dtype != "int4":
            return raw.view(_NUMPY_DTYPES[dtype]).reshape(shape)
        nibbles = np.stack([raw & 15, raw >> 4], axis=1).reshape(-1)[:elements].astype(np.int8)
        return (nibbles - 16 * (nibbles > 7)).astype(np.int8).reshape(shape)

    def _quantisation(self, what: str, shape: tuple[int, ...], table: Table | None) -> Quantisation | None:
        if table is None:
            return None
        scales = table.array(2, "<f4")
        if scales is None or not len(scales):
            return None
        zero_points = table.array(3, "<i8")
        if zero_points is None or not len(zero_points):
            zero_points = np.zeros(len(scales), np.int64)
        axis = table.int32(6)
        if table.uint8(4):
            raise self.fail(f"{what} uses custom or block-wise quantisation; use per-tensor or per-channel")
        if len(zero_points) == 1 and len(scales) > 1:
            zero_points = np.repeat(zero_points, len(scales))
        if len(zero_points) != len(scales):
            raise self.fail(f"{what} has {len(scales)} scales but {len(zero_points)} zero points")
        if not np.all(np.isfinite(scales)) or np.any(scales <= 0):
            raise self.fail(f"{what} has a scale that is not a positive number")
        return Quantisation(scales.astype(np.float32), zero_points.astype(np.int64), axis)

    def _operator(self, index: int, table: Table, codes: list[Table]) -> Operator:
        code_index = table.uint32(0)
        if code_index >= len(codes):
            raise self.fail(f"operator {index} refers to operator code {code_index} of {len(codes)}")
        code = codes[code_index]
        builtin = max(code.int8(0), code.int32(3))
        kind = OPERATOR_NAMES[builtin] if builtin < len(OPERATOR_NAMES) else f"built-in operator {builtin}"
        supported = OPERATORS.get(kind)
        if supported is None:
            name = f"custom operator {code.string(1)[:40]}" if builtin == CUSTOM else kind
            hint = hint_for(code.string(1) if builtin == CUSTOM else kind, custom=builtin == CUSTOM)
            raise self.fail(f"operator {index} ({name}) is not supported; {hint}")
        options_table = table.table(4)
        if options_table is not None and supported.options_type and table.uint8(3) != supported.options_type:
            raise self.fail(f"operator {index} ({kind}) carries the options of another operator")
        try:
            options = supported.read_options(options_table)
        except KeyError as error:
            raise self.fail(f"operator {index} ({kind}) has the unsupported option value {error}") from error
        whose = f"operator {index} ({kind})"
        inputs = self._indices(table, 1, f"the inputs of {whose}")
        outputs = self._indices(table, 2, f"the outputs of {whose}")
        if len(inputs) > _MOST_EDGES or len(outputs) > _MOST_EDGES:
            raise self.fail(
                f"{whose} has {len(inputs)} inputs and {len(outputs)} outputs; at most {_MOST_EDGES} are supported"
            )
        return Operator(index, kind, inputs, outputs, options)

    def _check_references(self, graph: Graph) -> None:
        count = len(graph.tensors)

        def check(index: int, whose: str) -> Tensor:
            if not 0 <= index < count:
                raise self.fail(f"{whose} refers to tensor {index}, but there are {count}")
            return graph.tensors[index]

        known = {tensor.index for tensor in graph.tensors if tensor.data is not None or tensor.is_variable}
        for index in graph.inputs:
            if check(index, "the graph's inputs").data is not None:
                raise self.fail(f"the graph's input {index} is a constant")
            known.add(index)
        for operator in graph.operators:
            for index in operator.inputs:
                if index == -1:
                    continue
                tensor = check(index, str(operator))
                if index not in known:
                    raise self.fail(
                        f"{operator} reads tensor {index} ({tensor.name[:60]}), which nothing before it makes"
                    )
            for index in operator.outputs:
                tensor = check(index, str(operator))
                if index in known:
                    raise self.fail(f"{operator} writes tensor {index} ({tensor.name[:60]}), which is already made")
                known.add(index)
        for index in graph.outputs:
            check(index, "the graph's outputs")
            if index not in known:
                raise self.fail(f"the graph's output, tensor {index}, is made by no operator")
