"""What compiling a network gives: files, memory plan, layers. The report draws the memory map from its JSON."""

from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

_ITEM_BYTES = {"int8": 1, "uint8": 1, "bool": 1, "int16": 2, "int32": 4, "float32": 4, "int64": 8}


@dataclass(frozen=True)
class PlannedBuffer:
    """A run of bytes in the arena, alive from `first_step` to `last_step` inclusive."""

    name: str
    offset_bytes: int
    size_bytes: int
    first_step: int
    last_step: int


@dataclass(frozen=True)
class Layer:
    """One emitted step; `function` is the C function the profiler attributes instructions to."""

    function: str
    step: int
    """Unit of execution it belongs to, one of `CompiledNetwork.steps`."""
    operator: str
    operators: tuple[int, ...]
    """Indices of the .tflite file's operators it carries out."""
    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    macs: int
    file_macs: int
    """Of the same operators as the file has them, before the passes."""
    kernel: str
    is_reference: bool
    """Whether the kernel is a portable reference kernel, several times slower than the others."""
    scratch_bytes: int
    constant_bytes: int


@dataclass(frozen=True)
class EdgeQuantisation:
    """real = scale * (q - zero_point)."""

    scale: float
    zero_point: int
    shape: tuple[int, ...]
    dtype: str = "int8"
    name: str = ""
    """The file's, of the tensor."""

    @property
    def size_bytes(self) -> int:
        return prod(self.shape) * _ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class CompiledNetwork:
    name: str
    prefix: str
    """Of all that the linker sees of it, and of its files."""
    core: str
    optimise: str
    sources: tuple[Path, ...]
    """C files to compile, `<prefix>.c` first."""
    include_directories: tuple[Path, ...]
    compiler_flags: tuple[str, ...]
    """Optimisation flags the sources are meant for."""
    arena_bytes: int
    weights_bytes: int
    """All constants: weights, biases, multipliers, tables and layer descriptions."""
    steps: int
    """Units of execution that the buffers' lifetimes count; a fused pair of layers is one."""
    buffers: tuple[PlannedBuffer, ...]
    layers: tuple[Layer, ...]
    input: EdgeQuantisation
    """The first input; where there are several, or of wider items, the bytes of all of them, one behind the other."""
    output: EdgeQuantisation
    inputs: tuple[EdgeQuantisation, ...]
    outputs: tuple[EdgeQuantisation, ...]
    notes: tuple[str, ...]
    """What each pass did, one sentence each."""

    @property
    def archives(self) -> tuple[Path, ...]:
        """To be linked; none."""
        return ()

    @property
    def layer_macs(self) -> tuple[int, ...]:
        """Multiply-accumulates of every layer function, in order."""
        return tuple(layer.macs for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; paths as file names."""
        content = asdict(self)
        content["sources"] = [path.name for path in self.sources]
        content["include_directories"] = [path.name for path in self.include_directories]
        return content
