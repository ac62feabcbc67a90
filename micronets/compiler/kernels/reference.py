"""The portable reference kernels of convolutions: any shape, any quantisation, no scratch, no overlap."""

import numpy as np

from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    Requantisation,
    TransposedConvolutionStep,
)


def requantisation_fields(source: Source, layer: str, requantisation: Requantisation) -> dict[str, object]:
    return {
        "multipliers": source.array(f"{layer}_multipliers", requantisation.multipliers.astype(np.int32)),
        "shifts": source.array(f"{layer}_shifts", requantisation.shifts.astype(np.int8)),
        "zero_point": requantisation.zero_point,
        "low": requantisation.low,
        "high": requantisation.high,
    }


class ReferenceConvolution(Kernel[ConvolutionStep]):
    function = "mn_convolution"
    file = "convolution.c"
    is_reference = True

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        address = source.description(
            "mn_convolution",
            layer,
            {
                "in": shape_fields(_folded(step)),
                "out": shape_fields(step.output.shape),
                "window": window_fields(step.window),
                "weights": source.array(f"{layer}_weights", step.weights),
                "bias": source.array(f"{layer}_bias", step.bias.astype(np.int32)),
                "input_zero_point": step.input_zero_point,
                "requantisation": requantisation_fields(source, layer, step.requantisation),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _folded(step: ConvolutionStep) -> tuple[int, int, int]:
    """The input's shape as the kernel sees it: FULLY_CONNECTED reads rows of as many channels as it has weights."""
    if step.inputs[0].shape[2] == step.weights.shape[3]:
        return step.inputs[0].shape
    rows, columns, _ = step.output.shape
    return rows, columns, step.weights.shape[3]


class ReferenceTransposedConvolution(Kernel[TransposedConvolutionStep]):
    function = "mn_transposed_convolution"
    file = "transposed_convolution.c"
    is_reference = True

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        address = source.description(
            "mn_convolution",
            layer,
            {
                "in": shape_fields(step.inputs[0].shape),
                "out": shape_fields(step.output.shape),
                "window": window_fields(step.window),
                "weights": source.array(f"{layer}_weights", step.weights),
                "bias": source.array(f"{layer}_bias", step.bias.astype(np.int32)),
                "input_zero_point": step.input_zero_point,
                "requantisation": requantisation_fields(source, layer, step.requantisation),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


class ReferenceDepthwise(Kernel[DepthwiseConvolutionStep]):
    function = "mn_depthwise_convolution"
    file = "convolution.c"
    is_reference = True

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        address = source.description(
            "mn_depthwise_convolution",
            layer,
            {
                "in": shape_fields(step.inputs[0].shape),
                "out": shape_fields(step.output.shape),
                "window": window_fields(step.window),
                "multiplier": step.multiplier,
                "weights": source.array(f"{layer}_weights", step.weights),
                "bias": source.array(f"{layer}_bias", step.bias.astype(np.int32)),
                "input_zero_point": step.input_zero_point,
                "requantisation": requantisation_fields(source, layer, step.requantisation),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]
