"""Depthwise convolutions of any shape, four channels at a time (depthwise.c)."""

import numpy as np

from micronets.compiler.arithmetic import wrap32
from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.forms import Form, choose_form, extended
from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import DepthwiseConvolutionStep, Shape, WeightedWindowStep, Window

_QUAD = 4
_LARGEST_ACCUMULATOR = (1 << 31) - 1


class DepthwiseQuads(Kernel[DepthwiseConvolutionStep]):
    file = "depthwise.c"

    def __init__(self, step: DepthwiseConvolutionStep, form: Form) -> None:
        super().__init__(step)
        self.form = form
        self.weight_bits = step.weight_bits
        self.function = f"mn_depthwise_{form.name}"

    @property
    def taps(self) -> int:
        return self.step.window.size[0] * self.step.window.size[1]

    @property
    def scratch_bytes(self) -> int:
        return 4 * self.taps

    @property
    def cycles(self) -> float:
        """Rough cost on a Cortex-M4, to compare with other kernels of the layer."""
        step, (out_rows, out_columns, channels) = self.step, self.step.output.shape
        rows, columns, _ = step.inputs[0].shape
        lines = step.window.taps_inside(0, rows, out_rows)
        pixels = step.window.taps_inside(1, columns, out_columns)
        per_tap = 20 if step.multiplier == 1 else 35
        outputs = 175 * out_rows * out_columns + 8 * lines * out_columns + per_tap * lines * pixels
        return -(-channels // _QUAD) * (outputs + 20 * self.taps)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, q = self.step, self.step.requantisation
        read, written, window = along_rows(step)
        address = source.description(
            "mn_depthwise",
            layer,
            {
                "in": shape_fields(read),
                "out": shape_fields(written),
                "window": window_fields(window),
                "multiplier": step.multiplier,
                "weight_bits": self.weight_bits,
                "input_zero_point": step.input_zero_point,
                "zero_point": q.zero_point,
                "low": q.low,
                "high": q.high,
                "stream": source.array(f"{layer}_stream", self._stream()),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output}, {scratch});"]

    def _stream(self) -> np.ndarray:
        step, channels = self.step, self.step.output.shape[2]
        whole = -(-channels // _QUAD) * _QUAD
        form = Form(
            self.form.name,
            self.form.nudges,
            extended(self.form.factors, whole),
            extended(self.form.constants, whole),
            extended(self.form.shifts, whole),
        )
        starts = np.zeros(whole, np.int64)
        starts[:channels] = step.bias + self.form.nudges
        weights = np.zeros((self.taps + self.taps % 2, whole), np.int8)
        weights[: self.taps, :channels] = step.weights.reshape(self.taps, channels)
        if self.weight_bits == 4:
            weights = (weights[0::2] & 0xF) | (weights[1::2] << 4)
        else:
            weights = weights[: self.taps]
        words = np.ascontiguousarray(weights).view("<i4")
        stream: list[int] = []
        for quad in range(whole // _QUAD):
            stream += starts[_QUAD * quad : _QUAD * (quad + 1)].tolist()
            stream += form.pair_words(2 * quad) + form.pair_words(2 * quad + 1)
            stream += words[:, quad].tolist()
        return wrap32(np.array(stream, np.int64)).astype(np.int32)


def along_rows(step: WeightedWindowStep) -> tuple[Shape, Shape, Window]:
    """Input, output and window. Of maps one column wide, as in networks of one dimension, those of one row: the same
    bytes, whose taps then lie side by side, and depthwise.c takes neighbours in pairs."""
    read, written, window = step.inputs[0].shape, step.output.shape, step.window
    if (read[1], written[1], window.size[1], window.pad_left) != (1, 1, 1, 0):
        return read, written, window
    turned = Window(window.size[::-1], window.stride[::-1], window.dilation[::-1], 0, window.pad_top)
    return (1, read[0], read[2]), (1, written[0], written[2]), turned


def depthwise_quads(step: DepthwiseConvolutionStep, accumulators: Bounds) -> DepthwiseQuads | None:
    """None where accumulators may overflow."""
    low, high = accumulators.low, accumulators.high
    largest = np.full(len(low), _LARGEST_ACCUMULATOR)
    if np.any(np.maximum(np.abs(low), np.abs(high)) > largest):
        return None
    return DepthwiseQuads(step, choose_form(step.requantisation, low, high, largest))
