"""Compiles and links a program around a compiled network."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from micronets.boards import Board
from micronets.compiler import OPTIMISE_FLAGS
from micronets.compiler.compiled_network import PlannedBuffer
from micronets.csrc import CSRC
from micronets.errors import BuildError, DoesNotFitError
from micronets.linking.firmware import HARNESS_OBJECT, NETWORK_OBJECT
from micronets.linking.linker_script import linker_script
from micronets.linking.machines import Machine
from micronets.linking.objects import compile_object
from micronets.linking.toolchain import core_flags, run_tool

INCLUDES = ("app", "boards")
_FLAGS = ("-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra")
_C, _CPP = "arm-none-eabi-gcc", "arm-none-eabi-g++"
_CPP_FLAGS = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-masm-syntax-unified")
_LANGUAGE_FLAGS = {_C: ("-std=c11",), _CPP: _CPP_FLAGS}
_HARNESS_FLAGS = ("-Os", "-ffreestanding", "-masm-syntax-unified")
_SMALL_C_LIBRARY = ("--specs=nano.specs",)
"""What a product with a runtime's library takes; of a compiled network only memcpy and memset are linked."""
_FOREIGN_LIBRARY = re.compile(r"uses VFP register arguments|conflicting CPU architectures|failed to merge target")
_OVERFLOW = re.compile(r"region `(FLASH|RAM)' overflowed by (\d+) bytes")


class CompiledLayer(Protocol):
    """One layer of a compiled network: the C function `network_layer_NN_<op>`, its multiply-accumulates, its step,
    and whether one of our slow reference kernels runs it."""

    @property
    def function(self) -> str: ...
    @property
    def macs(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def is_reference(self) -> bool: ...


class CompiledSources(Protocol):
    """What a build needs of a compiled network (`micronets.compiler.CompiledNetwork`), or of one with a runtime.

    Sources are C, or C++ where their names end in `.cpp`; archives are static libraries, made for the same core.
    """

    @property
    def name(self) -> str: ...
    @property
    def core(self) -> str: ...
    @property
    def optimise(self) -> str: ...
    @property
    def sources(self) -> Sequence[Path]: ...
    @property
    def include_directories(self) -> Sequence[Path]: ...
    @property
    def archives(self) -> Sequence[Path]: ...
    @property
    def layers(self) -> Sequence[CompiledLayer]: ...
    @property
    def arena_bytes(self) -> int: ...
    @property
    def buffers(self) -> Sequence[PlannedBuffer]: ...
    @property
    def steps(self) -> int: ...


def layers_by_step(compiled: CompiledSources) -> tuple[tuple[str, ...], ...]:
    """Names of the layer functions that each step of an inference runs; several where they run row by row."""
    return tuple(
        tuple(layer.function for layer in compiled.layers if layer.step == step) for step in range(compiled.steps)
    )


@dataclass(frozen=True)
class Library:
    """Files that a program consists of beside network and harness; optimised as the network's.

    Attributes:
        name: the role that begins the names of its object files.
        sources: C files.
    """

    name: str
    sources: tuple[Path, ...]


@dataclass(frozen=True)
class Harness:
    """The program around a network.

    Attributes:
        sources: C files, relative to `micronets/csrc/`.
        flags: more flags for them; `network_flags` for the network's files.
        libraries: more parts, of which the linker map is to tell what each takes.
        include_directories: more folders of headers, for all files.
    """

    sources: tuple[str, ...]
    flags: tuple[str, ...] = ()
    network_flags: tuple[str, ...] = ()
    libraries: tuple[Library, ...] = ()
    include_directories: tuple[Path, ...] = ()


def compile_and_link(
    compiled: CompiledSources, harness: Harness, board: Board, memories: Machine, stack_bytes: int, work: Path
) -> None:
    """Leaves `firmware.elf` and `firmware.map` in `work`.

    Raises:
        BuildError: it does not fit `memories` (the sentence carries the numbers), it or a library was compiled for
            another core, a tool is missing, or the compiler refuses the sources.
    """
    if compiled.core != board.core:
        raise BuildError(f"{compiled.name} was compiled for {compiled.core}, but {board.name} is a {board.core}.")
    objects = _compile(compiled, harness, work)
    (work / "firmware.ld").write_text(linker_script(memories, stack_bytes), encoding="utf-8")
    _link(compiled, board, memories, objects, work)


def _compile(compiled: CompiledSources, harness: Harness, work: Path) -> list[str]:
    """Object files are named by their role, relative to `work`: no path of this machine gets into the map."""
    includes = [*compiled.include_directories, *harness.include_directories]
    includes += [CSRC / folder for folder in INCLUDES]
    common = [*core_flags(compiled.core), *_FLAGS]
    network_flags = (*OPTIMISE_FLAGS[compiled.optimise], *harness.network_flags)
    harness_flags = (*_HARNESS_FLAGS, *harness.flags)
    jobs = [
        (f"{NETWORK_OBJECT}{index:02d}-{Path(source).stem}.o", Path(source), network_flags)
        for index, source in enumerate(compiled.sources)
    ]
    jobs += [
        (f"{library.name}-{source.stem}.o", source, OPTIMISE_FLAGS[compiled.optimise])
        for library in harness.libraries
        for source in library.sources
    ]
    jobs += [(f"{HARNESS_OBJECT}{Path(source).stem}.o", CSRC / source, harness_flags) for source in harness.sources]

    def compile_one(job: tuple[str, Path, Sequence[str]]) -> str:
        name, source, flags = job
        compiler = _compiler(source)
        compile_object(compiler, [*common, *_LANGUAGE_FLAGS[compiler], *flags], includes, source, name, work)
        return name

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(compile_one, jobs))


def _compiler(source: Path) -> str:
    return _CPP if source.suffix == ".cpp" else _C


def _link(compiled: CompiledSources, board: Board, memories: Machine, objects: list[str], work: Path) -> None:
    options = [*(_SMALL_C_LIBRARY if compiled.archives else ()), "-nostartfiles"]
    options += ["-Wl,--gc-sections,--build-id=none,-T,firmware.ld,-Map,firmware.map"]
    linker = _CPP if _CPP in map(_compiler, map(Path, compiled.sources)) else _C
    for index, archive in enumerate(compiled.archives):
        name = f"{NETWORK_OBJECT}library-{index:02d}.a"
        (work / name).symlink_to(Path(archive).resolve())
        objects = [*objects, name]
    try:
        run_tool(linker, [*core_flags(board.core), *options, *objects, "-o", "firmware.elf"], work)
    except BuildError as error:
        if compiled.archives and _FOREIGN_LIBRARY.search(str(error)):
            raise BuildError(
                f"{', '.join(map(str, compiled.archives))} was built for another core than the {board.core} of "
                f"{board.name}, or for other floating-point registers; build it anew for that core."
            ) from error
        overflows = dict(_OVERFLOW.findall(str(error)))
        if not overflows:
            raise
        needs = []
        for region, what, capacity in (
            ("FLASH", "flash", memories.flash_bytes),
            ("RAM", "SRAM", memories.sram_bytes),
        ):
            if region in overflows:
                needs.append(f"needs {capacity + int(overflows[region]):,} bytes of {what} of {capacity:,}")
        raise DoesNotFitError(
            f"{compiled.name} does not fit {board.name}: it {' and '.join(needs)}; choose a smaller network or a "
            "larger board."
        ) from error
