"""ADD, MUL, SOFTMAX, and every function of one int8 value (RELU, RELU6, LOGISTIC, QUANTIZE), which become tables."""

import numpy as np

from micronets.compiler.arithmetic import (
    activation_range,
    multiply_by_quantised_multiplier,
    quantise_multiplier,
)
from micronets.compiler.fixed_point import logistic_table, softmax_exponentials
from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import AddStep, LookupStep, MultiplyStep, Shape, SoftmaxStep

_EVERY_INT8 = np.arange(-128, 128, dtype=np.int64)
_ADD_LEFT_SHIFT = 20
_LARGEST_SOFTMAX = (1 << 12) - 1


def _broadcast(lowering: LoweringContext, operator: Operator, first: Shape, second: Shape) -> Shape:
    stated = lowering.shape(operator, lowering.output(operator))
    for a, b, out in zip(first, second, stated, strict=True):
        if out != max(a, b) or a not in (1, out) or b not in (1, out):
            raise lowering.fail(operator, f"combines {list(first)} and {list(second)} into {list(stated)}")
    return stated


def lower_add(lowering: LoweringContext, operator: Operator) -> None:
    first, first_scale, first_zero = lowering.activation(operator, 0)
    second, second_scale, second_zero = lowering.activation(operator, 1)
    _broadcast(lowering, operator, first.shape, second.shape)
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    twice_larger = 2 * max(first_scale, second_scale)
    output = quantise_multiplier(twice_larger / ((1 << _ADD_LEFT_SHIFT) * scale))
    if output[1] > 0:
        raise lowering.fail(operator, "has an output scale too small for its inputs; TFLM refuses it")
    low, high = activation_range(operator.options["activation"], scale, zero_point)
    lowering.add(
        AddStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            input_zero_points=(first_zero, second_zero),
            input_multipliers=(
                quantise_multiplier(first_scale / twice_larger),
                quantise_multiplier(second_scale / twice_larger),
            ),
            output_multiplier=output,
            zero_point=zero_point,
            low=low,
            high=high,
        )
    )


def lower_multiply(lowering: LoweringContext, operator: Operator) -> None:
    first, first_scale, first_zero = lowering.activation(operator, 0)
    second, second_scale, second_zero = lowering.activation(operator, 1)
    _broadcast(lowering, operator, first.shape, second.shape)
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range(operator.options["activation"], scale, zero_point)
    lowering.add(
        MultiplyStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            input_zero_points=(first_zero, second_zero),
            multiplier=quantise_multiplier(first_scale * second_scale / scale),
            zero_point=zero_point,
            low=low,
            high=high,
        )
    )


def lower_softmax(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, _ = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    if out_zero_point != -128 or abs(out_scale * 256 - 1) > 0.01:
        raise lowering.fail(operator, f"has the output scale {out_scale:.6g}; 1/256 with zero point -128 is supported")
    beta = operator.options["beta"]
    if not (np.isfinite(beta) and beta > 0):
        raise lowering.fail(operator, f"has beta {beta}; a positive number is expected")
    try:
        exponentials = softmax_exponentials(scale, beta)
    except ValueError as error:
        raise lowering.fail(operator, f"cannot be carried out: {error}") from error
    if lowering.output(operator).elements != source.size_bytes:
        raise lowering.fail(operator, "changes the number of elements")
    depth = lowering.tensor(operator, 0, "input").shape[-1]
    if depth > _LARGEST_SOFTMAX:
        raise lowering.fail(operator, f"has {depth} classes; TFLM's sum overflows beyond {_LARGEST_SOFTMAX}")
    lowering.add(
        SoftmaxStep(
            inputs=[source],
            output=lowering.make(operator, (1, source.size_bytes // depth, depth)),
            operators=(operator.index,),
            exponentials=exponentials,
        )
    )


def _lookup(lowering: LoweringContext, operator: Operator, table: np.ndarray) -> None:
    source, _, _ = lowering.activation(operator, 0)
    if lowering.output(operator).elements != source.size_bytes:
        raise lowering.fail(operator, "changes the number of elements")
    lowering.add(
        LookupStep(
            inputs=[source],
            output=lowering.make(operator, source.shape),
            operators=(operator.index,),
            table=table.astype(np.int8),
        )
    )


def _rescaled(real: float, zero_point: int, out_zero_point: int) -> np.ndarray:
    multiplier, shift = quantise_multiplier(real)
    return multiply_by_quantised_multiplier(_EVERY_INT8 - zero_point, multiplier, shift) + out_zero_point


def lower_quantize(lowering: LoweringContext, operator: Operator) -> None:
    _, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    table = np.clip(_rescaled(scale / out_scale, zero_point, out_zero_point), -128, 127)
    _lookup(lowering, operator, table)


def lower_relu(lowering: LoweringContext, operator: Operator) -> None:
    _, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    table = np.clip(_rescaled(scale / out_scale, zero_point, out_zero_point), max(-128, out_zero_point), 127)
    _lookup(lowering, operator, table)


def lower_relu6(lowering: LoweringContext, operator: Operator) -> None:
    """TFLM's RELU6 clamps in the input's scale and does not rescale."""
    _, scale, zero_point = lowering.activation(operator, 0)
    lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range("RELU6", scale, zero_point)
    _lookup(lowering, operator, np.clip(_EVERY_INT8, low, high))


def lower_logistic(lowering: LoweringContext, operator: Operator) -> None:
    _, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    if out_zero_point != -128 or out_scale != 1 / 256:
        raise lowering.fail(operator, f"has the output scale {out_scale:.6g}; 1/256 with zero point -128 is supported")
    _lookup(lowering, operator, logistic_table(scale, zero_point))
