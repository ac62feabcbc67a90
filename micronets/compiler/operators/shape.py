"""RESHAPE and its kin, PAD, CONCATENATION and RESIZE_NEAREST_NEIGHBOR: operators that only move bytes."""

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import ConcatenationStep, PadStep, ResizeNearestStep


def lower_reshape(lowering: LoweringContext, operator: Operator) -> None:
    source, _, _ = lowering.activation(operator, 0)
    lowering.per_tensor(operator, lowering.output(operator), "output")
    lowering.reshape(operator, source)


def lower_pad(lowering: LoweringContext, operator: Operator) -> None:
    source, _, _ = lowering.activation(operator, 0)
    _, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    sides = len(lowering.tensor(operator, 0, "input").shape)
    paddings = lowering.constant(operator, 1, "paddings", ("int32", "int64"))
    if paddings.shape != (sides, 2) or paddings.min() < 0 or sides > 4:
        raise lowering.fail(operator, f"has paddings of the shape {list(paddings.shape)} or below zero")
    if sides == 4 and paddings[0].any():
        raise lowering.fail(operator, "pads the batch")
    before, after = np.zeros(3, np.int64), np.zeros(3, np.int64)
    kept = min(sides, 3)
    before[3 - kept :], after[3 - kept :] = paddings[sides - kept :, 0], paddings[sides - kept :, 1]
    computed = tuple(int(b + side + a) for b, side, a in zip(before, source.shape, after, strict=True))
    stated = lowering.shape(operator, lowering.output(operator))
    if stated != computed:
        raise lowering.fail(operator, f"states the output {list(stated)}, but its paddings give {list(computed)}")
    lowering.add(
        PadStep(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            before=(int(before[0]), int(before[1]), int(before[2])),
            zero_point=zero_point,
        )
    )


def lower_concatenation(lowering: LoweringContext, operator: Operator) -> None:
    out = lowering.output(operator)
    scale, zero_point = lowering.per_tensor(operator, out, "output")
    sources = []
    for position in range(len(operator.inputs)):
        source, in_scale, in_zero_point = lowering.activation(operator, position)
        if (in_scale, in_zero_point) != (scale, zero_point):
            raise lowering.fail(operator, "joins inputs of different scales; TFLM needs them equal to the output's")
        if len(lowering.tensor(operator, position, "input").shape) != len(out.shape):
            raise lowering.fail(operator, "joins inputs of different numbers of sides")
        sources.append(source)
    if operator.options["activation"] != "NONE":
        raise lowering.fail(operator, "has a fused activation, which TFLM does not carry out")
    axis = operator.options["axis"]
    sides = len(out.shape)
    if not -sides <= axis < sides:
        raise lowering.fail(operator, f"joins along axis {axis} of {sides}")
    axis = axis % sides - sides + 3
    if axis < 0:
        raise lowering.fail(operator, "joins along the batch")
    stated = lowering.shape(operator, out)
    for side in range(3):
        lengths = [source.shape[side] for source in sources]
        if (sum(lengths) if side == axis else max(lengths)) != stated[side] or (side != axis and len(set(lengths)) > 1):
            raise lowering.fail(operator, f"joins {[list(s.shape) for s in sources][:4]} into {list(stated)}")
    lowering.add(
        ConcatenationStep(inputs=sources, output=lowering.make(operator), operators=(operator.index,), axis=axis)
    )


def lower_resize_nearest(lowering: LoweringContext, operator: Operator) -> None:
    """Source indices in float32, as TFLM's `GetNearestNeighbor`."""
    source, _, _ = lowering.activation(operator, 0)
    lowering.per_tensor(operator, lowering.output(operator), "output")
    size = lowering.constant(operator, 1, "size", ("int32",)).reshape(-1)
    rows, columns, channels = source.shape
    stated = lowering.shape(operator, lowering.output(operator))
    if len(size) != 2 or stated != (int(size[0]), int(size[1]), channels):
        raise lowering.fail(operator, f"resizes {list(source.shape)} to {list(stated)}")
    align, centred = operator.options["align_corners"], operator.options["half_pixel_centers"]
    lowering.add(
        ResizeNearestStep(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            rows=_nearest(rows, stated[0], align, centred),
            columns=_nearest(columns, stated[1], align, centred),
        )
    )


def _nearest(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    corners = align_corners and out > 1
    scale = np.float32(size - 1) / np.float32(out - 1) if corners else np.float32(size) / np.float32(out)
    offset = np.float32(0.5 if half_pixel_centers else 0.0)
    positions = (np.arange(out, dtype=np.float32) + offset) * scale
    rounded = np.floor(positions + np.float32(0.5)) if align_corners else np.floor(positions)
    indices = np.minimum(rounded.astype(np.int64), size - 1)
    return np.maximum(indices, 0) if half_pixel_centers else indices
