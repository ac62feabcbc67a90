"""Depthwise 3x3 convolutions, two channels at a time through int16 planes (depthwise_3x3.h)."""

import math
from dataclasses import dataclass, replace

import numpy as np

from micronets.compiler.arithmetic import wrap32
from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.forms import Form, choose_form
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.source import Source
from micronets.compiler.steps import DepthwiseConvolutionStep

_LARGEST_ACCUMULATOR = (1 << 31) - 1
_LARGEST_SCRATCH_BYTES = 2048
_MOST_BANDED_LINES = 64


@dataclass(frozen=True)
class Sweep:
    """A direction of the sweep: along rows or, `transposed`, along columns; `band` outer lines of outputs at a time."""

    transposed: bool
    inputs: tuple[int, int]
    """(inner, outer)"""
    outputs: tuple[int, int]
    pads: tuple[int, int]
    stride: int
    band: int
    least_pitch_words: int = 0

    @property
    def pitch_words(self) -> int:
        """From one line of a plane to the next."""
        inner = (self.outputs[0] - 1) * self.stride + 3
        own = -(-max(inner, self.inputs[0] + self.pads[0]) // 2) + (1 if self.stride == 1 else 0)
        return max(own, self.least_pitch_words)

    @property
    def plane_words(self) -> int:
        return ((self.band - 1) * self.stride + 3) * self.pitch_words

    @property
    def scratch_bytes(self) -> int:
        return 8 * self.plane_words

    @property
    def cycles(self) -> float:
        """Rough cost per channel, to compare sweeps of one layer."""
        inner, outer = self.outputs
        bands = -(-outer // self.band)
        gathered = self.inputs[0] * (self.inputs[1] + (bands - 1) * max(0, 3 - self.stride))
        lines = outer * (25 + 19 * inner + 6 * (inner % 2))
        return lines + 3 * gathered + 8 * (self.inputs[1] + 2 * bands) + bands * (60 + 3 * self.plane_words / 100)


class Depthwise3x3(Kernel[DepthwiseConvolutionStep]):
    function = "mn_depthwise_3x3"
    file = "depthwise_3x3.c"

    def __init__(self, step: DepthwiseConvolutionStep, form: Form, starts: np.ndarray, sweep: Sweep) -> None:
        super().__init__(step)
        self.form = form
        self.starts = starts
        self.sweep = sweep
        self.weight_bits = 4 if step.weight_bits == 4 and _fits_nibbles(form, starts) else 8

    @property
    def sweep_family(self) -> str:
        """Of sweeps that differ by their pitch only."""
        bits = "int4_" if self.weight_bits == 4 else ""
        return f"sweep_{bits}{self.form.name}_stride_{self.sweep.stride}"

    @property
    def sweep_function(self) -> str:
        return f"{self.sweep_family}_pitch_{self.sweep.pitch_words}"

    def lengthen(self, pitch_words: int) -> None:
        """Has planes of lines of at least so many words."""
        self.sweep = replace(self.sweep, least_pitch_words=pitch_words)

    @property
    def scratch_bytes(self) -> int:
        return self.sweep.scratch_bytes

    @property
    def bands(self) -> RowBands:
        """Of a sweep by rows."""
        return RowBands.of(self.step, self.step.window, self.sweep.band)

    def banded(self, band: int) -> "Depthwise3x3":
        """The same by rows, `band` output rows at a time."""
        inputs, outputs, pads = self.sweep.inputs, self.sweep.outputs, self.sweep.pads
        if self.sweep.transposed:
            inputs, outputs, pads = inputs[::-1], outputs[::-1], pads[::-1]
        rows = min(band, self.step.output.shape[0])
        return Depthwise3x3(
            self.step, self.form, self.starts, Sweep(False, inputs, outputs, pads, self.sweep.stride, rows)
        )

    def definition(self) -> str:
        """The sweep's instantiation for this pitch, stride and form."""
        return (
            f"static const int32_t *{self.sweep_function}(const struct mn_depthwise_3x3 *p, int32_t lines,\n"
            "    const uint32_t *plane, const int32_t *stream, int8_t *output)\n{\n"
            f"    return mn_sweep_plane({self.sweep.pitch_words}, {self.sweep.stride}, {self.weight_bits}, "
            f"{self.form.arguments},\n        p, lines, plane, stream, output);\n}}\n"
        )

    def overlaps(self) -> dict[int, Distance]:
        """In place in one band; in bands, the output lags by the rows that the next band reads again."""
        rows, columns, channels = self.step.inputs[0].shape
        out_rows, out_columns, _ = self.step.output.shape
        sweep = self.sweep
        if sweep.band >= sweep.outputs[1]:
            return {0: Distance(out_rows * out_columns * channels, exact=0)}
        lag = whole = 0
        for done in range(0, out_rows, sweep.band):
            end = min(done + sweep.band, out_rows)
            written = end * out_columns * channels
            whole = max(whole, written - max(0, done * sweep.stride - sweep.pads[1]) * columns * channels)
            if end < out_rows:
                lag = max(lag, written - max(0, end * sweep.stride - sweep.pads[1]) * columns * channels)
        unit = math.lcm(4, channels)
        return {0: Distance(whole, exact=-(-lag // unit) * unit)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return [f"{self.function}({self._describe(source, layer)}, {inputs[0]}, {output}, {scratch});"]

    def emit_band(self, source: Source, layer: str, output: str, scratch: str) -> list[str]:
        """Output rows [row, row + rows) from `input`, C variables in scope."""
        _, columns, channels = self.step.output.shape
        return self.emit_lines(source, layer, f"{output} + row * {columns * channels}", scratch)

    def emit_lines(self, source: Source, layer: str, target: str, scratch: str) -> list[str]:
        """The same, to where the first of these rows goes."""
        address = self._describe(source, layer)
        return [f"{self.function}_band({address}, row, rows, input, {target}, {scratch});"]

    def _describe(self, source: Source, layer: str) -> str:
        channels = self.step.output.shape[2]
        fields = self.fields(channels, channels, channels, source.array(f"{layer}_stream", self.stream()))
        return source.description("mn_depthwise_3x3", layer, fields)

    def stream(self) -> np.ndarray:
        """Int32 (channels, words)."""
        step = self.step
        kernel = step.weights.transpose(2, 1, 0) if self.sweep.transposed else step.weights.transpose(2, 0, 1)
        pack = _nibble_stream if self.weight_bits == 4 else _byte_stream
        return pack(kernel.reshape(-1, 9), self.starts, self.form)

    def fields(self, channels: int, in_pitch: int, out_pitch: int, stream: str) -> dict[str, int | str]:
        """Of struct mn_depthwise_3x3, for so many channels of pixels that lie so many bytes apart."""
        step, sweep = self.step, self.sweep
        columns, out_columns = step.inputs[0].shape[1], step.output.shape[1]
        strides = (in_pitch, columns * in_pitch), (out_pitch, out_columns * out_pitch)
        (in_inner, in_outer), (out_inner, out_outer) = (s[::-1] if sweep.transposed else s for s in strides)
        return {
            "sweep": self.sweep_function,
            "stride": sweep.stride,
            "pitch_words": sweep.pitch_words,
            "channels": channels,
            "inputs_inner": sweep.inputs[0],
            "inputs_outer": sweep.inputs[1],
            "outputs_inner": sweep.outputs[0],
            "outputs_outer": sweep.outputs[1],
            "input_inner_stride": in_inner,
            "input_outer_stride": in_outer,
            "output_inner_stride": out_inner,
            "output_outer_stride": out_outer,
            "pad_inner": sweep.pads[0],
            "pad_outer": sweep.pads[1],
            "band": sweep.band,
            "plane_words": sweep.plane_words,
            "input_zero_point": step.input_zero_point,
            "output_zero_point": step.requantisation.zero_point,
            "low": step.requantisation.low,
            "high": step.requantisation.high,
            "stream": stream,
        }


def _byte_stream(kernel: np.ndarray, starts: np.ndarray, form: Form) -> np.ndarray:
    """Words per channel as depthwise_3x3.h describes, for weights (channels, 9)."""
    channels = len(kernel)
    lines = np.zeros((channels, 3, 4), np.int8)
    lines[:, :, :3] = kernel.reshape(channels, 3, 3)
    words = np.ascontiguousarray(lines).view("<i4").reshape(channels, 3)
    columns = [words, starts[:, None], form.factors[:, None], form.constants[:, None]]
    if form.name != "fast":
        columns.append(form.shifts[:, None])
    return np.concatenate(columns, axis=1).astype(np.int32)


def _nibble_stream(kernel: np.ndarray, starts: np.ndarray, form: Form) -> np.ndarray:
    """The same with 4-bit weights."""
    nibbles = kernel.astype(np.int64) & 0xF
    weights = (nibbles[:, :8] << (4 * np.arange(8))).sum(axis=1)
    heads = (starts << 16) | ((_small(form) & 0xFFF) << 4) | nibbles[:, 8]
    return wrap32(np.stack([weights, heads, form.factors], axis=1)).astype(np.int32)


def _small(form: Form) -> np.ndarray:
    return form.constants if form.name == "fast" else form.shifts


def _fits_nibbles(form: Form, starts: np.ndarray) -> bool:
    """Whether starts fit 16 bits, and offsets or shifts 12."""
    return bool(np.abs(starts).max() < 1 << 15 and np.abs(_small(form)).max() < 1 << 11)


def depthwise_3x3(step: DepthwiseConvolutionStep, accumulators: Bounds) -> Depthwise3x3 | None:
    """None where the step is of another shape, or its accumulators may overflow."""
    window = step.window
    rows, columns, channels = step.inputs[0].shape
    out_rows, out_columns, _ = step.output.shape
    fits = (
        window.size == (3, 3)
        and window.dilation == (1, 1)
        and window.stride in ((1, 1), (2, 2))
        and max(window.pad_top, window.pad_left) <= 1
        and step.multiplier == 1
        and channels >= 2
    )
    if not fits:
        return None
    weights = step.weights.reshape(9, channels).astype(np.int64)
    bias = step.bias - step.input_zero_point * weights.sum(axis=0)
    low, high = accumulators.low, accumulators.high
    largest = np.full(channels, _LARGEST_ACCUMULATOR)
    if np.any(np.maximum(np.abs(low), np.abs(high)) > largest):
        return None
    form = choose_form(step.requantisation, low, high, largest)
    stride = window.stride[0]
    by_rows = ((columns, rows), (out_columns, out_rows), (window.pad_left, window.pad_top))
    by_columns = ((rows, columns), (out_rows, out_columns), (window.pad_top, window.pad_left))
    sweeps = [
        Sweep(transposed, *sides, stride, band)
        for transposed, sides in ((False, by_rows), (True, by_columns))
        for band in (*range(1, min(sides[1][1], _MOST_BANDED_LINES)), sides[1][1])
        # Bands of columns are no runs of memory, so their output could not lie over the input.
        if not transposed or band == sides[1][1]
    ]
    small = [sweep for sweep in sweeps if sweep.scratch_bytes <= _LARGEST_SCRATCH_BYTES]
    sweep = min(small or [min(sweeps, key=lambda s: s.scratch_bytes)], key=lambda s: s.cycles)
    return Depthwise3x3(step, form, bias + form.nudges, sweep)
