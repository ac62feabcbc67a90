"""What the lowering of every operator shares: tensors with checks, and the values made so far."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from micronets.compiler.graph import Graph, Operator, Tensor
from micronets.compiler.steps import ITEM_BYTES, ImagesStep, Shape, Step, Value
from micronets.errors import ModelError

INT8_THROUGHOUT = "convert the network to int8 throughout, with a representative data set and TFLITE_BUILTINS_INT8"


@dataclass(frozen=True, eq=False)
class Reals:
    """Numbers that the int8 of a value stand for."""

    table: np.ndarray
    """Float32 (256,)."""
    operators: tuple[int, ...]
    """Those that made them."""


class LoweringContext:
    """What the lowering of one operator may ask for: tensors with checks, and values already made."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values: dict[int, Value] = {}
        self.folded: dict[int, np.ndarray] = {}
        """Values of tensors that need no input to be worked out, such as shapes."""
        self.reals: dict[int, Reals] = {}
        """Of float32 tensors inside the network: what every int8 of the value behind them stands for."""
        self.waiting: dict[int, Callable[[Operator], None]] = {}
        """By float32 tensors that are no `reals`: what the QUANTIZE that reads one adds in its own and their place."""
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

    def activation_type(self, operator: Operator) -> str:
        """The type of the first input that is not known beforehand; `known` where all inputs are, and are integers."""
        read = [self.graph.tensors[index] for index in operator.inputs if index >= 0]
        for tensor in read:
            if self.data(tensor) is None:
                return tensor.dtype
        return "known" if read and read[0].dtype in ("int32", "int64") else "int8"

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
        if tensor.dtype == "float32":
            raise self.fail(operator, f"has float32 as its {role}; {INT8_THROUGHOUT}")
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
            data = self.data(tensor)
            if data is None or tensor.dtype in ("uint8", "int4") or tensor.dtype not in ITEM_BYTES:
                raise self.fail(operator, f"reads tensor {tensor.index} of type {tensor.dtype}; int8 is supported")
            constant = data.astype("int8" if tensor.dtype == "bool" else tensor.dtype).reshape(shape)
            made = Value(f"constant_{tensor.index}", shape, constant, item_bytes=ITEM_BYTES[tensor.dtype])
            self.values[tensor.index] = made
        return made if made.shape == shape else made.viewed(shape)

    def moved(self, operator: Operator, position: int, outputs: int = 1) -> Value:
        """An input of any type, whose values the outputs take over as they are."""
        tensor = self.tensor(operator, position, "input")
        for number in range(outputs):
            output = self.output(operator, number)
            if output.dtype != tensor.dtype:
                raise self.fail(operator, f"turns {tensor.dtype} into {output.dtype}")
            if tensor.dtype in ("int8", "uint8"):
                self.per_tensor(operator, output, "output", tensor.dtype)
        if tensor.dtype in ("int8", "uint8"):
            self.per_tensor(operator, tensor, "input", tensor.dtype)
        return self.value(operator, tensor)

    def activation(self, operator: Operator, position: int, role: str = "input") -> tuple[Value, float, int]:
        tensor = self.tensor(operator, position, role)
        scale, zero_point = self.per_tensor(operator, tensor, role)
        return self.value(operator, tensor), scale, zero_point

    def shape(self, tensor: Tensor) -> Shape:
        """(rows, columns, channels): sides before these three count as rows."""
        sides = [1] * (3 - len(tensor.shape)) + list(tensor.shape)
        return int(np.prod(sides[:-2], dtype=np.int64)), sides[-2], sides[-1]

    def images(self, operator: Operator, value: Value, tensor: Tensor) -> tuple[Value, int]:
        """One image of a batch, as a value that stands for each, and how many there are."""
        count = int(np.prod(tensor.shape[:-3], dtype=np.int64))
        if count == 1:
            return value, 1
        rows, columns, channels = value.shape
        return Value("image", (rows // count, columns, channels), item_bytes=value.item_bytes), count

    def image_output(self, operator: Operator, count: int) -> Value:
        """Where a step for one of `count` images writes to."""
        if count == 1:
            return self.make(operator)
        tensor = self.output(operator)
        rows, columns, channels = self.shape(tensor)
        if rows % count:
            raise self.fail(operator, f"states {list(tensor.shape)} for {count} images")
        return Value("image", (rows // count, columns, channels), item_bytes=ITEM_BYTES[tensor.dtype])

    def add_images(self, operator: Operator, source: Value, count: int, image: Step) -> None:
        """Adds the step of an image, for every image of the batch `source`."""
        if count == 1:
            self.add(image)
            return
        made = self.make(operator)
        self.add(ImagesStep(inputs=[source], output=made, operators=image.operators, image=image, count=count))

    def make(self, operator: Operator, shape: Shape | None = None, position: int = 0) -> Value:
        tensor = self.output(operator, position)
        if tensor.dtype == "float32":
            self.reals[tensor.index] = self._same_reals(operator)
        elif tensor.dtype not in ITEM_BYTES:
            raise self.fail(operator, f"has an output of type {tensor.dtype}; int8 is supported")
        items = ITEM_BYTES.get(tensor.dtype, 1)
        value = Value(f"tensor_{tensor.index}", shape or self.shape(tensor), item_bytes=items)
        self.values[tensor.index] = value
        return value

    def _same_reals(self, operator: Operator) -> Reals:
        """What the operator's float32 inputs stand for, whose values it only moves."""
        found = [self.reals.get(index) for index in operator.inputs if index in self.values]
        first = found[0] if found else None
        if first is None or any(other is None or not np.array_equal(other.table, first.table) for other in found):
            raise self.fail(operator, f"works on float32; {INT8_THROUGHOUT}")
        return Reals(first.table, (*first.operators, operator.index))

    def reshape(self, operator: Operator, value: Value, position: int = 0) -> None:
        """The operator's output is its input's bytes, seen in another shape."""
        tensor = self.output(operator, position)
        if tensor.elements != value.elements:
            raise self.fail(operator, f"turns {value.elements} elements into {tensor.elements}")
        if tensor.dtype == "float32":
            self.reals[tensor.index] = self._same_reals(operator)
        shape = self.shape(tensor)
        self.values[tensor.index] = value if shape == value.shape else value.viewed(shape)

    def add(self, step: Step) -> None:
        self.steps.append(step)
