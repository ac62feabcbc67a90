"""DEPTHWISE_CONV_2D on int16 activations, with weights of int8."""

from typing import Any

import numpy as np

from micronets.compiler.cores import Core, Extension
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.depthwise_lines import LinesKernel, best_band, fits_lines, lines_stream
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.convolution_windows import slide_depthwise
from micronets.compiler.operators.family import Family
from micronets.compiler.operators.int16 import LIMITS, activation, short_multipliers
from micronets.compiler.operators.int16_convolution import (
    Int16DepthwiseStep,
    Int16Kernel,
    Int16Step,
    add_step,
    int8_weights,
    is_short,
    requantisation_of,
)
from micronets.compiler.source import Source
from micronets.compiler.steps import Step


def _lower_depthwise(lowering: LoweringContext, operator: Operator) -> None:
    source, scale = activation(lowering, operator, 0)
    weights, data = int8_weights(lowering, operator, 1, 4)
    over, _ = slide_depthwise(lowering, operator, source, data)
    requantisation = requantisation_of(lowering, operator, scale, weights, 3, 2)
    add_step(lowering, operator, over, Int16DepthwiseStep, data[0], requantisation)


class Int16DepthwiseKernel(Int16Kernel):
    description = "mn_int16_depthwise"
    file = "int16_depthwise.c"

    def __init__(self, step: Int16Step) -> None:
        super().__init__(step)
        self._multiplier = step.output.shape[2] // step.inputs[0].shape[2]
        self.short = self._multiplier == 1 and is_short(step, 2)
        self.function = "mn_int16_depthwise_short" if self.short else "mn_int16_depthwise"

    @property
    def cycles(self) -> float:
        """Rough cost on a Cortex-M4 with short sums, to compare with other kernels of the layer."""
        step, (out_rows, out_columns, channels) = self.step, self.step.output.shape
        rows, columns, _ = step.inputs[0].shape
        lines = step.window.taps_inside(0, rows, out_rows)
        pixels = step.window.taps_inside(1, columns, out_columns)
        per_pixel = 100 + (120 if self.short else 300) * channels / 4
        return (
            out_rows * out_columns * per_pixel
            + (20 * out_columns + (18 if self.short else 80) * pixels) * lines * channels / 4
        )

    def files(self) -> set[str]:
        return {"int16_depthwise_short.c" if self.short else "int16_depthwise.c"}

    def fields(self, source: Source, layer: str) -> dict[str, Any]:
        weights = _by_four_channels(self.step.weights) if self.short else self.step.weights
        return {**self._shapes(), "multiplier": self._multiplier, **self._numbers(source, layer, weights)}


def _by_four_channels(weights: np.ndarray) -> np.ndarray:
    """[four channels][tap][4], then [remaining channel][tap], of (kernel rows, kernel columns, channels)."""
    channels = weights.shape[2]
    whole, taps = channels // 4 * 4, weights.reshape(-1, channels)
    fours = taps[:, :whole].reshape(len(taps), whole // 4, 4).swapaxes(0, 1)
    return np.concatenate([fours.reshape(-1), taps[:, whole:].T.reshape(-1)])


class Int16DepthwiseLines(LinesKernel[Int16DepthwiseStep]):
    """Of sums of 32 bits, as `mn_int16_requantise_short` has them."""

    function = "mn_int16_depthwise_lines"
    file = "int16_lines.c"
    item_bytes = 2

    @property
    def _clamped(self) -> bool:
        q = self.step.requantisation
        return (q.low, q.high) != LIMITS

    @property
    def form_name(self) -> str:
        return "int16_clamped" if self._clamped else "int16"

    @property
    def form_arguments(self) -> str:
        return f"MN_INT16, {int(self._clamped)}"

    @property
    def cycles_per_output(self) -> int:
        return 8 if self._clamped else 5

    def quantisation_fields(self) -> dict[str, int]:
        q = self.step.requantisation
        return {"input_zero_point": 0, "output_zero_point": 0, "low": q.low, "high": q.high}

    def _stream(self) -> np.ndarray:
        q, channels = self.step.requantisation, self.step.output.shape[2]
        weights = self.step.weights.reshape(-1, channels).T
        return lines_stream(q.bias, short_multipliers(q.multipliers, q.shifts), weights, np.zeros(channels, np.int64))


def _choose(step: Step, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    assert isinstance(step, Int16DepthwiseStep)
    quads = Int16DepthwiseKernel(step)
    if core.extension is Extension.NONE or optimise == "size" or not is_short(step, 2) or not fits_lines(step):
        return quads
    lines = best_band(step, lambda band: Int16DepthwiseLines(step, band))
    return lines if lines.cycles < quads.cycles else quads


FAMILY = Family(
    operators={},
    kernels={Int16DepthwiseStep: _choose},
    by_type={"int16": {"DEPTHWISE_CONV_2D": _lower_depthwise}},
)
