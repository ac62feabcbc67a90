"""Tensors that an operator keeps between calls by itself."""

import numpy as np

from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import ITEM_BYTES, Value


def own_state(lowering: LoweringContext, operator: Operator, tensor: Tensor, before: bytes = b"") -> Value:
    """A variable tensor, which begins with its zero point where it is int8, else with zeros.

    Args:
        before: what the kernel keeps in front of it.
    """
    if not tensor.is_variable:
        raise lowering.fail(operator, f"keeps its state in tensor {tensor.index}, which is no variable")
    name = f"tensor {tensor.index}"
    if name in lowering.states:
        raise lowering.fail(operator, f"shares its state, tensor {tensor.index}, with another operator")
    zero = 0
    if tensor.dtype == "int8":
        zero = lowering.per_tensor(operator, tensor, "state")[1]
    size = tensor.elements * ITEM_BYTES[tensor.dtype]
    lowering.keep(name, np.concatenate([np.frombuffer(before, np.int8), np.full(size, zero, np.int8)]))
    return lowering.states[name]
