"""Interval analysis: which int8 values every channel of every value can take, whatever the network's input."""

from collections.abc import Callable

import numpy as np

from micronets.compiler.arithmetic import multiply_by_quantised_multiplier
from micronets.compiler.requantise import requantise
from micronets.compiler.steps import (
    AveragePoolStep,
    ConcatenationStep,
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    LookupStep,
    MaxPoolStep,
    MeanStep,
    PadStep,
    Program,
    Requantisation,
    ResizeNearestStep,
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

    def __init__(self, program: Program) -> None:
        self._bounds: dict[int, Bounds] = {}
        self._values = [program.input]
        self._bounds[id(program.input.storage)] = Bounds.everything(program.input.storage.shape[2])
        for step in program.steps:
            channels = step.output.shape[2]
            rule = _RULES.get(type(step))
            bounds = rule(step, self) if rule else Bounds.everything(channels)
            # `output` may be a view's storage only; passes never write through views.
            self._bounds[id(step.output.storage)] = bounds
            self._values.append(step.output)

    def of(self, value: Value) -> Bounds:
        storage = value.storage
        if storage.constant is not None:
            flat = storage.constant.reshape(-1, value.shape[2]).astype(np.int64)
            return Bounds(flat.min(axis=0), flat.max(axis=0))
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
    weights = step.weights.reshape(step.weights.shape[0], -1, step.weights.shape[3]).astype(np.int64)
    positive, negative = np.maximum(weights, 0).sum(axis=1), np.minimum(weights, 0).sum(axis=1)
    low, high = inputs.low - step.input_zero_point, inputs.high - step.input_zero_point
    return Bounds(step.bias + positive @ low + negative @ high, step.bias + positive @ high + negative @ low)


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


def _convolution(step: ConvolutionStep, analysis: Analysis) -> Bounds:
    return requantised(step.requantisation, convolution_accumulators(step, input_bounds(step, analysis)))


def _depthwise(step: DepthwiseConvolutionStep, analysis: Analysis) -> Bounds:
    return requantised(step.requantisation, depthwise_accumulators(step, input_bounds(step, analysis)))


def _transposed(step: TransposedConvolutionStep, analysis: Analysis) -> Bounds:
    q = step.requantisation
    return Bounds.everything(step.output.shape[2], q.low, q.high)


def _pool(step: AveragePoolStep | MaxPoolStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    return Bounds(np.clip(bounds.low, step.low, step.high), np.clip(bounds.high, step.low, step.high))


def _mean(step: MeanStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    count = step.inputs[0].shape[0] * step.inputs[0].shape[1]
    multiplier, shift = step.multiplier
    if count * 255 > _LARGEST >> max(shift, 0):
        return Bounds.everything(step.output.shape[2])
    ends = []
    for values in (bounds.low, bounds.high):
        mean = multiply_by_quantised_multiplier(count * (values - step.input_zero_point), multiplier, shift)
        ends.append(np.clip(mean + step.zero_point, -128, 127))
    return Bounds(ends[0], ends[1])


def _lookup(step: LookupStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    table = step.table.astype(np.int64)
    spans = [table[low + 128 : high + 129] for low, high in zip(bounds.low, bounds.high, strict=True)]
    return Bounds(np.array([s.min() for s in spans]), np.array([s.max() for s in spans]))


def _pad(step: PadStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    if step.inputs[0].shape[2] != step.output.shape[2]:
        padded = Bounds.everything(step.output.shape[2], step.zero_point, step.zero_point)
        own = slice(step.before[2], step.before[2] + step.inputs[0].shape[2])
        padded.low[own], padded.high[own] = bounds.low, bounds.high
        bounds = padded
    return bounds.including(step.zero_point)


def _concatenation(step: ConcatenationStep, analysis: Analysis) -> Bounds:
    parts = [analysis.of(value) for value in step.inputs]
    if step.axis == 2:
        return Bounds(np.concatenate([p.low for p in parts]), np.concatenate([p.high for p in parts]))
    return Bounds(np.min([p.low for p in parts], axis=0), np.max([p.high for p in parts], axis=0))


def _same(step: ResizeNearestStep, analysis: Analysis) -> Bounds:
    return analysis.of(step.inputs[0])


_RULES: dict[type[Step], Callable[..., Bounds]] = {
    ConvolutionStep: _convolution,
    FullyConnectedStep: _convolution,
    DepthwiseConvolutionStep: _depthwise,
    TransposedConvolutionStep: _transposed,
    AveragePoolStep: _pool,
    MaxPoolStep: _pool,
    MeanStep: _mean,
    LookupStep: _lookup,
    PadStep: _pad,
    ConcatenationStep: _concatenation,
    ResizeNearestStep: _same,
}
