"""Transposed convolutions of few output channels that keep the sums of the output rows in reach (transposed_sums.c).

Every input is widened once and multiplied by all the taps of a kernel's row, three or four at a time, wherever their
outputs lie within a stride. As sums are loaded and stored again for every four input channels, many output channels are
better made pair by pair (transposed.c).
"""

import numpy as np

from micronets.compiler.intervals import Analysis, transposed_accumulators
from micronets.compiler.kernels.forms import Form, choose_form, general_form
from micronets.compiler.kernels.kernel import Kernel, shape_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import TransposedConvolutionStep

_COLUMN_STRIDE = 2
_INPUT_CYCLES = {3: 14.5, 4: 17.5}
"""Of a Cortex-M4, for an input's four channels and so many taps."""
_MOST_SCRATCH_BYTES = 2560
"""Where more than one output channel is summed at once; about what convolutions take for each place within a stride."""
_MOST_CHANNELS = 8
_MOST_CHANNELS_OF_A_WINDOW = 3
_LEAST_COLUMNS_BESIDE_A_WINDOW = 5
_LARGEST_ACCUMULATOR = (1 << 31) - 1


class SummedTransposedConvolution(Kernel[TransposedConvolutionStep]):
    file = "transposed_sums.c"
    header = "transposed_sums.h"

    def __init__(self, step: TransposedConvolutionStep, form: Form) -> None:
        super().__init__(step)
        self._form = form
        self._taps = min(_INPUT_CYCLES, key=lambda taps: _INPUT_CYCLES[taps] * _parts(step, taps))
        self._parts = _parts(step, self._taps)
        self.function = f"mn_transposed_sums_{form.name}"

    def files(self) -> set[str]:
        return {self.file, "transposed_sums_dsp.c"}

    @property
    def _line_words(self) -> int:
        """Sums of an output row: all that taps reach, and all that are asked for."""
        reached = _COLUMN_STRIDE * (self.step.inputs[0].shape[1] - 1) + self._parts * self._taps
        return max(reached, self.step.window.pad_left + self.step.output.shape[1])

    @property
    def _at_once(self) -> int:
        """Output channels; the inputs are widened again for those that follow."""
        fitting = (_MOST_SCRATCH_BYTES - self._widened_bytes) // self._channel_bytes
        return min(max(1, fitting), self.step.output.shape[2])

    @property
    def _widened_bytes(self) -> int:
        _, columns, depth = self.step.inputs[0].shape
        return 8 * columns * _groups(depth)

    @property
    def _channel_bytes(self) -> int:
        return 4 * self.step.window.size[0] * self._line_words

    @property
    def scratch_bytes(self) -> int:
        return self._widened_bytes + self._at_once * self._channel_bytes

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, form = self.step, self._form
        scales = np.stack([step.bias + form.nudges, form.factors, form.constants, form.shifts], axis=1)
        fields = {
            "in": shape_fields(step.inputs[0].shape),
            "out": shape_fields(step.output.shape),
            "kernel_rows": step.window.size[0],
            "row_stride": step.window.stride[0],
            "pad_top": step.window.pad_top,
            "pad_left": step.window.pad_left,
            "input_zero_point": step.input_zero_point,
            "at_once": self._at_once,
            "parts": self._parts,
            "taps": self._taps,
            "line_words": self._line_words,
            "weights": source.array(f"{layer}_weights", self._arranged_weights()),
            "scales": source.array(f"{layer}_scales", scales.astype(np.int32)),
            "zero_point": step.requantisation.zero_point,
        }
        description = source.description("mn_transposed_sums", layer, fields)
        return [f"{self.function}({description}, mn_sums_of_row_{self._taps}, {inputs[0]}, {output}, {scratch});"]

    def _arranged_weights(self) -> np.ndarray:
        """Int8 (channels, kernel rows, parts, groups of inputs, taps, 4)."""
        channels, rows, columns, depth = self.step.weights.shape
        groups = _groups(depth)
        padded = np.zeros((channels, rows, self._parts * self._taps, 4 * groups), np.int8)
        padded[:, :, :columns, :depth] = self.step.weights
        return padded.reshape(channels, rows, self._parts, self._taps, groups, 4).transpose(0, 1, 2, 4, 3, 5)


def summed_transposed_convolution(
    step: TransposedConvolutionStep, analysis: Analysis, *, has_window: bool
) -> SummedTransposedConvolution | None:
    """None of other strides across than two, of kernels that are no wider than that, or of more than a few outputs.

    Args:
        has_window: whether `window_transposed_convolution` takes the step, which is faster then for fewer outputs.
    """
    if step.window.stride[1] != _COLUMN_STRIDE or step.window.size[1] <= _COLUMN_STRIDE:
        return None
    channels, columns = step.output.shape[2], step.inputs[0].shape[1]
    if channels > (_MOST_CHANNELS_OF_A_WINDOW if has_window else _MOST_CHANNELS):
        return None
    if has_window and channels > 1 and columns < _LEAST_COLUMNS_BESIDE_A_WINDOW:
        return None
    q, accumulators = step.requantisation, transposed_accumulators(step, analysis)
    largest = np.full(len(step.bias), _LARGEST_ACCUMULATOR, np.int64)
    form = choose_form(q, accumulators.low, accumulators.high, largest)
    return SummedTransposedConvolution(step, general_form(q) if form.name == "clamped" else form)


def _parts(step: TransposedConvolutionStep, taps: int) -> int:
    return -(-step.window.size[1] // taps)


def _groups(depth: int) -> int:
    return -(-depth // 4)
