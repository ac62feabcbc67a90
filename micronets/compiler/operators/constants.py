"""What is worked out while compiling: FILL and ZEROS_LIKE, and arithmetic on shapes whose every input is known.

Keras's layers for any batch size leave SHAPE, STRIDED_SLICE, REDUCE_PROD, MUL and PACK in front of a RESHAPE.
"""

from collections.abc import Callable

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.operators.movement import MovementStep

_INTEGERS = ("int32", "int64")
_FILLED = ("int8", "int32", "int64")


def _lower_fill(lowering: LoweringContext, operator: Operator) -> None:
    """With a constant, or with a value of the input's."""
    output, tensor = lowering.output(operator), lowering.tensor(operator, 1, "value")
    sides = lowering.constant(operator, 0, "shape", _INTEGERS).reshape(-1)
    if tensor.elements != 1 or tensor.dtype != output.dtype or tensor.dtype not in _FILLED:
        raise lowering.fail(operator, f"fills {output.dtype} with {tensor.elements} of {tensor.dtype}")
    if tuple(sides.tolist()) != output.shape:
        raise lowering.fail(operator, f"states the output {list(output.shape)} instead of {sides.tolist()}")
    known = lowering.data(tensor)
    if known is not None:
        lowering.fold(operator, np.full(output.shape, known.reshape(-1)[0]))
        return
    source = lowering.value(operator, tensor)
    items = source.item_bytes
    offsets = [np.zeros(output.elements, np.int64), np.arange(items, dtype=np.int64)]
    lowering.add(
        MovementStep(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            first=0,
            offsets=offsets[: 1 if items == 1 else 2],
        )
    )


def _lower_zeros(lowering: LoweringContext, operator: Operator) -> None:
    """Zeros whatever the zero point, as TFLM has it."""
    output, tensor = lowering.output(operator), lowering.tensor(operator, 0, "input")
    if tensor.dtype not in _FILLED or output.dtype != tensor.dtype or output.shape != tensor.shape:
        raise lowering.fail(operator, f"makes {output.dtype} like {tensor.dtype}; int8, int32 and int64 are supported")
    lowering.fold(operator, np.zeros(output.shape, np.int64 if output.dtype in _INTEGERS else np.int8))


def _known(lowering: LoweringContext, operator: Operator) -> list[np.ndarray]:
    tensors = [lowering.tensor(operator, i, "input") for i in range(len(operator.inputs))]
    if any(tensor.dtype not in _INTEGERS for tensor in tensors):
        raise lowering.fail(operator, f"has constants of {[tensor.dtype for tensor in tensors]}; int32 is supported")
    return [np.asarray(lowering.data(tensor), np.int64) for tensor in tensors]


def _of_two(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[LoweringContext, Operator], None]:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        values = _known(lowering, operator)
        if len(values) != 2:
            raise lowering.fail(operator, f"has {len(values)} inputs")
        lowering.fold(operator, function(*values))

    return lower


def _broadcast_shapes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.array(np.broadcast_shapes(tuple(first.reshape(-1).tolist()), tuple(second.reshape(-1).tolist())))


def _divide(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Towards zero, as C does."""
    return np.sign(first) * np.sign(second) * (np.abs(first) // np.abs(second))


def _lower_product(lowering: LoweringContext, operator: Operator) -> None:
    values, axes = _known(lowering, operator)
    lowering.fold(operator, np.prod(values, axis=tuple(axes.reshape(-1).tolist())))


def _shapes_only(what: str) -> Callable[[LoweringContext, Operator], None]:
    def lower(lowering: LoweringContext, operator: Operator) -> None:
        raise lowering.fail(operator, f"depends on the input; {what}")

    return lower


_FOLDED = {
    "ADD": _of_two(np.add),
    "BROADCAST_ARGS": _of_two(_broadcast_shapes),
    "DIV": _of_two(_divide),
    "FLOOR_DIV": _of_two(np.floor_divide),
    "FLOOR_MOD": _of_two(np.mod),
    "MAXIMUM": _of_two(np.maximum),
    "MINIMUM": _of_two(np.minimum),
    "MUL": _of_two(np.multiply),
    "REDUCE_PROD": _lower_product,
    "SUB": _of_two(np.subtract),
}

FAMILY = Family(
    operators={
        "BROADCAST_ARGS": OperatorKind(_shapes_only("shapes have to be known when the network is compiled")),
        "FILL": OperatorKind(_lower_fill),
        "REDUCE_PROD": OperatorKind(_shapes_only("TFLM has no product, which is supported of shapes only")),
        "ZEROS_LIKE": OperatorKind(_lower_zeros),
    },
    by_type={"known": _FOLDED},
)
