"""Interval analysis: which int8 values every channel of every value can take, whatever the network's input."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from micronets.compiler.requantise import requantise
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    Program,
    Requantisation,
    Shape,
    Step,
    TransposedConvolutionStep,
    Value,
    Window,
)

_LARGEST = (1 << 31) - 1


class Bounds:
    """Least and greatest value of every channel, int64 (channels,)."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        self.low = low
        self.high = high

    @classmethod
    def everything(cls, channels: int, low: int = -128, high: int = 127) -> "Bounds":
        return cls(np.full(channels, low, np.int64), np.full(channels, high, np.int64))

    def including(self, value: int) -> "Bounds":
        return Bounds(np.minimum(self.low, value), np.maximum(self.high, value))

    def viewed(self, channels: int) -> "Bounds":
        """Of the same bytes seen with another number of channels."""
        own = len(self.low)
        if channels % own == 0:
            return Bounds(np.tile(self.low, channels // own), np.tile(self.high, channels // own))
        return Bounds.everything(channels, int(self.low.min()), int(self.high.max()))


class Analysis:
    """Bounds of every value of a program."""

    def __init__(self, program: Program, rules: "Mapping[type[Step], Callable[[Any, Analysis], Bounds]]") -> None:
        """`rules` tell the bounds of a step's output; steps without one may make anything."""
        self._bounds: dict[int, Bounds] = {}
        self._values = [program.input]
        self._bounds[id(program.input.storage)] = Bounds.everything(program.input.storage.shape[2])
        for step in program.steps:
            channels = step.output.shape[2]
            rule = rules.get(type(step))
            bounds = rule(step, self) if rule else Bounds.everything(channels)
            # `output` may be a view's storage only; passes never write through views.
            self._bounds[id(step.output.storage)] = bounds
            self._values.append(step.output)

    def of(self, value: Value) -> Bounds:
        storage = value.storage
        if value.item_bytes > 1:
            return Bounds.everything(value.shape[2])
        if storage.constant is not None:
            flat = storage.constant.reshape(-1, value.shape[2]).astype(np.int64)
            return Bounds(flat.min(axis=0), flat.max(axis=0))
        if storage.initial is not None:
            return Bounds.everything(value.shape[2])
        return self._bounds[id(storage)].viewed(value.shape[2])


def reads_padding(window: Window, source: Shape, output: Shape) -> bool:
    """Whether any output's window reaches outside the input."""
    pads = (window.pad_top, window.pad_left)
    for axis in range(2):
        last = (output[axis] - 1) * window.stride[axis] - pads[axis] + (window.size[axis] - 1) * window.dilation[axis]
        if pads[axis] > 0 or last >= source[axis]:
            return True
    return False


def input_bounds(step: ConvolutionStep | DepthwiseConvolutionStep, analysis: Analysis) -> Bounds:
    """Of what the kernel multiplies: the input's channels, and the zero point where it reads padding."""
    bounds = analysis.of(step.inputs[0])
    if isinstance(step, FullyConnectedStep):
        return bounds.viewed(step.weights.shape[3])
    if reads_padding(step.window, step.inputs[0].shape, step.output.shape):
        return bounds.including(step.input_zero_point)
    return bounds


def convolution_accumulators(step: ConvolutionStep, inputs: Bounds) -> Bounds:
    """Of the accumulators with bias, for inputs within bounds."""
    products = _products(step.weights, inputs, step.input_zero_point)
    return Bounds(step.bias + products.low, step.bias + products.high)


def transposed_accumulators(step: TransposedConvolutionStep, analysis: Analysis) -> Bounds:
    """Of the accumulators with bias of all outputs: those of one place within a stride read every stride-th tap, or at
    the edges some of these."""
    inputs = analysis.of(step.inputs[0]).including(step.input_zero_point)
    low, high = step.bias, step.bias
    row_stride, column_stride = step.window.stride
    for row in range(row_stride):
        for column in range(column_stride):
            taps = step.weights[:, row::row_stride, column::column_stride]
            products = _products(taps, inputs, step.input_zero_point)
            low, high = np.minimum(low, step.bias + products.low), np.maximum(high, step.bias + products.high)
    return Bounds(low, high)


def _products(weights: np.ndarray, inputs: Bounds, zero_point: int) -> Bounds:
    """Of every output channel's sum of products with inputs less their zero point.

    Args:
        weights: int8 (output channels, kernel rows, kernel columns, input channels).
    """
    taps = weights.reshape(weights.shape[0], -1, weights.shape[3])
    low, high = inputs.low - zero_point, inputs.high - zero_point
    # Halves of these are w * low and w * high, or the other way round where w is negative.
    middle = taps.sum(axis=1, dtype=np.int64) @ (low + high)
    spread = np.abs(taps).view(np.uint8).sum(axis=1, dtype=np.int64) @ (high - low)
    return Bounds((middle - spread) // 2, (middle + spread) // 2)


def depthwise_accumulators(step: DepthwiseConvolutionStep, inputs: Bounds) -> Bounds:
    weights = step.weights.reshape(-1, step.weights.shape[2]).astype(np.int64)
    positive, negative = np.maximum(weights, 0).sum(axis=0), np.minimum(weights, 0).sum(axis=0)
    low = np.repeat(inputs.low - step.input_zero_point, step.multiplier)
    high = np.repeat(inputs.high - step.input_zero_point, step.multiplier)
    return Bounds(step.bias + positive * low + negative * high, step.bias + positive * high + negative * low)


def requantised(q: Requantisation, accumulators: Bounds) -> Bounds:
    """Monotone, unless the left shift overflows: then anything within the clamp."""
    magnitude = np.maximum(np.abs(accumulators.low), np.abs(accumulators.high))
    overflows = magnitude > (_LARGEST >> np.minimum(np.maximum(q.shifts, 0), 31))
    low = requantise(np.where(overflows, 0, accumulators.low), q.multipliers, q.shifts, q)
    high = requantise(np.where(overflows, 0, accumulators.high), q.multipliers, q.shifts, q)
    return Bounds(np.where(overflows, q.low, low), np.where(overflows, q.high, high))


def convolution_bounds(step: ConvolutionStep, analysis: Analysis) -> Bounds:
    return requantised(step.requantisation, convolution_accumulators(step, input_bounds(step, analysis)))


def depthwise_bounds(step: DepthwiseConvolutionStep, analysis: Analysis) -> Bounds:
    return requantised(step.requantisation, depthwise_accumulators(step, input_bounds(step, analysis)))


def transposed_convolution_bounds(step: TransposedConvolutionStep, analysis: Analysis) -> Bounds:
    q = step.requantisation
    return Bounds.everything(step.output.shape[2], q.low, q.high)
