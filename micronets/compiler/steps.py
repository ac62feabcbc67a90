"""What the compiler works on: values (runs of int8 in memory) and the steps between them, in plain integers.

Shapes are (rows, columns, channels) with channels innermost; the batch is 1. A step holds every integer its arithmetic
needs, so passes never look back at the file.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from micronets.architecture import Shape


@dataclass(eq=False)
class Value:
    """One int8 tensor in the arena, or a constant."""

    name: str
    shape: Shape
    constant: np.ndarray | None = None
    """Int8, of `shape`, for constants."""
    base: "Value | None" = None
    """The value whose bytes these are, in another shape or some of them."""
    offset_bytes: int = 0
    """Where they begin in those of `base`."""
    initial: np.ndarray | None = None
    """Int8, of `shape`: what a value that is kept between calls, outside of the arena, begins with."""

    def viewed(self, shape: Shape) -> "Value":
        """The same bytes in another shape."""
        constant = None if self.constant is None else self.constant.reshape(shape)
        return Value(self.name, shape, constant, self.storage, self.offset_bytes)

    def part(self, shape: Shape, offset_bytes: int) -> "Value":
        """Some of the bytes, from an offset on."""
        return Value(self.name, shape, None, self.storage, self.offset_bytes + offset_bytes)

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
    def size_bytes(self) -> int:
        rows, columns, channels = self.shape
        return rows * columns * channels


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
class ConvolutionStep(Step):
    kind: ClassVar[str] = "conv_2d"
    window: Window
    weights: np.ndarray
    """Int8, (output channels, kernel rows, kernel columns, input channels)."""
    bias: np.ndarray
    """Int64, one per output channel; does not contain the input's zero point."""
    input_zero_point: int
    requantisation: Requantisation
    weight_bits: int = 8

    @property
    def macs(self) -> int:
        rows, columns, _ = self.output.shape
        return rows * columns * self.weights.size


@dataclass(eq=False, kw_only=True)
class FullyConnectedStep(ConvolutionStep):
    """A 1x1 convolution whose single row has one column per batch row; kept apart only by its name."""

    kind: ClassVar[str] = "fully_connected"


@dataclass(eq=False, kw_only=True)
class DepthwiseConvolutionStep(Step):
    kind: ClassVar[str] = "depthwise_conv_2d"
    window: Window
    weights: np.ndarray
    """Int8, (kernel rows, kernel columns, output channels); output channel c reads input channel c // multiplier."""
    multiplier: int
    bias: np.ndarray
    input_zero_point: int
    requantisation: Requantisation
    weight_bits: int = 8

    @property
    def macs(self) -> int:
        rows, columns, _ = self.output.shape
        return rows * columns * self.weights.size


@dataclass(eq=False, kw_only=True)
class TransposedConvolutionStep(Step):
    kind: ClassVar[str] = "transpose_conv"
    window: Window
    weights: np.ndarray
    """Int8, (output channels, kernel rows, kernel columns, input channels)."""
    bias: np.ndarray
    input_zero_point: int
    requantisation: Requantisation

    @property
    def macs(self) -> int:
        rows, columns, _ = self.inputs[0].shape
        return rows * columns * self.weights.size


@dataclass(frozen=True)
class Quantised:
    """How the bytes at the network's edge stand for real numbers: scale * (q - zero_point)."""

    scale: float
    zero_point: int
    shape: tuple[int, ...]
    name: str = ""
    """The file's, of the tensor."""


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
    """MultiplyStep-accumulates of the file's operators as they stand there, by index."""

    def __post_init__(self) -> None:
        self.operator_macs = {operator: step.macs for step in self.steps for operator in step.operators}
