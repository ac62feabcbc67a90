"""Grouped convolutions: a depthwise one where every channel is a group, else one convolution for each group."""

from dataclasses import replace

import numpy as np

from micronets.compiler.operators.concatenation import ConcatenationStep
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.movement import MovementStep, merged
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    ImagesStep,
    Requantisation,
    Step,
    Value,
)


def channelwise(step: ConvolutionStep, groups: int) -> DepthwiseConvolutionStep:
    """Of a convolution with as many groups as input channels."""
    return DepthwiseConvolutionStep(
        inputs=step.inputs,
        output=step.output,
        operators=step.operators,
        window=step.window,
        weights=np.ascontiguousarray(step.weights[..., 0].transpose(1, 2, 0)),
        multiplier=len(step.weights) // groups,
        bias=step.bias,
        input_zero_point=step.input_zero_point,
        requantisation=step.requantisation,
        weight_bits=step.weight_bits,
    )


def add_groups(lowering: LoweringContext, source: Value, images: int, step: ConvolutionStep, groups: int) -> None:
    """Takes every group's channels out of `source`, convolves them, and joins what they give."""
    operator = lowering.graph.operators[step.operators[0]]
    depth, channels = step.weights.shape[3], len(step.weights) // groups
    made = []
    for group in range(groups):
        taken = _channels(source, group * depth, depth, f"group_{group}_of_{operator.index}")
        lowering.add(taken)
        own = slice(group * channels, (group + 1) * channels)
        q = step.requantisation
        rows, columns, _ = step.output.shape
        image: Step = replace(
            step,
            inputs=[Value("image", (step.inputs[0].shape[0], step.inputs[0].shape[1], depth))],
            output=Value("image", (rows, columns, channels)),
            weights=step.weights[own],
            bias=step.bias[own],
            requantisation=Requantisation(
                multipliers=q.multipliers[own], shifts=q.shifts[own], zero_point=q.zero_point, low=q.low, high=q.high
            ),
        )
        output = Value(f"convolved_{group}_of_{operator.index}", (images * rows, columns, channels))
        if images == 1:
            image = replace(image, inputs=[taken.output], output=output)
        else:
            image = ImagesStep(
                inputs=[taken.output], output=output, operators=step.operators, image=image, count=images
            )
        lowering.add(image)
        made.append(output)
    joined = step.output if images == 1 else lowering.make(operator)
    lowering.add(ConcatenationStep(inputs=made, output=joined, operators=step.operators, axis=2))


def _channels(source: Value, first: int, count: int, name: str) -> MovementStep:
    rows, columns, channels = source.shape
    pixels = np.arange(rows * columns, dtype=np.int64) * channels
    return MovementStep(
        inputs=[source],
        output=Value(name, (rows, columns, count)),
        operators=(),
        first=first,
        offsets=merged([pixels, np.arange(count, dtype=np.int64)]),
    )
