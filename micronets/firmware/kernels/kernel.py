"""What the planner and the emitter need to know of a kernel."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from micronets.firmware.source import Source
from micronets.firmware.steps import Shape, Step, Window

S = TypeVar("S", bound=Step)


class Kernel(ABC, Generic[S]):
    """One step bound to one C function."""

    function: ClassVar[str]
    """The C function's name."""
    file: ClassVar[str]
    """The C file that defines it, in firmware/kernels."""

    def __init__(self, step: S) -> None:
        self.step = step

    @property
    def scratch_bytes(self) -> int:
        return 0

    def overlaps(self) -> dict[int, int]:
        """Input position -> least (input offset - output offset) in bytes at which the output may overlap the input."""
        return {}

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
