"""What operators on int16 activations share: their grids, and zero points, which TFLM wants to be 0 mostly."""

import numpy as np

from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import Value

LIMITS = (-(1 << 15), (1 << 15) - 1)
_LONGEST_LEFT_SHIFT = 14
_INT32_MAX = (1 << 31) - 1
_SHORT_SHIFTS = (-17, -1)
"""Of multipliers of 15 bits that become a factor of 2**-32 with at most 31."""


def grid(lowering: LoweringContext, operator: Operator, tensor: Tensor, role: str) -> tuple[float, int]:
    """(scale, zero point) of int16."""
    if tensor.dtype != "int16":
        raise lowering.fail(operator, f"has a {role} of type {tensor.dtype} beside one of int16")
    if tensor.quantisation is None or len(tensor.quantisation.scales) != 1:
        raise lowering.fail(operator, f"has a {role} of int16 that is not quantised per tensor")
    zero_point = int(tensor.quantisation.zero_points[0])
    if not LIMITS[0] <= zero_point <= LIMITS[1]:
        raise lowering.fail(operator, f"has a {role} whose zero point {zero_point} is no int16")
    return float(tensor.quantisation.scales[0]), zero_point


def symmetric(lowering: LoweringContext, operator: Operator, tensor: Tensor, role: str) -> float:
    """The scale of int16 whose zero point is 0."""
    scale, zero_point = grid(lowering, operator, tensor, role)
    if zero_point:
        raise lowering.fail(operator, f"has a {role} of int16 with the zero point {zero_point}; 0 is supported")
    return scale


def reduced_multipliers(
    lowering: LoweringContext, operator: Operator, multipliers: np.ndarray, shifts: np.ndarray
) -> np.ndarray:
    """Of 15 bits, as TFLM's `MultiplyByQuantizedMultiplier` reduces those for sums of 64 bits."""
    if shifts.max() > _LONGEST_LEFT_SHIFT:
        raise lowering.fail(operator, "has an output scale too small for its inputs")
    return np.where(multipliers < 0x7FFF0000, (multipliers + (1 << 15)) >> 16, 0x7FFF)


def are_short(weights: np.ndarray, axes: tuple[int, ...], bias: np.ndarray, shifts: np.ndarray) -> bool:
    """Whether sums fit 32 bits whatever the inputs are, and values are one product with 2**-32 (`short_multipliers`).

    Args:
        axes: of the weights that one sum is over; what is left has the shape of `bias`.
    """
    largest = np.abs(weights.astype(np.int64)).sum(axis=axes) * -LIMITS[0] + np.abs(bias)
    fits = (np.abs(bias) <= _INT32_MAX).all() and (largest <= _INT32_MAX).all()
    return bool(fits and (shifts >= _SHORT_SHIFTS[0]).all() and (shifts <= _SHORT_SHIFTS[1]).all())


def short_multipliers(multipliers: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Of 2**-32, from those of 15 bits and their shifts."""
    return multipliers << (17 + shifts)


def activation(lowering: LoweringContext, operator: Operator, position: int) -> tuple[Value, float]:
    """An input of int16 whose zero point is 0, and its scale."""
    tensor = lowering.tensor(operator, position, "input")
    scale = symmetric(lowering, operator, tensor, "input")
    return lowering.value(operator, tensor), scale
