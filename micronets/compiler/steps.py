"""What the compiler works on: values (runs of int8, or of wider items, in memory) and the steps between them, in plain
integers.

Shapes are (rows, columns, channels) with channels innermost; the batch is 1. A step holds every integer its arithmetic
needs, so passes never look back at the file.
"""

from dataclasses import dataclass, field, replace
from math import prod
from typing import ClassVar

import numpy as np

from micronets.architecture import Shape

ITEM_BYTES = {"int8": 1, "uint8": 1, "bool": 1, "int16": 2, "int32": 4, "int64": 8}
"""Of the types that a value may have."""


@dataclass(eq=False)
class Value:
    """One tensor in the arena, or a constant: of int8 where `item_bytes` says nothing else."""

    name: str
    shape: Shape
    constant: np.ndarray | None = None
    """Of `shape`, for constants."""
    base: "Value | None" = None
    """The value whose bytes these are, in another shape or some of them."""
    offset_bytes: int = 0
    """Where they begin in those of `base`."""
    initial: np.ndarray | None = None
    """Int8, one for each byte: what a value that is kept between calls, outside of the arena, begins with."""
    item_bytes: int = 1
    """Of one element, little-endian: 1 for int8 and bool, 2 for int16, 4 for int32."""
    least: int | None = None
    """Of a value that lies two elements in a byte (nibbles.h): its least one; it has 16 levels, and whole words."""

    def viewed(self, shape: Shape, item_bytes: int | None = None) -> "Value":
        """The same bytes in another shape."""
        constant = None if self.constant is None else self.constant.reshape(shape)
        items = item_bytes or self.item_bytes
        return Value(self.name, shape, constant, self.storage, self.offset_bytes, item_bytes=items)

    def part(self, shape: Shape, offset_bytes: int) -> "Value":
        """Some of the bytes, from an offset on."""
        offset_bytes += self.offset_bytes
        return Value(self.name, shape, None, self.storage, offset_bytes, item_bytes=self.item_bytes)

    @property
    def in_arena(self) -> bool:
        return self.storage.constant is None and self.storage.initial is None

    @property
    def is_part(self) -> bool:
        return self.base is not None and (self.offset_bytes > 0 or self.size_bytes < self.base.size_bytes)

    @property
    def storage(self) -> "Value":
        """The value that owns the bytes."""
        return self if self.base is None else self.base

    @property
    def elements(self) -> int:
        rows, columns, channels = self.shape
        return rows * columns * channels

    @property
    def is_packed(self) -> bool:
        return self.storage.least is not None

    def packed_bytes(self, elements: int) -> int:
        """Of so many elements."""
        return elements // 2 if self.is_packed else elements * self.item_bytes

    @property
    def size_bytes(self) -> int:
        return self.packed_bytes(self.elements)


@dataclass(eq=False, kw_only=True)
class Step:
    """One unit of execution: reads `inputs`, writes `output`."""

    kind: ClassVar[str]
    inputs: list[Value]
    output: Value
    operators: tuple[int, ...]
    """Indices of the file's operators this step carries out."""

    @property
    def macs(self) -> int:
        return 0


@dataclass(eq=False, kw_only=True)
class ImagesStep(Step):
    """The same step for every image of a batch, one behind the other."""

    kind: ClassVar[str] = "images"
    image: Step
    """For one: its input and its output have the shapes of one image."""
    count: int

    @property
    def macs(self) -> int:
        return self.count * self.image.macs

    @property
    def first(self) -> Step:
        """The step of the first image."""
        inputs = [self.inputs[0].part(self.image.inputs[0].shape, 0)]
        return replace(self.image, inputs=inputs, output=self.output.part(self.image.output.shape, 0))


