"""TensorFlow Lite Micro's integer arithmetic in numpy, for whole .tflite files, written from its specification.

Requantisation is gemmlowp's: a saturating rounding doubling high multiplication, then a rounding shift (two roundings);
`requantise_once` in its place rounds as the fake-quantised graph does.
Only what the exported networks use: one chain of int8 operators with constant weights, batch 1.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.networks import transposed_convolution, windows

Requantise = Callable[[np.ndarray, np.ndarray], np.ndarray]

OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


def read_model(path: str | os.PathLike) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(Path(path).read_bytes(), 0))


def run_integers(path: str | os.PathLike, inputs: np.ndarray, requantise: Requantise | None = None) -> np.ndarray:
    """int8 inputs (n, h, w, c) → int8 outputs (n, classes)."""
    model = read_model(path)
    graph = model.subgraphs[0]
    values = {graph.inputs[0]: inputs.astype(np.int64)}
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
        tensors = [graph.tensors[index] for index in operator.inputs]
        operands = [
            values[index] if index in values else constant(model, graph.tensors[index]) for index in operator.inputs
        ]
        output = graph.tensors[operator.outputs[0]]
        result = _KERNELS[name](operator.builtinOptions, tensors, operands, output, requantise or requantise_twice)
        assert result.min() >= -128 and result.max() <= 127
        assert result.shape[1:] == tuple(output.shape[1:])
        values[operator.outputs[0]] = result
    return values[graph.outputs[0]].astype(np.int8)


def constant(model: schema.ModelT, tensor: schema.TensorT) -> np.ndarray:
    """The values of a constant int8, packed INT4 or int32 tensor as int64, in its shape."""
    data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
    if tensor.type == schema.TensorType.INT32:
        values = data.view(np.int32)
    elif tensor.type == schema.TensorType.INT4:
        both = np.stack([data & 15, data >> 4], axis=1).reshape(-1)[: int(np.prod(tensor.shape))].astype(np.int64)
        values = np.where(both > 7, both - 16, both)
    else:
        assert tensor.type == schema.TensorType.INT8
        values = data.view(np.int8)
    return values.astype(np.int64).reshape(tensor.shape)


def quantised_multiplier(real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """real = multiplier / 2^31 x 2^shift."""
    fraction, shift = np.frexp(np.asarray(real, np.float64))
    multiplier = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)
    full = multiplier == 2**31
    multiplier, shift = np.where(full, multiplier // 2, multiplier), np.where(full, shift + 1, shift)
    return np.where(shift < -31, 0, multiplier), np.where(shift < -31, 0, shift)


def requantise_twice(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """`values` (int64 within int32) x `real`, rounded twice."""
    multiplier, shift = quantised_multiplier(real)
    product = (values << np.maximum(shift, 0)) * multiplier
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    high = np.sign(nudged) * (np.abs(nudged) >> 31)
    right = np.maximum(-shift, 0)
    mask = (1 << right) - 1
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))


def requantise_once(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """`values` x `real` to the nearest integer, ties up."""
    return np.floor(values * real + 0.5).astype(np.int64)


def _scale(tensor: schema.TensorT) -> np.ndarray:
    return np.asarray(tensor.quantization.scale, np.float32).astype(np.float64)


def _zero_point(tensor: schema.TensorT) -> int:
    return int(tensor.quantization.zeroPoint[0])


def _clamp(values: np.ndarray, fused: int, output: schema.TensorT) -> np.ndarray:
    zero_point, scale = _zero_point(output), np.float32(_scale(output)[0])
    low, high = -128, 127
    if fused == schema.ActivationFunctionType.RELU6:
        low = max(low, zero_point)
        high = min(high, zero_point + int(np.floor(np.float32(6) / scale + np.float32(0.5))))
    else:
        assert fused == schema.ActivationFunctionType.NONE
    return np.clip(values, low, high)


def _finish(accumulator: np.ndarray, options, tensors, output, requantise) -> np.ndarray:
    assert np.abs(accumulator).max() < 2**31
    real = _scale(tensors[0])[0] * _scale(tensors[1]) / _scale(output)[0]
    return _clamp(requantise(accumulator, real) + _zero_point(output), options.fusedActivationFunction, output)


def _patches(options, values, kernel) -> np.ndarray:
    padding = {schema.Padding.SAME: "same", schema.Padding.VALID: "valid"}[options.padding]
    return windows(values, kernel.shape[1:3], (options.strideH, options.strideW), padding=padding)


def _convolution(options, tensors, operands, output, requantise) -> np.ndarray:
    values, kernel, bias = operands
    patches = _patches(options, values - _zero_point(tensors[0]), kernel)
    return _finish(
        np.einsum("nhwcij,oijc->nhwo", patches, kernel, optimize=True) + bias, options, tensors, output, requantise
    )


def _depthwise(options, tensors, operands, output, requantise) -> np.ndarray:
    values, kernel, bias = operands
    assert options.depthMultiplier == 1
    patches = _patches(options, values - _zero_point(tensors[0]), kernel)
    return _finish(np.einsum("nhwcij,ijc->nhwc", patches, kernel[0]) + bias, options, tensors, output, requantise)


def _transposed(options, tensors, operands, output, requantise) -> np.ndarray:
    shape, kernel, values, bias = operands
    assert options.padding == schema.Padding.SAME
    assert options.fusedActivationFunction == schema.ActivationFunctionType.NONE
    stride = (options.strideH, options.strideW)
    assert tuple(shape) == (1, values.shape[1] * stride[0], values.shape[2] * stride[1], kernel.shape[0])
    source = tensors[2]
    sums = transposed_convolution(values - _zero_point(source), kernel.transpose(1, 2, 3, 0), stride)
    return _finish(sums + bias, options, (source, tensors[1]), output, requantise)


def _average_pool(options, tensors, operands, output, requantise) -> np.ndarray:
    (values,) = operands
    window, stride = (options.filterHeight, options.filterWidth), (options.strideH, options.strideW)
    if options.padding == schema.Padding.VALID:
        assert window == values.shape[1:3]
        total, count = values.sum(axis=(1, 2), keepdims=True), window[0] * window[1]
    else:
        total = windows(values, window, stride).sum(axis=(4, 5))
        count = windows(np.ones_like(values), window, stride).sum(axis=(4, 5))
    rounded = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return _clamp(rounded, options.fusedActivationFunction, output)


def _addition(options, tensors, operands, output, requantise) -> np.ndarray:
    twice = 2 * max(_scale(tensor)[0] for tensor in tensors)
    raised = sum(
        requantise((values - _zero_point(tensor)) << 20, _scale(tensor)[0] / twice)
        for values, tensor in zip(operands, tensors, strict=True)
    )
    result = requantise(raised, twice / (2**20 * _scale(output)[0])) + _zero_point(output)
    return _clamp(result, options.fusedActivationFunction, output)


def _pad(options, tensors, operands, output, requantise) -> np.ndarray:
    values, paddings = operands
    return np.pad(values, paddings, constant_values=_zero_point(output))


def _reshape(options, tensors, operands, output, requantise) -> np.ndarray:
    return operands[0].reshape(-1, *output.shape[1:])


_KERNELS = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "AVERAGE_POOL_2D": _average_pool,
    "ADD": _addition,
    "PAD": _pad,
    "RESHAPE": _reshape,
}
