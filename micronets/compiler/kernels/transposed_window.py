"""Transposed convolutions whose outputs within a stride read one window of inputs (transposed.c).

Without padding, the outputs from stride * q to stride * (q + 1) - 1 read the inputs q - j, for j = 0, 1, ..., by taps
r + stride * j, where r is an output's place within the stride; likewise across. Where the stride does not divide the
kernel, the last places have a tap less and leave out the furthest input.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from micronets.compiler.intervals import Analysis, convolution_accumulators
from micronets.compiler.kernels.kernel import Kernel, shape_fields
from micronets.compiler.kernels.point import BLOCK_PIXELS, PackedWeights, pack
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, TransposedConvolutionStep, Value, Window

_MOST_BLOCKS = 4
_LEAST_BLOCKS_TO_COPY = 3
"""As in transposed.c."""


@dataclass(frozen=True)
class _Place:
    """Outputs at (row, column) of every stride: their taps are `taps` of the window's from `first` on."""

    row: int
    column: int
    first: int
    taps: tuple[tuple[int, int], ...]


class WindowTransposedConvolution(Kernel[TransposedConvolutionStep]):
    file = "transposed.c"
    header = "transposed.h"

    def __init__(
        self, step: TransposedConvolutionStep, window: list[tuple[int, int]], packed: dict[_Place, PackedWeights]
    ) -> None:
        super().__init__(step)
        self._window = window
        self._packed = packed
        self.function = f"mn_transposed_{next(iter(packed.values())).variant}"
        self._blocks = min(_MOST_BLOCKS, self._strides[1] // BLOCK_PIXELS)

    @property
    def _strides(self) -> tuple[int, int]:
        """Strides of outputs, down and across."""
        rows, columns, _ = self.step.output.shape
        return rows // self.step.window.stride[0], columns // self.step.window.stride[1]

    @property
    def _tap_words(self) -> int:
        return _tap_words(self.step)

    def files(self) -> set[str]:
        return {"transposed.c", "widen.c", "point_dsp.c"}

    @property
    def scratch_bytes(self) -> int:
        """Columns, and a pair's lanes or the word that some cores' kernels read ahead."""
        words = len(self._window) * self._tap_words
        lanes = words if self._blocks >= _LEAST_BLOCKS_TO_COPY else 1
        return 4 * (BLOCK_PIXELS * words * self._blocks + lanes)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        _, columns, channels = step.output.shape
        row_stride, column_stride = step.window.stride
        rows_of_strides, columns_of_strides = self._strides
        places: list[list[int]] = []
        constants: list[int] = []
        for place, packed in self._packed.items():
            first, words = place.first * self._tap_words, len(place.taps) * self._tap_words
            places.append([first, words, (place.row * columns + place.column) * channels, len(constants)])
            constants += packed.stream.tolist()
        fields = {
            "in": shape_fields(step.inputs[0].shape),
            "rows": rows_of_strides,
            "columns": columns_of_strides,
            "channels": channels,
            "row_bytes": row_stride * columns * channels,
            "pixel_bytes": column_stride * channels,
            "input_zero_point": step.input_zero_point,
            "blocks": self._blocks,
            "words": len(self._window) * self._tap_words,
            "taps": len(self._window),
            "up": source.array(f"{layer}_up", np.array([up for up, _ in self._window], np.int8)),
            "left": source.array(f"{layer}_left", np.array([left for _, left in self._window], np.int8)),
            "places": len(places),
            "place": source.array(f"{layer}_place", np.array(places, np.int32)),
            "stream": source.array(f"{layer}_stream", np.array(constants, np.int32)),
        }
        description = source.description("mn_transposed", layer, fields)
        return [f"{self.function}({description}, {inputs[0]}, {output}, {scratch});"]


def window_transposed_convolution(
    step: TransposedConvolutionStep, analysis: Analysis
) -> WindowTransposedConvolution | None:
    """None where outputs within a stride read other windows, some no tap, or where lanes cannot hold the weights."""
    window, (rows, columns, channels) = step.window, step.output.shape
    if (window.pad_top, window.pad_left) != (0, 0) or channels == 1:
        return None
    if rows % window.stride[0] or columns % window.stride[1] or columns // window.stride[1] < BLOCK_PIXELS:
        return None
    if any(size < stride for size, stride in zip(window.size, window.stride, strict=True)):
        return None
    taps = _window(step)
    places = [_place(step, taps, row, column) for row in range(window.stride[0]) for column in range(window.stride[1])]
    for fast in (True, False):
        packed = {place: _pack(step, place, analysis, fast=fast) for place in places}
        whole = {place: weights for place, weights in packed.items() if weights is not None and weights.shareable}
        if len(whole) == len(places) and len({weights.variant for weights in whole.values()}) == 1:
            return WindowTransposedConvolution(step, taps, whole)
    return None


def _tap_words(step: TransposedConvolutionStep) -> int:
    return 2 * ceil(step.weights.shape[3] / 4)


def _window(step: TransposedConvolutionStep) -> list[tuple[int, int]]:
    """How far up and left the window's taps lie, the furthest column first below its furthest row, which comes last: so
    the taps of every place lie behind one another."""
    up, left = (ceil(size / stride) - 1 for size, stride in zip(step.window.size, step.window.stride, strict=True))
    return [
        (up, left),
        *((row, left) for row in range(up)),
        *((row, column) for row in range(up) for column in range(left)),
        *((up, column) for column in range(left)),
    ]


def _place(step: TransposedConvolutionStep, taps: list[tuple[int, int]], row: int, column: int) -> _Place:
    (rows, columns), (row_stride, column_stride) = step.window.size, step.window.stride
    own = tuple(tap for tap in taps if row + row_stride * tap[0] < rows and column + column_stride * tap[1] < columns)
    first = taps.index(own[0])
    assert list(own) == taps[first : first + len(own)]
    return _Place(row, column, first, own)


def _pack(step: TransposedConvolutionStep, place: _Place, analysis: Analysis, *, fast: bool) -> PackedWeights | None:
    row_stride, column_stride = step.window.stride
    weights = np.stack(
        [step.weights[:, place.row + row_stride * up, place.column + column_stride * left] for up, left in place.taps],
        axis=1,
    )[:, None]
    made = ConvolutionStep(
        inputs=step.inputs,
        output=Value(step.output.name, (1, 1, step.output.shape[2])),
        operators=step.operators,
        window=Window((1, len(place.taps)), (1, 1)),
        weights=weights,
        bias=step.bias,
        input_zero_point=step.input_zero_point,
        requantisation=step.requantisation,
    )
    # Windows reach beyond the first inputs.
    inputs = analysis.of(step.inputs[0]).including(step.input_zero_point)
    accumulators = convolution_accumulators(made, inputs)
    depth = weights.shape[3]
    made.weights = np.pad(weights, ((0, 0), (0, 0), (0, 0), (0, 2 * _tap_words(step) - depth)))
    return pack(made, accumulators, fast=fast)
