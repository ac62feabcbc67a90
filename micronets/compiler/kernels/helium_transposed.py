"""Transposed convolutions with Helium (transposed_helium.c), as convolutions of stride 1.

Counted from where the padding begins, the outputs from stride * q to stride * (q + 1) - 1 read the inputs q - j, for
j = 0, 1, ..., by the taps r + stride * j, where r is an output's place within the stride; likewise across. All places
are channels of one convolution where they have as many taps each, or where there are too few output channels to fill
a vector; else every place is a convolution of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from micronets.compiler.intervals import Analysis, convolution_accumulators, input_bounds
from micronets.compiler.kernels.helium import HeliumPatch, PointWeights, helium_form
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, TransposedConvolutionStep, Value, Window

_FEW_CHANNELS = 3
# Unless speed is all that counts: of few inputs, starts and factors for every place can outweigh the weights.
_MOST_MORE_CONSTANTS, _ALWAYS_ALLOWED_BYTES = 0.25, 4096


@dataclass(frozen=True)
class _Places:
    """So many places of a stride, down and across, from (row, column) on."""

    row: int
    column: int
    rows: int
    columns: int


class HeliumTransposedConvolution(Kernel[TransposedConvolutionStep]):
    function = "mn_helium_transposed"
    file = "transposed_helium.c"
    header = "transposed_helium.h"

    def __init__(self, step: TransposedConvolutionStep, made: list[tuple[_Places, HeliumPatch]]) -> None:
        super().__init__(step)
        self._made = made

    def files(self) -> set[str]:
        return {self.file}.union(*(convolution.files() for _, convolution in self._made))

    @property
    def scratch_bytes(self) -> int:
        rows = [convolution.step.output.shape[1:] for _, convolution in self._made]
        row_bytes = max(-(-columns * channels // 4) * 4 for columns, channels in rows)
        return row_bytes + max(convolution.scratch_bytes for _, convolution in self._made)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        calls = []
        for number, (places, convolution) in enumerate(self._made):
            name = layer if len(self._made) == 1 else f"{layer}_{number}"
            fields = self._fields(places, convolution) | {"convolution": convolution.fields(source, name)}
            description = source.description("mn_helium_transposed", name, fields)
            calls.append(
                f"{self.function}({description}, {convolution.point_function}, {inputs[0]}, {output}, {scratch});"
            )
        return calls

    def _fields(self, places: _Places, convolution: HeliumPatch) -> dict[str, int]:
        step = self.step
        out_rows, out_columns, channels = step.output.shape
        row_bytes, block = out_columns * channels, places.columns * channels
        apart = step.window.stride[1] * channels
        made_rows, made_columns, _ = convolution.step.output.shape
        begins = (places.column - step.window.pad_left) * channels + apart * np.arange(made_columns)
        inside = np.clip(begins + block, 0, row_bytes) - np.clip(begins, 0, row_bytes)
        skipped = int((begins < 0).sum())
        beyond = int((begins + block <= row_bytes).sum())
        return {
            "out_rows": out_rows,
            "out_row_bytes": row_bytes,
            "row_stride": step.window.stride[0],
            "place_rows": places.rows,
            "first_row": places.row - step.window.pad_top,
            "rows": made_rows,
            "block_bytes": block,
            "apart_bytes": apart,
            "whole": beyond - skipped,
            "skipped": skipped,
            "begin": int(begins[0]) + skipped * apart,
            "head_bytes": int(inside[skipped - 1]) if skipped > 0 else 0,
            "tail_bytes": int(inside[beyond]) if beyond < made_columns else 0,
        }


def helium_transposed_convolution(
    step: TransposedConvolutionStep, analysis: Analysis, optimise: str
) -> HeliumTransposedConvolution | None:
    """None where a channel's requantisation has no form here, a row of outputs is shorter than a stride, or constants
    would take many more bytes than weights do."""
    if step.output.shape[1] < step.window.stride[1]:
        return None
    made = []
    for places in _groups(step):
        convolution = _convolution(step, places)
        bounds = convolution_accumulators(convolution, input_bounds(convolution, analysis))
        form = helium_form(convolution.requantisation, bounds.low, bounds.high)
        if form is None:
            return None
        made.append((places, HeliumPatch(convolution, PointWeights(convolution, form))))
    stream_bytes = sum(convolution.stream_bytes for _, convolution in made)
    most_bytes = (1 + _MOST_MORE_CONSTANTS) * step.weights.size + _ALWAYS_ALLOWED_BYTES
    if stream_bytes > most_bytes and optimise != "speed":
        return None
    return HeliumTransposedConvolution(step, made)


def _groups(step: TransposedConvolutionStep) -> Iterator[_Places]:
    """Those that one convolution makes."""
    rows, columns = step.window.stride
    even = not any(size % stride for size, stride in zip(step.window.size, step.window.stride, strict=True))
    if even or step.output.shape[2] <= _FEW_CHANNELS:
        yield _Places(0, 0, rows, columns)
        return
    for row in range(rows):
        for column in range(columns):
            yield _Places(row, column, 1, 1)


def _convolution(step: TransposedConvolutionStep, places: _Places) -> ConvolutionStep:
    """Its rows and columns are strides, the first of which may lie in the padding in part or as a whole."""
    window, channels, depth = step.window, step.output.shape[2], step.weights.shape[3]
    (rows, columns), (row_stride, column_stride) = window.size, window.stride
    # Tap first + stride * j reads the j-th input up; of no tap at all, a zero.
    down = max(1, -(-(rows - places.row) // row_stride))
    across = max(1, -(-(columns - places.column) // column_stride))
    weights = np.zeros((places.rows, places.columns, channels, down, across, depth), np.int8)
    for row in range(places.rows):
        for column in range(places.columns):
            taps = step.weights[:, places.row + row :: row_stride, places.column + column :: column_stride]
            turned = taps[:, ::-1, ::-1]
            weights[row, column, :, down - taps.shape[1] :, across - taps.shape[2] :] = turned
    of_channel = np.tile(np.arange(channels), places.rows * places.columns)
    out_rows = -(-(step.output.shape[0] + window.pad_top - places.row) // row_stride)
    out_columns = -(-(step.output.shape[1] + window.pad_left - places.column) // column_stride)
    q = step.requantisation
    return ConvolutionStep(
        inputs=step.inputs,
        output=Value(step.output.name, (max(1, out_rows), max(1, out_columns), len(of_channel))),
        operators=step.operators,
        window=Window((down, across), (1, 1), pad_top=down - 1, pad_left=across - 1),
        weights=weights.reshape(len(of_channel), down, across, depth),
        bias=step.bias[of_channel],
        input_zero_point=step.input_zero_point,
        requantisation=replace(q, multipliers=q.multipliers[of_channel], shifts=q.shifts[of_channel]),
    )
