"""BATCH_MATMUL on int16 activations."""

from dataclasses import dataclass

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family
from micronets.compiler.operators.int16 import activation, reduced_multipliers, symmetric
from micronets.compiler.operators.matmul import ColumnsKernel, MatmulKernel, MatmulStep, choose_matmul, matrices_of


@dataclass(eq=False, kw_only=True)
class Int16MatmulStep(MatmulStep):
    """The same of int16, with sums of 64 bits and a multiplier of 15."""


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    (first, first_scale), (second, second_scale) = (activation(lowering, operator, i) for i in range(2))
    scale = symmetric(lowering, operator, lowering.output(operator), "output")
    sides, matrices = matrices_of(lowering, operator, (0, 0))
    multiplier, shift = quantise_multiplier(float(np.float32(first_scale) * np.float32(second_scale)) / scale)
    reduced = reduced_multipliers(lowering, operator, np.array([multiplier]), np.array([shift]))
    lowering.add(
        Int16MatmulStep(
            inputs=[first, second],
            output=lowering.make(operator),
            operators=(operator.index,),
            sides=sides,
            first=matrices[0],
            second=matrices[1],
            multiplier=(int(reduced[0]), shift),
            zero_point=0,
        )
    )


class Int16MatmulKernel(MatmulKernel):
    function = "mn_int16_matmul"
    file = "int16_matmul.c"


class Int16MatmulColumns(ColumnsKernel):
    function = "mn_int16_matmul_columns"
    file = "int16_matmul_columns.c"

    @property
    def scratch_bytes(self) -> int:
        return 16 * -(-self.step.sides[2] // 2) * (2 if self.gathers else 1)

    @property
    def numbers(self) -> tuple[int, int, int]:
        return 0, *self.step.multiplier


FAMILY = Family(
    operators={},
    kernels={Int16MatmulStep: choose_matmul(Int16MatmulKernel, Int16MatmulColumns)},
    by_type={"int16": {"BATCH_MATMUL": _lower}},
)
