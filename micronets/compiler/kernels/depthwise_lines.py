"""Depthwise convolutions of any size, a line of the kernel at a time through int16 planes (depthwise_lines.h)."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

import numpy as np

from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.depthwise_quads import along_rows
from micronets.compiler.kernels.forms import Form, choose_form
from micronets.compiler.kernels.kernel import Distance, Kernel, shape_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import DepthwiseConvolutionStep, WeightedWindowStep

_LARGEST_ACCUMULATOR = (1 << 31) - 1
_LARGEST_SCRATCH_BYTES = 2048
_MOST_BANDED_ROWS = 64
_MOST_TAPS = 16
# Kernel lines that are unrolled, where all of them together are not too long.
_MOST_LINES = 7
_MOST_UNROLLED_TAPS = 49


S = TypeVar("S", bound=WeightedWindowStep)
K = TypeVar("K", bound="LinesKernel")


class LinesKernel(Kernel[S]):
    """Of values of int8 or int16."""

    header = "depthwise_lines.h"
    item_bytes: ClassVar[int] = 1

    def __init__(self, step: S, band: int) -> None:
        """`band` output rows at a time."""
        super().__init__(step)
        self.band = band
        self.weight_bits = step.weight_bits
        self.read, self.written, self.window = along_rows(step)

    @property
    def multiplier(self) -> int:
        """Output channels of every input channel."""
        return self.written[2] // self.read[2]

    @property
    @abstractmethod
    def form_name(self) -> str:
        """In the sweep's name."""

    @property
    @abstractmethod
    def form_arguments(self) -> str:
        """Of C functions that are instantiated for the form of requantisation."""

    @property
    @abstractmethod
    def cycles_per_output(self) -> int:
        """Of requantisation, roughly."""

    @abstractmethod
    def quantisation_fields(self) -> dict[str, int]:
        """Zero points and bounds, of `mn_depthwise_lines`."""

    @abstractmethod
    def _stream(self) -> np.ndarray:
        """As `lines_stream` has it."""

    @property
    def taps(self) -> int:
        """Of a line of the kernel."""
        return self.window.size[1]

    @property
    def stride(self) -> int:
        """Along rows."""
        return self.window.stride[1]

    @property
    def unrolled_lines(self) -> int:
        """Kernel lines in a straight run, where none lies above or below the input; 0: they are a loop."""
        lines = self.window.size[0]
        return lines if 1 < lines <= _MOST_LINES and lines * self.taps <= _MOST_UNROLLED_TAPS else 0

    @property
    def sweep_function(self) -> str:
        lines = self.window.size[0] if self.unrolled_lines else "n"
        bits = "int4_" if self.weight_bits == 4 else ""
        return f"lines_{bits}{self.form_name}_{lines}x{self.taps}_stride_{self.stride}"

    @property
    def gathered(self) -> int:
        """Columns of the input that some window reads."""
        reach = (self.written[1] - 1) * self.stride + self.taps
        return min(self.read[1], reach - self.window.pad_left)

    @property
    def pitch_words(self) -> int:
        """From one row of a plane to the next: with what the last outputs' neighbours read."""
        pairs = -(-self.written[1] // 2)
        read = pairs + self.taps // 2 if self.stride == 1 else 2 * pairs + (self.taps - 1) // 2
        return max(read, -(-(self.window.pad_left + self.gathered) // 2))

    @property
    def reach_rows(self) -> int:
        """Input rows under a kernel."""
        return (self.window.size[0] - 1) * self.window.dilation[0] + 1

    def rows_held(self, band: int) -> int:
        """Input rows that so many output rows read, at most."""
        return min((band - 1) * self.window.stride[0] + self.reach_rows, self.read[0])

    @property
    def plane_words(self) -> int:
        return self.rows_held(self.band) * self.pitch_words

    @property
    def lane_words(self) -> int:
        per_line = (self.taps + 1) // 2 if self.stride == 2 or self.taps == 1 else self.taps - 1
        return self.window.size[0] * per_line

    @property
    def scratch_bytes(self) -> int:
        return 4 * (2 * self.plane_words + self.lane_words)

    @property
    def gathered_rows(self) -> int:
        """Rows of the input gathered in all bands."""
        out_rows = self.written[0]
        return sum(self.rows_held(min(self.band, out_rows - row)) for row in range(0, out_rows, self.band))

    @property
    def cycles(self) -> float:
        """Rough cost on a Cortex-M4, to compare with other kernels of the layer."""
        window, (out_rows, out_columns, channels) = self.window, self.written
        block, per_tap = (6, 5.0) if self.stride == 1 else (4, 3.5)
        whole, rest = divmod(out_columns, block)
        per_line = whole * (8 + per_tap * self.taps) + (rest > 0) * (8 + per_tap * self.taps * (rest + 2) / (block + 2))
        lines = window.taps_inside(0, self.read[0], out_rows)
        rows = out_rows * (75 + 25 * (whole + (rest > 0)) + self.cycles_per_output * out_columns) + lines * per_line
        unpacked = 130 + window.size[0] * (10 + 4 * self.taps)
        gathered = self.gathered_rows * (25 + 3.3 * self.gathered) / self.multiplier
        return channels * (rows + -(-out_rows // self.band) * unpacked + gathered)

    def definition(self) -> str:
        """The sweep's instantiation for the kernel, stride and form."""
        return (
            f"static const int32_t *{self.sweep_function}(const struct mn_depthwise_lines *p, int32_t row,\n"
            "    int32_t rows, int32_t held, const uint32_t *plane, uint32_t *lanes, const int32_t *stream,\n"
            "    int8_t *output)\n{\n"
            f"    return mn_sweep_lines({self.taps}, {self.stride}, {self.unrolled_lines}, {self.weight_bits}, "
            f"{self.form_arguments},\n        p, row, rows, held, plane, lanes, stream, output);\n}}\n"
        )

    def overlaps(self) -> dict[int, Distance]:
        """In place in one band; in bands, the output lags by the rows that the next band reads again."""
        if self.multiplier > 1:
            return {}
        columns, channels = self.read[1], self.read[2] * self.item_bytes
        out_rows, out_columns, _ = self.written
        if self.band >= out_rows:
            return {0: Distance(out_rows * out_columns * channels, exact=0)}
        lag = whole = 0
        for done in range(0, out_rows, self.band):
            end = min(done + self.band, out_rows)
            written = end * out_columns * channels
            whole = max(whole, written - self._first_row(done) * columns * channels)
            if end < out_rows:
                lag = max(lag, written - self._first_row(end) * columns * channels)
        unit = math.lcm(4, channels)
        return {0: Distance(whole, exact=-(-lag // unit) * unit)}

    def _first_row(self, out_row: int) -> int:
        """Of the input, that an output row reads."""
        return max(0, out_row * self.window.stride[0] - self.window.pad_top)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return [f"{self.function}({self._describe(source, layer)}, {inputs[0]}, {output}, {scratch});"]

    def _describe(self, source: Source, layer: str) -> str:
        window = self.window
        fields = {
            "sweep": self.sweep_function,
            "in": shape_fields(self.read),
            "out_rows": self.written[0],
            "out_columns": self.written[1],
            "multiplier": self.multiplier,
            "window_rows": window.size[0],
            "row_stride": window.stride[0],
            "row_dilation": window.dilation[0],
            "pad_top": window.pad_top,
            "pad_left": window.pad_left,
            "gathered": self.gathered,
            "pitch_words": self.pitch_words,
            "plane_words": self.plane_words,
            "band": self.band,
            **self.quantisation_fields(),
            "stream": source.array(f"{layer}_stream", self._stream()),
        }
        return source.description("mn_depthwise_lines", layer, fields)


class DepthwiseLines(LinesKernel[DepthwiseConvolutionStep]):
    function = "mn_depthwise_lines"
    file = "depthwise_lines.c"

    def __init__(self, step: DepthwiseConvolutionStep, form: Form, band: int) -> None:
        super().__init__(step, band)
        self.form = form

    @property
    def form_name(self) -> str:
        return self.form.name

    @property
    def form_arguments(self) -> str:
        return self.form.arguments

    @property
    def cycles_per_output(self) -> int:
        return {"fast": 5, "rounded": 9, "clamped": 12, "general": 40}[self.form.name]

    def quantisation_fields(self) -> dict[str, int]:
        q = self.step.requantisation
        return {
            "input_zero_point": self.step.input_zero_point,
            "output_zero_point": q.zero_point,
            "low": q.low,
            "high": q.high,
        }

    @property
    def bands(self) -> RowBands:
        window = self.window
        return RowBands(self.band, self.read[0], self.written[0], self.reach_rows, window.stride[0], window.pad_top)

    def banded(self, band: int) -> "DepthwiseLines | None":
        """The same, `band` output rows at a time; None where columns are taken for rows."""
        if self.written != self.step.output.shape:
            return None
        return DepthwiseLines(self.step, self.form, min(band, self.written[0]))

    def emit_band(self, source: Source, layer: str, output: str, scratch: str) -> list[str]:
        """Output rows [row, row + rows) from `input`, C variables in scope."""
        _, columns, channels = self.step.output.shape
        address = self._describe(source, layer)
        return [f"{self.function}_band({address}, row, rows, input, {output} + row * {columns * channels}, {scratch});"]

    def _stream(self) -> np.ndarray:
        step, channels = self.step, self.step.output.shape[2]
        weights = step.weights.reshape(-1, channels).T
        if self.weight_bits == 4:
            even = weights.shape[1] + weights.shape[1] % 2
            nibbles = np.zeros((channels, even), np.int8)
            nibbles[:, : weights.shape[1]] = weights
            weights = (nibbles[:, 0::2] & 0xF) | (nibbles[:, 1::2] << 4)
        small = self.form.constants if self.form.name == "fast" else self.form.shifts
        return lines_stream(step.bias + self.form.nudges, self.form.factors, weights, small)


def lines_stream(starts: np.ndarray, factors: np.ndarray, weights: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Int32 (words,), as depthwise_lines.h describes.

    Args:
        starts, factors, small: (channels,), of which the last fits int16.
        weights: int8 (channels, bytes).
    """
    channels, count = weights.shape
    packed = np.zeros((channels, -(-(count + 3) // 4) * 4), np.int8)
    packed[:, :count] = weights
    packed[:, count : count + 2] = small.astype("<i2")[:, None].view(np.int8)
    heads = np.stack([starts, factors], axis=1).astype(np.int32)
    return np.concatenate([heads, packed.view("<i4")], axis=1).reshape(-1)


def fits_lines(step: WeightedWindowStep) -> bool:
    """Whether the kernels have code for the window."""
    window = along_rows(step)[2]
    taps = window.size[1]
    return taps <= _MOST_TAPS and window.stride[1] <= 2 and (window.dilation[1] == 1 or taps == 1)


def best_band(step: WeightedWindowStep, kernel: Callable[[int], K]) -> K:
    """Of kernels of all sizes of bands the one that gathers least, in a scratch of limited size."""
    out_rows = along_rows(step)[1][0]
    kernels = [kernel(band) for band in [*range(1, min(out_rows, _MOST_BANDED_ROWS)), out_rows]]
    small = [kernel for kernel in kernels if kernel.scratch_bytes <= _LARGEST_SCRATCH_BYTES]
    return min(small or kernels[:1], key=lambda kernel: (kernel.gathered_rows, kernel.scratch_bytes))


def depthwise_lines(step: DepthwiseConvolutionStep, accumulators: Bounds) -> DepthwiseLines | None:
    """None where the step is of another shape, its accumulators may overflow, or it has too few outputs to gain."""
    low, high = accumulators.low, accumulators.high
    largest = np.full(len(low), _LARGEST_ACCUMULATOR)
    if step.inputs[0].shape[2] < 2 or not fits_lines(step):
        return None
    if np.any(np.maximum(np.abs(low), np.abs(high)) > largest):
        return None
    form = choose_form(step.requantisation, low, high, largest)
    return best_band(step, lambda band: DepthwiseLines(step, form, band))
