"""RESHAPE and its kin: the same bytes, seen in another shape. SHAPE is worked out beforehand."""

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind

_INTEGERS = ("int32", "int64")


def lower_reshape(lowering: LoweringContext, operator: Operator) -> None:
    tensor = lowering.tensor(operator, 0, "input")
    known = lowering.data(tensor)
    if known is not None and tensor.dtype in _INTEGERS:
        lowering.fold(operator, known)
        return
    lowering.reshape(operator, lowering.moved(operator, 0))


def _lower_shape(lowering: LoweringContext, operator: Operator) -> None:
    lowering.fold(operator, np.array(lowering.tensor(operator, 0, "input").shape, np.int64))


FAMILY = Family(
    operators={
        "EXPAND_DIMS": OperatorKind(lower_reshape),
        "RESHAPE": OperatorKind(lower_reshape, options_type=17),
        "SHAPE": OperatorKind(_lower_shape, options_type=55),
        "SQUEEZE": OperatorKind(lower_reshape),
    },
)
