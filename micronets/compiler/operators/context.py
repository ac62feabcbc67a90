"""What the lowering of every operator shares: tensors with checks, and the values made so far."""

import numpy as np

from micronets.compiler.graph import Graph, Operator, Tensor
from micronets.compiler.steps import Shape, Step, Value
from micronets.errors import ModelError


class LoweringContext:
    """What the lowering of one operator may ask for: tensors with checks, and values already made."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values: dict[int, Value] = {}
        self.steps: list[Step] = []

    def fail(self, operator: Operator, what: str) -> ModelError:
        return ModelError(f"{self.graph.file}: {operator} {what}")

    def tensor(self, operator: Operator, position: int, role: str) -> Tensor:
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            raise self.fail(operator, f"lacks its {role}")
        return self.graph.tensors[operator.inputs[position]]

    def optional(self, operator: Operator, position: int) -> Tensor | None:
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            return None
        return self.graph.tensors[operator.inputs[position]]

    def output(self, operator: Operator) -> Tensor:
        return self.graph.tensors[operator.outputs[0]]

    def per_tensor(self, operator: Operator, tensor: Tensor, role: str) -> tuple[float, int]:
        """(scale, zero point) of an int8 activation."""
        if tensor.dtype != "int8":
            raise self.fail(operator, f"has a {role} of type {tensor.dtype}; int8 is supported")
        if tensor.quantisation is None:
            raise self.fail(operator, f"has a {role} without quantisation")
        if len(tensor.quantisation.scales) != 1:
            raise self.fail(operator, f"has a per-channel {role}; activations are quantised per tensor")
        zero_point = int(tensor.quantisation.zero_points[0])
        if not -128 <= zero_point <= 127:
            raise self.fail(operator, f"has a {role} whose zero point {zero_point} is no int8")
        return float(tensor.quantisation.scales[0]), zero_point

    def constant(self, operator: Operator, position: int, role: str, dtypes: tuple[str, ...]) -> np.ndarray:
        tensor = self.tensor(operator, position, role)
        if tensor.data is None:
            raise self.fail(operator, f"needs a constant {role}")
        if tensor.dtype not in dtypes:
            raise self.fail(operator, f"has a {role} of type {tensor.dtype}; {' or '.join(dtypes)} is supported")
        return tensor.data

    def value(self, operator: Operator, tensor: Tensor) -> Value:
        """The value an operator reads: made by an earlier step, or a constant."""
        made = self.values.get(tensor.index)
        if made is None:
            if tensor.data is None or tensor.dtype != "int8":
                raise self.fail(operator, f"reads tensor {tensor.index} of type {tensor.dtype}; int8 is supported")
            shape = self.shape(operator, tensor)
            made = Value(f"constant_{tensor.index}", shape, tensor.data.reshape(shape))
            self.values[tensor.index] = made
        return made

    def activation(self, operator: Operator, position: int, role: str = "input") -> tuple[Value, float, int]:
        tensor = self.tensor(operator, position, role)
        scale, zero_point = self.per_tensor(operator, tensor, role)
        return self.value(operator, tensor), scale, zero_point

    def shape(self, operator: Operator, tensor: Tensor) -> Shape:
        """(rows, columns, channels), leading sides of 1 dropped; a batch above 1 is refused."""
        sides = list(tensor.shape)
        while len(sides) > 3 and sides[0] == 1:
            sides.pop(0)
        if len(sides) > 3:
            raise self.fail(
                operator, f"works on the shape {list(tensor.shape)}; a batch of 1 and 4 sides are supported"
            )
        rows, columns, channels = [1] * (3 - len(sides)) + sides
        return rows, columns, channels

    def make(self, operator: Operator, shape: Shape | None = None) -> Value:
        tensor = self.output(operator)
        value = Value(f"tensor_{tensor.index}", shape or self.shape(operator, tensor))
        self.values[tensor.index] = value
        return value

    def reshape(self, operator: Operator, value: Value) -> None:
        """The operator's output is its input's bytes, seen in another shape."""
        tensor = self.output(operator)
        if tensor.elements != value.size_bytes:
            raise self.fail(operator, f"turns {value.size_bytes} elements into {tensor.elements}")
        shape = self.shape(operator, tensor)
        self.values[tensor.index] = value if shape == value.shape else value.viewed(shape)

    def add(self, step: Step) -> None:
        self.steps.append(step)
