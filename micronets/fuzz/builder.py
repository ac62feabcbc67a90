"""Writes small .tflite files for fuzzing and tests: any operator, with options where the compiler reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from micronets.compiler.registry import OPERATORS
from micronets.compiler.schema import OPERATOR_CODES

_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
    "resource": schema.TensorType.RESOURCE,
    "uint8": schema.TensorType.UINT8,
    "int8": schema.TensorType.INT8,
    "int4": schema.TensorType.INT4,
}
_OPTION_NAMES = {number: name for name, number in vars(schema.BuiltinOptions).items() if isinstance(number, int)}
_VERSIONS = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "ADD": 2, "MUL": 2, "PAD": 2, "SOFTMAX": 2}


class ModelBuilder:
    """Collects tensors and operators; indices of tensors are what operators refer to."""

    def __init__(self) -> None:
        self._tensors: list[schema.TensorT] = []
        self._operators: list[schema.OperatorT] = []
        self._codes: list[schema.OperatorCodeT] = []
        self._buffers = [_buffer(None)]
        self._code_index: dict[tuple[str, int], int] = {}
        self._is_wide = False
        self._initialisation = schema.SubGraphT()
        self._initialisation.tensors, self._initialisation.operators = [], []
        self._initialisation.inputs, self._initialisation.outputs = [], []

    def tensor(
        self,
        shape: tuple[int, ...],
        dtype: str,
        scale: float | np.ndarray | None = None,
        zero_point: int = 0,
        axis: int = 0,
        data: np.ndarray | None = None,
        *,
        variable: bool = False,
    ) -> int:
        """Adds a tensor and returns its index; int4 data is given as int8 values.

        Args:
            variable: an operator keeps it between calls.
        """
        if dtype == "int8" and self._is_wide:
            dtype, zero_point, data = "int16", 0, None if data is None else data.astype(np.int16) * 250
        tensor = schema.TensorT()
        tensor.isVariable = variable
        tensor.shape = list(shape)
        tensor.type = _TYPES[dtype]
        tensor.name = f"t{len(self._tensors)}".encode()
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            quantisation = schema.QuantizationParametersT()
            quantisation.scale = scales
            quantisation.zeroPoint = np.full(len(scales), zero_point, np.int64)
            quantisation.quantizedDimension = axis
            tensor.quantization = quantisation
        if data is not None:
            tensor.buffer = len(self._buffers)
            self._buffers.append(_buffer(_bytes(data, dtype)))
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    @contextmanager
    def widened(self) -> Iterator[None]:
        """Within, tensors of int8 are made of int16, with a zero point of 0."""
        self._is_wide = True
        try:
            yield
        finally:
            self._is_wide = False

    def operator(
        self, kind: str, inputs: list[int], outputs: list[int], options: dict[str, Any] | None = None, version: int = 0
    ) -> None:
        """Adds an operator; `options` are attributes of the schema's options object."""
        version = version or _VERSIONS.get(kind, 1)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(kind, version)
        operator.inputs, operator.outputs = inputs, outputs
        supported = OPERATORS.get(kind)
        if supported is not None and supported.options_type:
            operator.builtinOptions = getattr(schema, f"{_OPTION_NAMES[supported.options_type]}T")()
            for name, value in (options or {}).items():
                setattr(operator.builtinOptions, name, value)
            operator.builtinOptionsType = supported.options_type
        self._operators.append(operator)

    def variable(self, name: str, initial: int) -> int:
        """The handle of a variable, which begins as the constant tensor `initial`."""
        if not self._initialisation.operators:
            self.operator("CALL_ONCE", [], [], {"initSubgraphIndex": 1})
        handle = self.tensor((), "resource")
        self.operator("VAR_HANDLE", [], [handle], {"container": b"", "sharedName": name.encode()})
        first = len(self._initialisation.tensors)
        self._initialisation.tensors += [self._tensors[handle], self._tensors[initial]]
        kept, self._operators = self._operators, self._initialisation.operators
        self.operator("VAR_HANDLE", [], [first], {"container": b"", "sharedName": name.encode()})
        self.operator("ASSIGN_VARIABLE", [first, first + 1], [])
        self._operators = kept
        return handle

    def shape(self, index: int) -> tuple[int, ...]:
        return tuple(self._tensors[index].shape)

    def zero_point(self, index: int) -> int:
        return int(self._tensors[index].quantization.zeroPoint[0])

    def build(self, inputs: list[int], outputs: list[int]) -> bytes:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = inputs, outputs
        model = schema.ModelT()
        model.version = 3
        model.operatorCodes, model.subgraphs, model.buffers = self._codes, [graph], self._buffers
        if self._initialisation.operators:
            model.subgraphs.append(self._initialisation)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _code(self, kind: str, version: int) -> int:
        if (kind, version) not in self._code_index:
            code = schema.OperatorCodeT()
            code.builtinCode = OPERATOR_CODES[kind]
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)
            code.version = version
            self._code_index[kind, version] = len(self._codes)
            self._codes.append(code)
        return self._code_index[kind, version]


def _buffer(data: np.ndarray | None) -> schema.BufferT:
    buffer = schema.BufferT()
    buffer.data = data
    return buffer


def _bytes(data: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "int4":
        return np.ascontiguousarray(data).reshape(-1).view(np.uint8)
    nibbles = data.reshape(-1).astype(np.uint8) & 15
    nibbles = np.concatenate([nibbles, np.zeros(len(nibbles) % 2, np.uint8)])
    return nibbles[0::2] | (nibbles[1::2] << 4)
