"""Assembles one .tflite file: tensors, operators and buffers of a single subgraph."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SCHEMA_VERSION = 3
FILE_IDENTIFIER = b"TFL3"
BUFFER_ALIGNMENT = 16
"""`force_align` of a buffer's data in the TensorFlow Lite schema; kernels read weights and biases in place."""

BUILTIN = schema.BuiltinOperator
TENSOR_TYPE = schema.TensorType

_TYPES = {np.dtype(np.int8): TENSOR_TYPE.INT8, np.dtype(np.int32): TENSOR_TYPE.INT32}
_TYPES[np.dtype(np.float32)] = TENSOR_TYPE.FLOAT32
_PLACEHOLDER_FOR_CUSTOM_CODES = 127


class _AlignedBuffer(schema.BufferT):
    """The generated class aligns numpy data to one byte only."""

    def Pack(self, builder: flatbuffers.Builder) -> int:
        builder.StartVector(1, len(self.data), BUFFER_ALIGNMENT)
        builder.head = builder.Head() - len(self.data)
        builder.Bytes[builder.Head() : builder.Head() + len(self.data)] = self.data
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


class GraphBuilder:
    """Collects tensors and operators in order of execution; equal calls give equal bytes."""

    def __init__(self) -> None:
        self._buffers: list[schema.BufferT] = [schema.BufferT()]
        self._codes: list[tuple[int, int]] = []
        self._tensors: list[schema.TensorT] = []
        self._operators: list[schema.OperatorT] = []

    def activation(
        self, name: str, shape: Sequence[int], dtype: type, scale: float | None = None, zero_point: int = 0
    ) -> int:
        """Adds a tensor that is computed; returns its index. Quantised per tensor where `scale` is given."""
        quantisation = None if scale is None else _quantisation(np.array([scale]), np.array([zero_point]), 0)
        return self._tensor(name, shape, _TYPES[np.dtype(dtype)], 0, quantisation)

    def constant(self, name: str, values: np.ndarray, scales: np.ndarray | None = None, axis: int = 0) -> int:
        """Adds a constant (int8, int32 or float32); symmetric per-channel `scales` run along `axis`."""
        buffer = self._buffer(np.ascontiguousarray(values).tobytes())
        return self._tensor(name, values.shape, _TYPES[values.dtype], buffer, _symmetric(scales, axis))

    def packed_int4_constant(self, name: str, values: np.ndarray, scales: np.ndarray, axis: int) -> int:
        """Adds int8 values within [-8, 7] as packed INT4: two per byte, the first one in the low nibble."""
        nibbles = np.ascontiguousarray(values).reshape(-1).view(np.uint8) & 0x0F
        nibbles = np.append(nibbles, np.zeros(nibbles.size % 2, np.uint8))
        buffer = self._buffer((nibbles[0::2] | nibbles[1::2] << 4).tobytes())
        return self._tensor(name, values.shape, TENSOR_TYPE.INT4, buffer, _symmetric(scales, axis))

    def operator(
        self,
        builtin: int,
        version: int,
        inputs: Sequence[int],
        output: int,
        options_type: int,
        options: Any,
    ) -> int:
        """Adds an operator that computes tensor `output`; returns `output`."""
        if (builtin, version) not in self._codes:
            self._codes.append((builtin, version))
        self._operators.append(
            schema.OperatorT(
                opcodeIndex=self._codes.index((builtin, version)),
                inputs=list(inputs),
                outputs=[output],
                builtinOptionsType=options_type,
                builtinOptions=options,
            )
        )
        return output

    def finish(self, input_tensor: int, output_tensor: int, description: str, minimum_runtime: str) -> bytes:
        """The file. `minimum_runtime` is the oldest TensorFlow that knows all operator versions used."""
        metadata = schema.MetadataT(
            name="min_runtime_version", buffer=self._buffer(minimum_runtime.encode().ljust(BUFFER_ALIGNMENT, b"\0"))
        )
        model = schema.ModelT(
            version=SCHEMA_VERSION,
            operatorCodes=[
                schema.OperatorCodeT(
                    deprecatedBuiltinCode=min(builtin, _PLACEHOLDER_FOR_CUSTOM_CODES),
                    version=version,
                    builtinCode=builtin,
                )
                for builtin, version in self._codes
            ],
            subgraphs=[
                schema.SubGraphT(
                    tensors=self._tensors,
                    inputs=[input_tensor],
                    outputs=[output_tensor],
                    operators=self._operators,
                    name="main",
                )
            ],
            description=description,
            buffers=self._buffers,
            metadata=[metadata],
        )
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
        return bytes(builder.Output())

    def _buffer(self, data: bytes) -> int:
        self._buffers.append(_AlignedBuffer(data))
        return len(self._buffers) - 1

    def _tensor(
        self,
        name: str,
        shape: Sequence[int],
        tensor_type: int,
        buffer: int,
        quantisation: schema.QuantizationParametersT | None,
    ) -> int:
        self._tensors.append(
            schema.TensorT(
                shape=[int(size) for size in shape],
                type=tensor_type,
                buffer=buffer,
                name=name,
                quantization=quantisation,
                hasRank=True,
            )
        )
        return len(self._tensors) - 1


def _symmetric(scales: np.ndarray | None, axis: int) -> schema.QuantizationParametersT | None:
    return None if scales is None else _quantisation(scales, np.zeros(len(scales)), axis)


def _quantisation(scales: np.ndarray, zero_points: np.ndarray, axis: int) -> schema.QuantizationParametersT:
    return schema.QuantizationParametersT(
        scale=scales.astype(np.float32), zeroPoint=zero_points.astype(np.int64), quantizedDimension=axis
    )
