"""The portable reference kernels of convolutions: any shape, any quantisation, no scratch, no overlap."""

from typing import ClassVar, TypeVar

import numpy as np

from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    Int8WindowStep,
    Requantisation,
    Shape,
    TransposedConvolutionStep,
)

W = TypeVar("W", bound=Int8WindowStep)


def requantisation_fields(source: Source, layer: str, requantisation: Requantisation) -> dict[str, object]:
    return {
        "multipliers": source.array(f"{layer}_multipliers", requantisation.multipliers.astype(np.int32)),
        "shifts": source.array(f"{layer}_shifts", requantisation.shifts.astype(np.int8)),
        "zero_point": requantisation.zero_point,
        "low": requantisation.low,
        "high": requantisation.high,
    }


class _Reference(Kernel[W]):
    """One C structure for all of them, but for what a kind has besides."""

    description: ClassVar[str] = "mn_convolution"
    is_reference = True

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        fields = {
            "in": shape_fields(self._input_shape()),
            "out": shape_fields(step.output.shape),
            "window": window_fields(step.window),
            **self._more_fields(),
            "weights": source.array(f"{layer}_weights", step.weights),
            "bias": source.array(f"{layer}_bias", step.bias.astype(np.int32)),
            "input_zero_point": step.input_zero_point,
            "requantisation": requantisation_fields(source, layer, step.requantisation),
        }
        return [f"{self.function}({source.description(self.description, layer, fields)}, {inputs[0]}, {output});"]

    def _input_shape(self) -> Shape:
        return self.step.inputs[0].shape

    def _more_fields(self) -> dict[str, int]:
        return {}


class ReferenceConvolution(_Reference[ConvolutionStep]):
    function = "mn_convolution"
    file = "convolution.c"

    def _input_shape(self) -> Shape:
        """FULLY_CONNECTED reads rows of as many channels as it has weights."""
        step = self.step
        if step.inputs[0].shape[2] == step.weights.shape[3]:
            return step.inputs[0].shape
        rows, columns, _ = step.output.shape
        return rows, columns, step.weights.shape[3]


class ReferenceTransposedConvolution(_Reference[TransposedConvolutionStep]):
    function = "mn_transposed_convolution"
    file = "transposed_convolution.c"


class ReferenceDepthwise(_Reference[DepthwiseConvolutionStep]):
    function = description = "mn_depthwise_convolution"
    file = "convolution.c"

    def _more_fields(self) -> dict[str, int]:
        return {"multiplier": self.step.multiplier}
