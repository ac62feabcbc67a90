"""Fully connected layers of one row: eight output channels at a time, straight from int8 inputs (dense.c)."""

import numpy as np

from micronets.compiler.intervals import Bounds
from micronets.compiler.kernels.forms import rounded_form
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.kernels.point import PackedWeights, point_fields_of_stream
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep

_OCTET_PAIRS = 4


class Dense(Kernel[ConvolutionStep]):
    file = "dense.c"

    def __init__(self, step: ConvolutionStep, packed: PackedWeights, accumulators: Bounds) -> None:
        super().__init__(step)
        self.accumulators = accumulators
        self.uniform = None if packed.deep else _uniform_scale(step, accumulators)
        if self.uniform is not None:
            starts = packed.starts.copy()
            starts[: len(packed.form.nudges)] -= packed.form.nudges
            packed = PackedWeights(step, packed.lanes, starts, packed.form, deep=False)
        self.packed = packed
        self.function = "mn_dense_uniform" if self.uniform else f"mn_dense_{packed.variant}"

    @staticmethod
    def fits(step: ConvolutionStep) -> bool:
        return step.window.is_point and step.output.shape[:2] == (1, 1) and step.weights.shape[3] % 4 == 0

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, packed = self.step, self.packed
        channels, depth = step.weights.shape[0], step.weights.shape[3]
        octets = channels // (2 * _OCTET_PAIRS)
        stream = list(self.uniform or ())
        for octet in range(octets):
            pairs = range(octet * _OCTET_PAIRS, (octet + 1) * _OCTET_PAIRS)
            for pair in pairs:
                stream += packed.pair_head(pair)
            stream += packed.lanes[list(pairs)].T.reshape(-1).tolist()
            for pair in pairs if self.uniform is None else ():
                stream += packed.form.pair_words(pair)
        for pair in range(octets * _OCTET_PAIRS, len(packed.lanes)):
            stream += [*packed.pair_head(pair), *packed.lanes[pair].tolist()]
            stream += packed.form.pair_words(pair) if self.uniform is None else []
        fields = point_fields_of_stream(source, layer, step, packed.words, depth, np.array(stream, np.int32))
        address = source.description("mn_point", layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _uniform_scale(step: ConvolutionStep, accumulators: Bounds) -> tuple[int, int, int] | None:
    """Factor, constant and shift of the form `rounded`, where all channels have the same."""
    form = rounded_form(step.requantisation, accumulators.low, accumulators.high)
    if form is None or form.name != "rounded" or len(set(zip(form.factors, form.shifts, strict=True))) > 1:
        return None
    return int(form.factors[0]), int(form.constants[0]), int(form.shifts[0])
