"""RESHAPE and its kin: the same bytes, seen in another shape."""

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind


def lower_reshape(lowering: LoweringContext, operator: Operator) -> None:
    source, _, _ = lowering.activation(operator, 0)
    lowering.per_tensor(operator, lowering.output(operator), "output")
    lowering.reshape(operator, source)


FAMILY = Family(
    operators={
        "EXPAND_DIMS": OperatorKind(lower_reshape),
        "RESHAPE": OperatorKind(lower_reshape, options_type=17),
        "SQUEEZE": OperatorKind(lower_reshape),
    },
)
