"""Transposed convolutions as convolutions of stride 1, one for each place that an output can have within a stride.

An output at (y, x) reads input q - j by the tap r + stride * j, for j = 0, 1, ..., q and r being quotient and remainder
of y + padding and the stride, and likewise across. Outputs of one remainder are a convolution of every stride-th tap,
turned round; its rows are made one after the other and set `stride` columns apart.
"""

from dataclasses import dataclass, replace

import numpy as np

from micronets.compiler.intervals import Analysis, convolution_accumulators, input_bounds
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.kernels.patch import PatchConvolution
from micronets.compiler.kernels.point import BLOCK_PIXELS, pack
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, TransposedConvolutionStep, Value, Window

_MOST_BLOCKS = 4


@dataclass(frozen=True)
class _Phase:
    """Outputs from (row, column) on, a stride apart, and the convolution that makes them."""

    row: int
    column: int
    convolution: PatchConvolution


class PhasedTransposedConvolution(Kernel[TransposedConvolutionStep]):
    file = "patch.c"
    function = "mn_patch"

    def __init__(self, step: TransposedConvolutionStep, phases: list[_Phase]) -> None:
        super().__init__(step)
        self._phases = phases

    def files(self) -> set[str]:
        return set().union({"movement.c"}, *(phase.convolution.files() for phase in self._phases))

    @property
    def _row_bytes(self) -> int:
        """Of the longest row that a phase makes, in whole words."""
        longest = max(phase.convolution.step.output.shape[1] for phase in self._phases)
        return -(-longest * self.step.output.shape[2] // 4) * 4

    @property
    def scratch_bytes(self) -> int:
        return self._row_bytes + max(phase.convolution.scratch_bytes for phase in self._phases)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        _, columns, channels = self.step.output.shape
        row_stride, column_stride = self.step.window.stride
        own = f"{scratch} + {self._row_bytes}"
        rows = [phase.convolution.step.output.shape[0] for phase in self._phases]
        lines = [f"for (int32_t row = 0; row < {max(rows)}; row++)", "{"]
        for number, phase in enumerate(self._phases):
            made_rows, made_columns, _ = phase.convolution.step.output.shape
            copy = source.description(
                "mn_copy",
                f"{layer}_copy_{number}",
                {"count": made_columns, "block_bytes": channels, "output_stride": column_stride * channels},
            )
            (call,) = phase.convolution.emit_rows(source, f"{layer}_{number}", inputs[0], own)
            call = call.replace("row, rows,", "row, 1,").replace(" output,", f" {scratch},")
            place = f"{output} + ((row * {row_stride} + {phase.row}) * {columns} + {phase.column}) * {channels}"
            body = [call, f"mn_copy({copy}, {scratch}, {place});"]
            if made_rows < max(rows):
                body = [f"if (row < {made_rows})", "{", *(f"    {line}" for line in body), "}"]
            lines += [f"    {line}" for line in body]
        return [*lines, "}"]


def phased_transposed_convolution(
    step: TransposedConvolutionStep, analysis: Analysis
) -> "PhasedTransposedConvolution | JointTransposedConvolution | None":
    """None where some outputs read no tap, four of a kind never lie side by side, or lanes cannot hold the weights."""
    rows = _places(step.window.size[0], step.window.stride[0], step.window.pad_top, step.output.shape[0])
    columns = _places(step.window.size[1], step.window.stride[1], step.window.pad_left, step.output.shape[1])
    if rows is None or columns is None or step.output.shape[1] < BLOCK_PIXELS * step.window.stride[1]:
        return None
    if step.output.shape[2] == 1:
        return _joint(step, analysis, rows, columns)
    phases = []
    for row in rows:
        for column in columns:
            made = _phase_step(step, row, column)
            packed = pack(made, convolution_accumulators(made, input_bounds(made, analysis)))
            if packed is None:
                return None
            convolution = PatchConvolution(made, packed)
            if packed.shareable:
                convolution.blocks = min(_MOST_BLOCKS, max(1, column.count // BLOCK_PIXELS))
            phases.append(_Phase(row.first, column.first, convolution))
    return PhasedTransposedConvolution(step, phases)


class JointTransposedConvolution(Kernel[TransposedConvolutionStep]):
    """One output channel: all outputs within a stride are channels of one convolution, some of its weights zero."""

    file = "patch.c"

    def __init__(self, step: TransposedConvolutionStep, convolution: PatchConvolution) -> None:
        super().__init__(step)
        self._convolution = convolution
        self.function = convolution.function

    def files(self) -> set[str]:
        return self._convolution.files()

    @property
    def _row_bytes(self) -> int:
        _, columns, channels = self._convolution.step.output.shape
        return -(-columns * channels // 4) * 4

    @property
    def scratch_bytes(self) -> int:
        return self._row_bytes + self._convolution.scratch_bytes

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self._convolution.step.output.shape
        row_stride, column_stride = self.step.window.stride
        row_bytes = self.step.output.shape[1]
        (call,) = self._convolution.emit_rows(source, layer, inputs[0], f"{scratch} + {self._row_bytes}")
        call = call.replace("row, rows,", "row, 1,").replace(" output,", f" {scratch},")
        places = [row * row_bytes + column for row in range(row_stride) for column in range(column_stride)]
        return [
            f"for (int32_t row = 0; row < {rows}; row++)",
            "{",
            f"    const int8_t *made = {scratch};",
            f"    int8_t *to = {output} + row * {row_stride * row_bytes};",
            f"    {call}",
            f"    for (int32_t x = 0; x < {columns}; x++, made += {channels}, to += {column_stride})",
            "    {",
            *(f"        to[{place}] = made[{number}];" for number, place in enumerate(places)),
            "    }",
            "}",
        ]


@dataclass(frozen=True)
class _Place:
    """Along one side: the first output, how many there are, their taps in the order of inputs, and the padding."""

    first: int
    count: int
    taps: list[int]
    pad: int


def _places(size: int, stride: int, pad: int, out: int) -> list[_Place] | None:
    places = []
    for first in range(min(stride, out)):
        quotient, remainder = divmod(first + pad, stride)
        taps = list(range(remainder, size, stride))[::-1]
        if not taps:
            return None
        places.append(_Place(first, -(-(out - first) // stride), taps, len(taps) - 1 - quotient))
    return places


def _phase_step(step: TransposedConvolutionStep, row: _Place, column: _Place) -> ConvolutionStep:
    weights = np.ascontiguousarray(step.weights[:, row.taps][:, :, column.taps])
    return ConvolutionStep(
        inputs=step.inputs,
        output=Value(step.output.name, (row.count, column.count, step.output.shape[2])),
        operators=step.operators,
        window=Window((len(row.taps), len(column.taps)), (1, 1), pad_top=row.pad, pad_left=column.pad),
        weights=weights,
        bias=step.bias,
        input_zero_point=step.input_zero_point,
        requantisation=step.requantisation,
    )


def _joint(
    step: TransposedConvolutionStep, analysis: Analysis, rows: list[_Place], columns: list[_Place]
) -> JointTransposedConvolution | None:
    if step.output.shape[0] % len(rows) or step.output.shape[1] % len(columns):
        return None
    pads = [max(place.pad for place in places) for places in (rows, columns)]
    size = [
        max(len(place.taps) + pad - place.pad for place in places)
        for places, pad in zip((rows, columns), pads, strict=True)
    ]
    weights = np.zeros((len(rows) * len(columns), *size, step.weights.shape[3]), np.int8)
    for number, (row, column) in enumerate((row, column) for row in rows for column in columns):
        top, left = pads[0] - row.pad, pads[1] - column.pad
        taps = step.weights[0][row.taps][:, column.taps]
        weights[number, top : top + len(row.taps), left : left + len(column.taps)] = taps
    q = step.requantisation
    repeated = np.zeros(len(weights), np.int64)
    made = ConvolutionStep(
        inputs=step.inputs,
        output=Value(step.output.name, (rows[0].count, columns[0].count, len(weights))),
        operators=step.operators,
        window=Window((size[0], size[1]), (1, 1), pad_top=pads[0], pad_left=pads[1]),
        weights=weights,
        bias=step.bias[repeated],
        input_zero_point=step.input_zero_point,
        requantisation=replace(q, multipliers=q.multipliers[repeated], shifts=q.shifts[repeated]),
    )
    packed = pack(made, convolution_accumulators(made, input_bounds(made, analysis)))
    if packed is None:
        return None
    convolution = PatchConvolution(made, packed)
    if packed.shareable:
        convolution.blocks = min(_MOST_BLOCKS, made.output.shape[1] // BLOCK_PIXELS)
    return JointTransposedConvolution(step, convolution)
