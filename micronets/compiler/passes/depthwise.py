"""Turns depthwise convolutions of one input channel into what they are: ordinary convolutions."""

from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Program


def widen_depthwise(program: Program) -> None:
    """A depthwise convolution of one channel with a multiplier, as a stem may be, runs as a convolution of depth 1."""
    for i, step in enumerate(program.steps):
        if isinstance(step, DepthwiseConvolutionStep) and step.inputs[0].shape[2] == 1:
            program.steps[i] = ConvolutionStep(
                inputs=step.inputs,
                output=step.output,
                operators=step.operators,
                window=step.window,
                weights=step.weights.transpose(2, 0, 1)[..., None],
                bias=step.bias,
                input_zero_point=step.input_zero_point,
                requantisation=step.requantisation,
                weight_bits=step.weight_bits,
            )
            program.notes.append(
                f"operator {step.operators[0]}: a depthwise convolution of one channel is a convolution"
            )
