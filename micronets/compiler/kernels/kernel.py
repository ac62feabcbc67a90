"""What the planner and the emitter need to know of a kernel."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from micronets.compiler.source import Source
from micronets.compiler.steps import Shape, Step, Window

S = TypeVar("S", bound=Step)


@dataclass(frozen=True)
class Distance:
    """How far an input may be overlapped by the output: input offset - output offset >= least, or == exact (bytes)."""

    least: int
    exact: int | None = None


class PlannedKernel(ABC, Generic[S]):
    """One step bound to C code: what the memory planner needs to know of it."""

    function: str
    """The C function's name."""
    file: ClassVar[str | None]
    """The C file that defines it, in micronets/csrc/kernels; None where `definition` does."""
    header: ClassVar[str | None] = None
    """The header beside `file` that declares the function; None where micronets_kernels.h does."""

    def __init__(self, step: S) -> None:
        self.step = step

    def files(self) -> set[str]:
        """C files of micronets/csrc/kernels that the step needs."""
        return set() if self.file is None else {self.file}

    def headers(self) -> set[str]:
        """Headers of micronets/csrc/kernels that network.c needs for the step."""
        return set() if self.header is None else {self.header}

    @property
    def scratch_bytes(self) -> int:
        return 0

    def overlaps(self) -> "dict[int, Distance]":
        """Input position -> how the output may overlap that input; inputs left out may not be overlapped."""
        return {}


class Kernel(PlannedKernel[S]):
    """One step bound to one C function, emitted as one layer."""

    weight_bits: int = 8
    """What a weight takes in flash, where there are any."""
    is_reference: ClassVar[bool] = False
    """Whether it is a portable reference kernel: exact for everything, and slow."""

    def definition(self) -> str:
        """C text of a function this kernel needs in network.c; empty for kernels of the library."""
        return ""

    @abstractmethod
    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        """Adds constants named after `layer` to `source` and returns the C statements that run the step.

        `inputs`, `output` and `scratch` are C expressions of type `int8_t *`.
        """


def shape_fields(shape: Shape) -> dict[str, int]:
    return {"rows": shape[0], "columns": shape[1], "channels": shape[2]}


def window_fields(window: Window) -> dict[str, int]:
    return {
        "rows": window.size[0],
        "columns": window.size[1],
        "row_stride": window.stride[0],
        "column_stride": window.stride[1],
        "row_dilation": window.dilation[0],
        "column_dilation": window.dilation[1],
        "pad_top": window.pad_top,
        "pad_left": window.pad_left,
    }
