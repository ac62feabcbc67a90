"""AVERAGE_POOL_2D, MAX_POOL_2D and MEAN over rows and columns."""

import numpy as np

from micronets.compiler.arithmetic import activation_range, quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.convolution import window_of
from micronets.compiler.steps import AveragePoolStep, MaxPoolStep, MeanStep


def _lower_pool(lowering: LoweringContext, operator: Operator, step: type[AveragePoolStep] | type[MaxPoolStep]) -> None:
    source, _, _ = lowering.activation(operator, 0)
    rows, columns, channels = source.shape
    kernel = (operator.options["filter_h"], operator.options["filter_w"])
    window, sides = window_of(lowering, operator, (rows, columns), kernel)
    stated = lowering.shape(operator, lowering.output(operator))
    if stated != (*sides, channels):
        raise lowering.fail(operator, f"states the output {list(stated)}, but its window gives {[*sides, channels]}")
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range(operator.options["activation"], scale, zero_point)
    lowering.add(
        step(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            window=window,
            low=low,
            high=high,
        )
    )


def lower_average_pool(lowering: LoweringContext, operator: Operator) -> None:
    _lower_pool(lowering, operator, AveragePoolStep)


def lower_max_pool(lowering: LoweringContext, operator: Operator) -> None:
    _lower_pool(lowering, operator, MaxPoolStep)


def lower_mean(lowering: LoweringContext, operator: Operator) -> None:
    """TFLM folds the division by the number of elements into the multiplier (`QuantizedMeanOrSum`)."""
    source, scale, zero_point = lowering.activation(operator, 0)
    axes = lowering.constant(operator, 1, "axes", ("int32",)).reshape(-1)
    sides = len(lowering.tensor(operator, 0, "input").shape)
    if sides != 4 or sorted(int(axis) % 4 for axis in axes if -4 <= axis < 4) != [1, 2] or len(axes) != 2:
        raise lowering.fail(
            operator, f"averages over the axes {axes.tolist()[:6]}; rows and columns (1, 2) are supported"
        )
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    rows, columns, channels = source.shape
    if lowering.output(operator).elements != channels:
        raise lowering.fail(operator, f"states {lowering.output(operator).elements} outputs instead of {channels}")
    count = rows * columns
    multiplier, shift = quantise_multiplier(float(np.float64(scale) / np.float64(out_scale)))
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    multiplier = (multiplier << extra) // count if extra >= 0 else 0
    lowering.add(
        MeanStep(
            inputs=[source],
            output=lowering.make(operator, (1, 1, channels)),
            operators=(operator.index,),
            input_zero_point=zero_point,
            multiplier=(multiplier, shift - extra),
            zero_point=out_zero_point,
        )
    )
