"""Compiles and links the benchmark program around a compiled network."""

import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from micronets.atomic import write_bytes, write_json, write_text
from micronets.boards import Board
from micronets.errors import BuildError
from micronets.firmware.compiled import PlannedBuffer
from micronets.profile.image import HARNESS_OBJECT, NETWORK_OBJECT, Firmware, MemoryPlan, measure_memories
from micronets.profile.linker_map import read_linker_map
from micronets.profile.linker_script import linker_script
from micronets.profile.machines import Machine, find_machine
from micronets.profile.symbols import layer_functions, read_symbols
from micronets.profile.toolchain import core_flags, run_tool

STACK_BYTES = 4096

_C_DIRECTORY = Path(__file__).parents[2] / "firmware"
_APP = ("startup", "fault", "protection", "invoke", "benchmark")
_HARNESS_SOURCES = (*(f"app/{name}.c" for name in _APP), "boards/semihosting.c")
_HARNESS_INCLUDES = ("app", "boards")
_FLAGS = ("-std=c11", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra")
_HARNESS_FLAGS = ("-Os", "-ffreestanding", "-masm-syntax-unified")
_NETWORK_FLAGS = {"speed": ("-O3",), "balanced": ("-O2",), "size": ("-Os",)}
_OVERFLOW = re.compile(r"region `(FLASH|RAM)' overflowed by (\d+) bytes")


class CompiledLayer(Protocol):
    """One step of a compiled network: the C function `network_layer_NN_<op>` and its multiply-accumulates."""

    @property
    def function(self) -> str: ...
    @property
    def macs(self) -> int: ...


class CompiledSources(Protocol):
    """What the build needs of a compiled network (`micronets.firmware.CompiledNetwork`)."""

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
    def layers(self) -> Sequence[CompiledLayer]: ...
    @property
    def arena_bytes(self) -> int: ...
    @property
    def buffers(self) -> Sequence[PlannedBuffer]: ...


def build_firmware(
    compiled: CompiledSources, board: Board, directory: Path, stack_bytes: int = STACK_BYTES
) -> Firmware:
    """Builds `firmware.elf`, `firmware.map` and `firmware.json` in `directory`.

    The program is linked for the board's emulator machine with the board's own flash and SRAM sizes, so that what
    does not fit the board does not link.

    Args:
        stack_bytes: stack of the program, a multiple of 8.

    Raises:
        BuildError: the network does not fit (the sentence carries the numbers), was compiled for another core, a tool
            is missing, or the C compiler refuses the sources.
        ConfigurationError: the board's emulator machine is unknown or too small.
    """
    directory = Path(directory)
    if compiled.core != board.core:
        raise BuildError(f"{compiled.name} was compiled for {compiled.core}, but {board.name} is a {board.core}.")
    memories = find_machine(board)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        objects = _compile(compiled, work)
        script = linker_script(memories, stack_bytes)
        (work / "firmware.ld").write_text(script, encoding="utf-8")
        _link(compiled.name, board, memories, objects, work)
        write_bytes(directory / "firmware.elf", (work / "firmware.elf").read_bytes())
        write_text(directory / "firmware.map", (work / "firmware.map").read_text(encoding="utf-8"))
    firmware = _describe(compiled, board, directory, stack_bytes)
    write_json(directory / "firmware.json", firmware.to_json())
    return firmware


def _compile(compiled: CompiledSources, work: Path) -> list[str]:
    """Object files are named by their role, relative to `work`: no path of this machine gets into the map."""
    includes = [*compiled.include_directories, *(_C_DIRECTORY / folder for folder in _HARNESS_INCLUDES)]
    common = [*core_flags(compiled.core), *_FLAGS, *(f"-I{Path(folder).resolve()}" for folder in includes)]
    jobs = [
        (f"{NETWORK_OBJECT}{index:02d}-{Path(source).stem}.o", Path(source), _NETWORK_FLAGS[compiled.optimise])
        for index, source in enumerate(compiled.sources)
    ] + [
        (f"{HARNESS_OBJECT}{Path(source).stem}.o", _C_DIRECTORY / source, _HARNESS_FLAGS) for source in _HARNESS_SOURCES
    ]

    def compile_one(job: tuple[str, Path, Sequence[str]]) -> str:
        name, source, flags = job
        run_tool("arm-none-eabi-gcc", [*common, *flags, "-c", source.resolve(), "-o", name], work)
        return name

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(compile_one, jobs))


def _link(name: str, board: Board, memories: Machine, objects: list[str], work: Path) -> None:
    options = ["-nostartfiles", "-Wl,--gc-sections,--build-id=none,-T,firmware.ld,-Map,firmware.map"]
    try:
        run_tool("arm-none-eabi-gcc", [*core_flags(board.core), *options, *objects, "-o", "firmware.elf"], work)
    except BuildError as error:
        overflows = dict(_OVERFLOW.findall(str(error)))
        if not overflows:
            raise
        needs = []
        for region, what, capacity in (
            ("FLASH", "flash", memories.flash_bytes),
            ("RAM", "SRAM", memories.ram_bytes),
        ):
            if region in overflows:
                needs.append(f"needs {capacity + int(overflows[region]):,} bytes of {what} of {capacity:,}")
        raise BuildError(
            f"{name} does not fit {board.name}: it {' and '.join(needs)}; choose a smaller network or a larger board."
        ) from error


def _describe(compiled: CompiledSources, board: Board, directory: Path, stack_bytes: int) -> Firmware:
    elf = directory / "firmware.elf"
    symbols = read_symbols(elf)
    flash, ram = measure_memories(read_linker_map(directory / "firmware.map"), stack_bytes)
    functions = [symbol.name for symbol in layer_functions(symbols)]
    compiled_functions = [layer.function for layer in compiled.layers]
    if functions != compiled_functions:
        missing = ", ".join(name for name in compiled_functions if name not in functions) or "none"
        more = ", ".join(name for name in functions if name not in compiled_functions) or "none"
        raise BuildError(
            f"The program of {compiled.name} has not the layers it was compiled to: {missing} missing, {more} more."
        )
    return Firmware(
        elf=elf,
        map=directory / "firmware.map",
        board=board,
        network=compiled.name,
        input_bytes=symbols["benchmark_input_bytes"].address,
        output_bytes=symbols["benchmark_output_bytes"].address,
        layers=tuple(functions),
        layer_macs=tuple(layer.macs for layer in compiled.layers),
        memory_plan=MemoryPlan(compiled.arena_bytes, tuple(compiled.buffers)),
        flash_bytes=flash,
        ram_bytes=ram,
    )
