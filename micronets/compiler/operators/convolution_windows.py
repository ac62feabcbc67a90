"""Where the windows of convolutions lie, whatever the type of their activations."""

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.window import Sliding, slide, window_of
from micronets.compiler.steps import Value


def slide_convolution(
    lowering: LoweringContext, operator: Operator, source: Value, weights: np.ndarray
) -> tuple[Sliding, int]:
    """Over the input at position 0, and in how many groups.

    Args:
        weights: (output channels, kernel rows, kernel columns, input channels of a group).
    """
    channels, kernel_rows, kernel_columns, depth = weights.shape
    groups, rest = divmod(source.shape[2], depth)
    if rest or channels % groups:
        raise lowering.fail(operator, f"has weights for {depth} input channels, its input has {source.shape[2]}")
    return slide(lowering, operator, source, (kernel_rows, kernel_columns), channels), groups


def slide_depthwise(
    lowering: LoweringContext, operator: Operator, source: Value, weights: np.ndarray
) -> tuple[Sliding, int]:
    """Over the input at position 0, and how many outputs each of its channels has.

    Args:
        weights: (1, kernel rows, kernel columns, output channels).
    """
    one, kernel_rows, kernel_columns, channels = weights.shape
    multiplier, rest = divmod(channels, source.shape[2])
    if one != 1 or rest:
        raise lowering.fail(operator, f"has weights {list(weights.shape)} for {source.shape[2]} input channels")
    return slide(lowering, operator, source, (kernel_rows, kernel_columns), channels), multiplier


def slide_transposed(lowering: LoweringContext, operator: Operator, source: Value, weights: np.ndarray) -> Sliding:
    """Over the output, as the convolution that leads from there to the input at position 2, whose padding it has.

    Args:
        weights: (output channels, kernel rows, kernel columns, input channels).
    """
    channels, kernel_rows, kernel_columns, depth = weights.shape
    image, images = lowering.images(operator, source, lowering.tensor(operator, 2, "input"))
    rows, columns, in_channels = image.shape
    if depth != in_channels:
        raise lowering.fail(operator, f"has weights for {depth} input channels, its input has {in_channels}")
    if operator.options["activation"] != "NONE":
        raise lowering.fail(operator, "has a fused activation, which TFLM does not carry out")
    output = lowering.image_output(operator, images)
    window, sides = window_of(lowering, operator, output.shape[:2], (kernel_rows, kernel_columns))
    if (*sides, output.shape[2]) != (rows, columns, channels):
        raise lowering.fail(operator, f"turns {list(image.shape)} into {list(output.shape)}")
    return Sliding(source, image, images, window, output)


def fully_connected_rows(lowering: LoweringContext, operator: Operator, source: Value, weights: np.ndarray) -> int:
    """How many rows of inputs there are.

    Args:
        weights: (output channels, inputs of a row).
    """
    channels, depth = weights.shape
    rows, rest = divmod(source.elements, depth)
    if rest:
        raise lowering.fail(operator, f"has weights for {depth} inputs, its input has {source.elements} elements")
    if lowering.output(operator).elements != rows * channels:
        raise lowering.fail(
            operator, f"states {lowering.output(operator).elements} outputs instead of {rows * channels}"
        )
    return rows
