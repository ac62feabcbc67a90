"""Convolutions with 4-bit weights on Helium, which stay packed in flash (helium_int4.h)."""

from typing import ClassVar

import numpy as np

from micronets.compiler.arithmetic import wrap32
from micronets.compiler.intervals import (
    Analysis,
    Bounds,
    convolution_accumulators,
    depthwise_accumulators,
    input_bounds,
)
from micronets.compiler.kernels.helium import HeliumDepthwise, HeliumForm, PointWeights, general_form, point_kernel
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.requantise import fit
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Requantisation, Step

_BLOCK = 16
_QUAD = 4
_SCALE_BITS = 4
"""Of accumulators, which are sixteen times as large."""
_LARGEST_ACCUMULATOR = (1 << (31 - _SCALE_BITS)) - 1
_LARGEST_NUDGED = (1 << 31) - 1
_LARGEST_SUM = (1 << 15) - 1
_LARGEST_OFFSET = 127
# A single pixel takes half as long again as with whole bytes.
_FEW_MACS = 4096
_LANES = 16
_TAPS = 9
_HALVES = (0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15)
_QUARTERS = (0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15)


class PointInt4Weights(PointWeights):
    """Of 4 bits, those of two channels in a byte."""

    files: ClassVar[frozenset[str]] = frozenset({"point_helium_int4.c"})
    headers: ClassVar[frozenset[str]] = frozenset({"helium_int4.h"})
    bits: ClassVar[int] = 4

    @property
    def function(self) -> str:
        rest = "_rest" if self.step.weights.shape[0] % _QUAD else ""
        return f"mn_helium_point_int4_{self.form.name}{rest}{self.blocks_suffix}"

    def stream(self) -> np.ndarray:
        flat = self.flat()
        channels, depth = flat.shape
        groups = -(-channels // _QUAD)
        padded = np.zeros((groups * _QUAD, -(-depth // _BLOCK) * _BLOCK), np.int64)
        padded[:channels, :depth] = flat
        pairs = padded.reshape(groups, 2, 2, -1, _BLOCK)
        both = (pairs[:, :, 0] + 16 * pairs[:, :, 1]).transpose(0, 2, 1, 3).astype(np.int8)
        starts, first, last = (
            np.pad(values, (0, groups * _QUAD - channels), mode="edge").reshape(groups, _QUAD)
            for values in (
                wrap32((self.bias() << _SCALE_BITS) + self.form.nudges),
                self.form.first,
                self.form.second,
            )
        )
        parts = (
            both,
            starts.astype("<i4"),
            first.astype("<i4"),
            last.astype("<i2" if self.form.name == "wide" else "i1"),
        )
        return np.concatenate([_bytes(part, groups) for part in parts], axis=1).view("<i4")


class HeliumInt4Depthwise(HeliumDepthwise):
    """3x3 depthwise convolutions of any stride, dilation and padding."""

    file = "depthwise_helium_int4.c"
    header = "helium_int4.h"
    weight_bits = 4

    @property
    def _ending(self) -> str:
        return "int4"

    def _stream(self, bias: np.ndarray) -> np.ndarray:
        channels = len(bias)
        groups = -(-channels // _LANES)
        weights = np.zeros((_TAPS, groups * _LANES), np.int64)
        weights[:, :channels] = self.step.weights.reshape(_TAPS, channels)
        by_group = weights.reshape(_TAPS, groups, _LANES).transpose(1, 0, 2)
        nibbles = (by_group[:, 0:8:2] & 0xF) | (by_group[:, 1:8:2] << 4)
        taps = np.concatenate([nibbles, by_group[:, 8:]], axis=1).astype(np.int8)
        starts, factors, offsets = (
            np.pad(values, (0, groups * _LANES - channels)).reshape(groups, _LANES)
            for values in (bias + self.form.nudges, self.form.first, self.form.second)
        )
        parts = (
            taps,
            starts[:, list(_HALVES)].astype("<i2"),
            factors[:, list(_QUARTERS)].astype("<i4"),
            offsets[:, list(_QUARTERS)].astype("<i2"),
        )
        return np.concatenate([_bytes(part, groups) for part in parts], axis=1).view("<i4")


def helium_int4_kernel(step: Step, analysis: Analysis) -> Kernel | None:
    """None where the step has other weights, another kind or shape, or a channel's requantisation no form here."""
    if isinstance(step, DepthwiseConvolutionStep) and step.weight_bits == 4:
        return _depthwise(step, depthwise_accumulators(step, input_bounds(step, analysis)))
    if not isinstance(step, ConvolutionStep) or step.weight_bits != 4:
        return None
    rows, columns, _ = step.output.shape
    if rows * columns == 1 and (step.macs > _FEW_MACS or step.weights.shape[3] != step.inputs[0].shape[2]):
        return None
    form = _form(step.requantisation, convolution_accumulators(step, input_bounds(step, analysis)))
    if form is None:
        return None
    weights = PointInt4Weights(step, form)
    # A byte holds no -8 above a negative one.
    pairs = weights.flat()[: len(step.bias) // 2 * 2].reshape(-1, 2, weights.flat().shape[1])
    if np.any(pairs[:, 0] + 16 * pairs[:, 1] < -128):
        return None
    return point_kernel(step, weights)


def _depthwise(step: DepthwiseConvolutionStep, bounds: Bounds) -> HeliumInt4Depthwise | None:
    if step.multiplier != 1 or step.window.size != (3, 3) or step.weights.shape[2] % _QUAD:
        return None
    largest = np.full(len(bounds.low), _LARGEST_SUM, np.int64)
    form = fit(step.requantisation, bounds.low, bounds.high, largest, left_shift=_SCALE_BITS)
    if form is None:
        return None
    return HeliumInt4Depthwise(step, HeliumForm("fast", form.nudges, form.factors, form.offsets))


def _form(q: Requantisation, bounds: Bounds) -> HeliumForm | None:
    if np.maximum(np.abs(bounds.low), np.abs(bounds.high)).max() > _LARGEST_ACCUMULATOR:
        return None
    largest = np.full(len(bounds.low), _LARGEST_NUDGED, np.int64)
    fast = fit(q, bounds.low, bounds.high, largest, left_shift=_SCALE_BITS, largest_offset=_LARGEST_OFFSET)
    if fast is not None:
        return HeliumForm("fast", fast.nudges, fast.factors, fast.offsets)
    wide = fit(q, bounds.low, bounds.high, largest >> _SCALE_BITS, left_shift=_SCALE_BITS)
    if wide is not None:
        return HeliumForm("wide", wide.nudges << _SCALE_BITS, wide.factors, wide.offsets)
    return general_form(q)


def _bytes(values: np.ndarray, groups: int) -> np.ndarray:
    """Int8 (groups, bytes)."""
    return np.ascontiguousarray(values).view(np.int8).reshape(groups, -1)
