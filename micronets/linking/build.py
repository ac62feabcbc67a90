"""Builds the benchmark program around a compiled network."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from micronets.atomic import write_bytes, write_json, write_text
from micronets.boards import Board
from micronets.errors import BuildError
from micronets.linking.firmware import (
    COMPILED,
    Firmware,
    MemoryPlan,
    Runtime,
    measure_flash_parts,
    measure_layers,
    measure_memories,
)
from micronets.linking.link import CompiledSources, Harness, compile_and_link, layers_by_step
from micronets.linking.linker_map import read_linker_map
from micronets.linking.machines import find_machine
from micronets.linking.symbols import layer_functions, read_symbols

STACK_BYTES = 4096

COMMON_SOURCES = tuple(f"app/{name}.c" for name in ("startup", "fault", "protection", "invoke"))
BENCHMARK_HARNESS = Harness((*COMMON_SOURCES, "app/benchmark.c", "boards/semihosting.c"))
ARENA_HARNESS = Harness((*COMMON_SOURCES, "app/arena.c", "boards/semihosting.c"))
"""Instead of running inputs, tries an arena of the size that is its only input."""


def build_firmware(
    compiled: CompiledSources,
    board: Board,
    directory: Path,
    stack_bytes: int = STACK_BYTES,
    *,
    harness: Harness = BENCHMARK_HARNESS,
    runtime: Runtime = COMPILED,
    part_of: Callable[[str], str] | None = None,
) -> Firmware:
    """Builds `firmware.elf`, `firmware.map` and `firmware.json` in `directory`.

    The program is linked for the board's emulator machine with the board's own flash and SRAM sizes, so that what
    does not fit the board does not link.

    Args:
        stack_bytes: stack of the program, a multiple of 8.
        harness: the program around the network.
        runtime: what runs it, for `firmware.json`.
        part_of: what of the runtime an object file is, by its name in the linker map; see `Firmware.flash_parts`.

    Raises:
        BuildError: as `compile_and_link`.
        ConfigurationError: the board's emulator machine is unknown or too small.
    """
    directory = Path(directory)
    memories = find_machine(board)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        compile_and_link(compiled, harness, board, memories, stack_bytes, work)
        write_bytes(directory / "firmware.elf", (work / "firmware.elf").read_bytes())
        write_text(directory / "firmware.map", (work / "firmware.map").read_text(encoding="utf-8"))
    firmware = _describe(compiled, board, directory, stack_bytes, runtime, part_of)
    write_json(directory / "firmware.json", firmware.to_json())
    return firmware


def _describe(
    compiled: CompiledSources,
    board: Board,
    directory: Path,
    stack_bytes: int,
    runtime: Runtime,
    part_of: Callable[[str], str] | None,
) -> Firmware:
    elf = directory / "firmware.elf"
    symbols = read_symbols(elf)
    contributions = read_linker_map(directory / "firmware.map")
    flash, ram = measure_memories(contributions, stack_bytes)
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
        memory_plan=MemoryPlan(compiled.arena_bytes, tuple(compiled.buffers), layers_by_step(compiled)),
        flash_bytes=flash,
        linked_ram_bytes=ram,
        runtime=runtime,
        layer_flash_bytes=measure_layers(contributions, functions) if runtime == COMPILED else (),
        reference_layers=tuple(layer.function for layer in compiled.layers if layer.is_reference),
        flash_parts={} if part_of is None else measure_flash_parts(contributions, part_of),
    )