@dataclass(frozen=True)
class Window:
    """How a kernel slides, in (vertical, horizontal) pairs; padding is what lies before the first row and column."""

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    pad_top: int = 0
    pad_left: int = 0

    @property
    def is_point(self) -> bool:
        return self.size == (1, 1) and self.stride == (1, 1) and self.pad_top == 0 and self.pad_left == 0

    def taps_inside(self, axis: int, inputs: int, outputs: int) -> int:
        """How many taps of the kernel's rows (axis 0) or columns (1) lie inside the input, of all outputs together."""
        pad = (self.pad_top, self.pad_left)[axis]
        places = np.add.outer(np.arange(outputs) * self.stride[axis], np.arange(self.size[axis]) * self.dilation[axis])
        return int(((places >= pad) & (places < pad + inputs)).sum())


@dataclass(eq=False, kw_only=True)
class Requantisation:
    """int32 -> int8: clamp(round(acc * multiplier * 2**(shift - 31)) + zero_point), rounded twice as TFLM does."""

    multipliers: np.ndarray
    """Int64, one per output channel, in [0, 2**31)."""
    shifts: np.ndarray
    """Int64, one per output channel; positive shifts left."""
    zero_point: int
    low: int
    high: int


@dataclass(eq=False, kw_only=True)
class WeightedWindowStep(Step):
    """Weights of int8 under a window, in an order that each kind of step states."""

    window: Window
    weights: np.ndarray
    weight_bits: int = 8

    @property
    def macs(self) -> int:
        return self._positions.shape[0] * self._positions.shape[1] * self.weights.size

    @property
    def _positions(self) -> Value:
        """All weights are used once for each of its pixels."""
        return self.output


@dataclass(eq=False, kw_only=True)
class Int8WindowStep(WeightedWindowStep):
    """From int8 to int8."""

    bias: np.ndarray
    """Int64, one per output channel; does not contain the input's zero point."""
    input_zero_point: int
    requantisation: Requantisation


@dataclass(eq=False, kw_only=True)
class ConvolutionStep(Int8WindowStep):
    """Weights (output channels, kernel rows, kernel columns, input channels)."""

    kind: ClassVar[str] = "conv_2d"


@dataclass(eq=False, kw_only=True)
class FullyConnectedStep(ConvolutionStep):
    """A 1x1 convolution whose single row has one column per batch row; kept apart only by its name."""

    kind: ClassVar[str] = "fully_connected"


@dataclass(eq=False, kw_only=True)
class DepthwiseConvolutionStep(Int8WindowStep):
    """Weights (kernel rows, kernel columns, output channels); output channel c reads input channel c // multiplier."""

    kind: ClassVar[str] = "depthwise_conv_2d"
    multiplier: int


@dataclass(eq=False, kw_only=True)
class TransposedConvolutionStep(Int8WindowStep):
    """Weights (output channels, kernel rows, kernel columns, input channels)."""

    kind: ClassVar[str] = "transpose_conv"

    @property
    def _positions(self) -> Value:
        return self.inputs[0]


@dataclass(frozen=True)
class Quantised:
    """How the bytes at the network's edge stand for real numbers: scale * (q - zero_point)."""

    scale: float
    zero_point: int
    shape: tuple[int, ...]
    name: str = ""
    """The file's, of the tensor."""
    dtype: str = "int8"
    """`int8` (for uint8, too), `int16`, `int32` or `bool`; what is not quantised has the scale 1."""

    @property
    def size_bytes(self) -> int:
        return prod(self.shape) * ITEM_BYTES[self.dtype]


@dataclass(eq=False)
class Program:
    """A whole network as steps in execution order."""

    file: str
    steps: list[Step]
    input: Value
    """All inputs, one behind the other."""
    output: Value
    """All outputs, one behind the other."""
    inputs: list[Quantised]
    outputs: list[Quantised]
    states: list[Value] = field(default_factory=list)
    """Kept between calls; the steps that write to them come after all that read them."""
    notes: list[str] = field(default_factory=list)
    """What passes did, one sentence each."""
    operator_macs: dict[int, int] = field(init=False)
    """Multiply-accumulates of the file's operators as they stand there, by index."""

    def __post_init__(self) -> None:
        self.operator_macs = {}
        for step in self.steps:
            for operator in step.operators:
                self.operator_macs[operator] = self.operator_macs.get(operator, 0) + step.macs
