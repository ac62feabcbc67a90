"""Transposed convolutions of a single pixel: every output is the product of the pixel and one tap, as in a fully
connected layer."""

from dataclasses import replace

import numpy as np

from micronets.compiler.intervals import Analysis, convolution_accumulators, input_bounds
from micronets.compiler.kernels.dense import Dense
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.kernels.point import PointConvolution, pack
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, TransposedConvolutionStep, Value, Window


class SinglePixelTransposedConvolution(Kernel[TransposedConvolutionStep]):
    file = None

    def __init__(self, step: TransposedConvolutionStep, layer: Dense | PointConvolution) -> None:
        super().__init__(step)
        self._layer = layer
        self.function = layer.function

    def files(self) -> set[str]:
        return self._layer.files()

    @property
    def scratch_bytes(self) -> int:
        return self._layer.scratch_bytes

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return self._layer.emit(source, layer, inputs, output, scratch)


def single_pixel_transposed_convolution(
    step: TransposedConvolutionStep, analysis: Analysis, *, reads_ahead: bool
) -> SinglePixelTransposedConvolution | None:
    """None of more than one pixel, where some outputs read no tap, or where lanes cannot hold the weights.

    Args:
        reads_ahead: as of `PointConvolution`.
    """
    if step.inputs[0].shape[:2] != (1, 1):
        return None
    (rows, columns, channels), window = step.output.shape, step.window
    taps_down, taps_right = np.arange(rows) + window.pad_top, np.arange(columns) + window.pad_left
    if taps_down[-1] >= window.size[0] or taps_right[-1] >= window.size[1]:
        return None
    # [output channel][row][column][input channel], as outputs lie: [row][column][output channel].
    weights = step.weights[:, taps_down][:, :, taps_right].transpose(1, 2, 0, 3)
    depth = weights.shape[3]
    channel = np.tile(np.arange(channels), rows * columns)
    q = step.requantisation
    made = ConvolutionStep(
        inputs=step.inputs,
        output=Value(step.output.name, (1, 1, len(channel))),
        operators=step.operators,
        window=Window((1, 1), (1, 1)),
        weights=np.ascontiguousarray(weights).reshape(-1, 1, 1, depth),
        bias=step.bias[channel],
        input_zero_point=step.input_zero_point,
        requantisation=replace(q, multipliers=q.multipliers[channel], shifts=q.shifts[channel]),
    )
    accumulators = convolution_accumulators(made, input_bounds(made, analysis))
    packed = pack(made, accumulators, in_order=True) if Dense.fits(made) else None
    if packed is not None:
        return SinglePixelTransposedConvolution(step, Dense(made, packed, accumulators))
    packed = pack(made, accumulators)
    if packed is None:
        return None
    return SinglePixelTransposedConvolution(step, PointConvolution(made, packed, reads_ahead=reads_ahead))
