"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, between which converters put what they cannot write as a dilation."""

from dataclasses import dataclass

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.movement import MovementKernel, MovementStep, merged, movement_bounds, separated
from micronets.compiler.operators.pad import PadStep
from micronets.compiler.steps import ImagesStep, Shape, Step, Value

_INTEGERS = ("int32",)
_PADDED_WITH = 0
"""Whatever the zero point: TFLM takes a number that it never sets, which is 0 in an arena of zeros."""


@dataclass(frozen=True)
class Blocks:
    """How images and the smaller images of a batch, one for each place within a block, correspond."""

    size: tuple[int, int]
    """Rows and columns of a block."""
    image: Shape
    """Of a whole one, with what is padded, or before it is cropped."""
    first: tuple[int, int] = (0, 0)
    """Row and column of it that is the first to be kept."""


@dataclass(eq=False, kw_only=True)
class BlockStep(MovementStep):
    blocks: Blocks


class SplitStep(BlockStep):
    """Makes a batch of images."""


class JoinStep(BlockStep):
    """Makes images of a batch."""


def _blocks(lowering: LoweringContext, operator: Operator, sides: int) -> tuple[tuple[int, int], np.ndarray]:
    """Rows and columns of a block, and what is added or cut off before and after both, (2, 2)."""
    block = lowering.constant(operator, 1, "block shape", _INTEGERS).reshape(-1)
    amounts = lowering.constant(operator, 2, "paddings or crops", _INTEGERS)
    spatial = sides - 2
    if sides not in (3, 4) or block.shape != (spatial,) or amounts.shape != (spatial, 2):
        raise lowering.fail(operator, f"works on {sides} sides in blocks of {block.size}; 3 or 4 sides are supported")
    if block.min() < 1 or amounts.min() < 0:
        raise lowering.fail(operator, f"has blocks of {block.tolist()} and amounts of {amounts.tolist()}")
    if spatial == 1:
        block, amounts = np.append(1, block), np.concatenate([np.zeros((1, 2), amounts.dtype), amounts])
    return (int(block[0]), int(block[1])), amounts.astype(np.int64)


def _image_shape(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Three sides have one row, as convolutions over one side read them."""
    batch, *rows, columns, channels = shape
    return batch, rows[0] if rows else 1, columns, channels


def _lower_space_to_batch(lowering: LoweringContext, operator: Operator) -> None:
    (source, _, _), tensor = lowering.activation(operator, 0), lowering.tensor(operator, 0, "input")
    (high, wide), amounts = _blocks(lowering, operator, len(tensor.shape))
    batch, rows, columns, channels = _image_shape(tensor.shape)
    rows, columns = rows + int(amounts[0].sum()), columns + int(amounts[1].sum())
    if rows % high or columns % wide:
        raise lowering.fail(operator, f"divides {rows} rows and {columns} columns into blocks of {[high, wide]}")
    if amounts.any():
        source = _padded(lowering, operator, source.viewed(_rows(tensor.shape)), batch, amounts)
    positions = np.arange(batch * rows * columns * channels, dtype=np.int64)
    places = positions.reshape(batch, rows // high, high, columns // wide, wide, channels).transpose(2, 4, 0, 1, 3, 5)
    taken = places.reshape(-1, rows // high, columns // wide, channels)
    _add(lowering, operator, source, taken, Blocks((high, wide), (rows, columns, channels)), SplitStep)


def _lower_batch_to_space(lowering: LoweringContext, operator: Operator) -> None:
    (source, _, _), tensor = lowering.activation(operator, 0), lowering.tensor(operator, 0, "input")
    (high, wide), amounts = _blocks(lowering, operator, len(tensor.shape))
    images, rows, columns, channels = _image_shape(tensor.shape)
    if images % (high * wide):
        raise lowering.fail(operator, f"joins {images} images to blocks of {[high, wide]}")
    positions = np.arange(tensor.elements, dtype=np.int64)
    places = positions.reshape(high, wide, -1, rows, columns, channels).transpose(2, 3, 0, 4, 1, 5)
    whole = places.reshape(-1, rows * high, columns * wide, channels)
    (top, bottom), (left, right) = amounts.tolist()
    kept = whole[:, top : rows * high - bottom, left : columns * wide - right]
    if not kept.size:
        raise lowering.fail(operator, f"crops all of {rows * high} rows and {columns * wide} columns")
    blocks = Blocks((high, wide), (rows * high, columns * wide, channels), (top, left))
    _add(lowering, operator, source, kept, blocks, JoinStep)


def _rows(shape: tuple[int, ...]) -> tuple[int, int, int]:
    batch, rows, columns, channels = _image_shape(shape)
    return batch * rows, columns, channels


def _padded(lowering: LoweringContext, operator: Operator, source: Value, batch: int, amounts: np.ndarray) -> Value:
    rows, columns, channels = source.shape
    rows, columns = rows // batch, columns
    (top, bottom), (left, right) = amounts.tolist()
    inside, outside = (rows, columns, channels), (rows + top + bottom, columns + left + right, channels)
    output = Value(f"padded_{operator.index}", (batch * outside[0], *outside[1:]))
    image: Step = PadStep(
        inputs=[source if batch == 1 else Value("image", inside)],
        output=output if batch == 1 else Value("image", outside),
        operators=(operator.index,),
        before=(top, left, 0),
        zero_point=_PADDED_WITH,
    )
    if batch > 1:
        image = ImagesStep(inputs=[source], output=output, operators=(operator.index,), image=image, count=batch)
    lowering.add(image)
    return output


def _add(
    lowering: LoweringContext,
    operator: Operator,
    source: Value,
    taken: np.ndarray,
    blocks: Blocks,
    kind: type[BlockStep],
) -> None:
    output = lowering.output(operator)
    shape = _image_shape(output.shape)
    if shape != taken.shape:
        one = shape[0] == 1 and shape[1:] == taken.shape[1:]
        remedy = "; convert the network with a batch size of 1 instead of any" if one else ""
        raise lowering.fail(operator, f"states the output {list(output.shape)} instead of {list(taken.shape)}{remedy}")
    offsets = separated(taken)
    assert offsets is not None  # blocks are regular along every side
    lowering.add(
        kind(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            first=int(taken.flat[0]),
            offsets=merged(offsets),
            blocks=blocks,
        )
    )


FAMILY = Family(
    operators={
        "BATCH_TO_SPACE_ND": OperatorKind(_lower_batch_to_space),
        "SPACE_TO_BATCH_ND": OperatorKind(_lower_space_to_batch),
    },
    kernels={SplitStep: always(MovementKernel), JoinStep: always(MovementKernel)},
    bounds={SplitStep: movement_bounds, JoinStep: movement_bounds},
)
