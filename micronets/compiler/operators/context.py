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
        self.folded: dict[int, np.ndarray] = {}
        """Values of tensors that need no input to be worked out, such as shapes."""
        self.steps: list[Step] = []
        self.handles: dict[int, str] = {}
        """Names of variables, by the tensors that stand for them."""
        self.states: dict[str, Value] = {}
        self.current: dict[str, Value] = {}
        """What a variable holds after the operators so far."""
        self.assigned: dict[str, Operator] = {}

    def fail(self, operator: Operator, what: str) -> ModelError:
        return ModelError(f"{self.graph.file}: {operator} {what}")

    def keep(self, name: str, initial: np.ndarray) -> None:
        """A variable, kept between calls."""
        shape = (1, 1, initial.size)
        state = Value(f"state_{len(self.states)}", shape, initial=initial.reshape(shape))
        self.states[name] = self.current[name] = state

    def tensor(self, operator: Operator, position: int, role: str) -> Tensor:
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            raise self.fail(operator, f"lacks its {role}")
        return self.graph.tensors[operator.inputs[position]]

    def optional(self, operator: Operator, position: int) -> Tensor | None:
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            return None
        return self.graph.tensors[operator.inputs[position]]

    def output(self, operator: Operator, position: int = 0) -> Tensor:
        if position >= len(operator.outputs):
            raise self.fail(operator, f"has {len(operator.outputs)} outputs")
        return self.graph.tensors[operator.outputs[position]]

    def data(self, tensor: Tensor) -> np.ndarray | None:
        """The values of a constant, or of what was folded into one."""
        return self.folded.get(tensor.index, tensor.data)

    def fold(self, operator: Operator, values: np.ndarray, position: int = 0) -> None:
        """Keeps an output that needs no input, in the shape that it states."""
        tensor = self.output(operator, position)
        if values.size != tensor.elements:
            raise self.fail(operator, f"states {tensor.elements} elements instead of {values.size}")
        self.folded[tensor.index] = values.reshape(tensor.shape)

    def per_tensor(self, operator: Operator, tensor: Tensor, role: str, dtype: str = "int8") -> tuple[float, int]:
        """(scale, zero point) of an activation; one of uint8 counts as int8 of 128 less."""
        if tensor.dtype != dtype:
            raise self.fail(operator, f"has a {role} of type {tensor.dtype}; int8 is supported")
        if tensor.quantisation is None:
            raise self.fail(operator, f"has a {role} without quantisation")
        if len(tensor.quantisation.scales) != 1:
            raise self.fail(operator, f"has a per-channel {role}; activations are quantised per tensor")
        zero_point = int(tensor.quantisation.zero_points[0]) - (128 if dtype == "uint8" else 0)
        if not -128 <= zero_point <= 127:
            raise self.fail(operator, f"has a {role} whose zero point {zero_point} is no int8")
        return float(tensor.quantisation.scales[0]), zero_point

    def constant(self, operator: Operator, position: int, role: str, dtypes: tuple[str, ...]) -> np.ndarray:
        tensor = self.tensor(operator, position, role)
        data = self.data(tensor)
        if data is None:
            raise self.fail(operator, f"needs a constant {role}")
        if tensor.dtype not in dtypes:
            raise self.fail(operator, f"has a {role} of type {tensor.dtype}; {' or '.join(dtypes)} is supported")
        return data

    def value(self, operator: Operator, tensor: Tensor) -> Value:
        """The value an operator reads, in the tensor's shape: made by an earlier step, or a constant."""
        shape = self.shape(tensor)
        made = self.values.get(tensor.index)
        if made is None:
            if tensor.data is None or tensor.dtype != "int8":
                raise self.fail(operator, f"reads tensor {tensor.index} of type {tensor.dtype}; int8 is supported")
            made = Value(f"constant_{tensor.index}", shape, tensor.data.reshape(shape))
            self.values[tensor.index] = made
        return made if made.shape == shape else made.viewed(shape)

    def activation(self, operator: Operator, position: int, role: str = "input") -> tuple[Value, float, int]:
        tensor = self.tensor(operator, position, role)
        scale, zero_point = self.per_tensor(operator, tensor, role)
        return self.value(operator, tensor), scale, zero_point

    def shape(self, tensor: Tensor) -> Shape:
        """(rows, columns, channels): sides before these three count as rows."""
        sides = [1] * (3 - len(tensor.shape)) + list(tensor.shape)
        return int(np.prod(sides[:-2], dtype=np.int64)), sides[-2], sides[-1]

    def one_image(self, operator: Operator, tensor: Tensor) -> None:
        """Refuses several images at once, where rows of one must not be taken for those of another."""
        if len(tensor.shape) > 3 and np.prod(tensor.shape[:-3], dtype=np.int64) != 1:
            raise self.fail(operator, f"works on the shape {list(tensor.shape)}; a batch of 1 is supported")

    def make(self, operator: Operator, shape: Shape | None = None, position: int = 0) -> Value:
        tensor = self.output(operator, position)
        value = Value(f"tensor_{tensor.index}", shape or self.shape(tensor))
        self.values[tensor.index] = value
        return value

    def reshape(self, operator: Operator, value: Value, position: int = 0) -> None:
        """The operator's output is its input's bytes, seen in another shape."""
        tensor = self.output(operator, position)
        if tensor.elements != value.size_bytes:
            raise self.fail(operator, f"turns {value.size_bytes} elements into {tensor.elements}")
        shape = self.shape(tensor)
        self.values[tensor.index] = value if shape == value.shape else value.viewed(shape)

    def add(self, step: Step) -> None:
        self.steps.append(step)
