"""Builds the keyword spotter around a compiled network: for the emulator, a board, or this machine."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.atomic import atomic_directory, write_bytes, write_text
from micronets.boards import Board
from micronets.compiler import CompiledNetwork
from micronets.csrc import BOARDS, CSRC
from micronets.device_features.sound import FeatureSources
from micronets.errors import BuildError, ModelError
from micronets.keyword_spotter.detector import exponentials
from micronets.keyword_spotter.settings import DetectorSettings
from micronets.keyword_spotter.sources import write_settings
from micronets.linking.board_program import BAUD
from micronets.linking.build import COMMON_SOURCES, STACK_BYTES
from micronets.linking.firmware import HARNESS_OBJECT, NETWORK_OBJECT, Firmware, MemoryPlan, measure_memories
from micronets.linking.host import build_program
from micronets.linking.link import Harness, Library, compile_and_link
from micronets.linking.linker_map import Contribution, read_linker_map
from micronets.linking.machines import Machine, find_machine

FUNCTIONS = ("mn_features_push", "mn_features_window", "network_invoke", "mn_posteriors", "mn_detector_add")
"""Of the chain, in the order in which `ENTRY` calls them."""
ENTRY = "spotter_hop"

_FOLDER = "app/keyword_spotter"
_CORE = tuple(CSRC / _FOLDER / f"{name}.c" for name in ("spotter", "posteriors", "detector"))
_PARTS = {"network": NETWORK_OBJECT, "features": "features-", "spotter": "spotter-", "harness": HARNESS_OBJECT}


@dataclass(frozen=True)
class Memory:
    """Bytes of flash and static RAM."""

    flash_bytes: int
    linked_ram_bytes: int


@dataclass(frozen=True)
class SpotterSources:
    """Everything that a keyword spotter is compiled of.

    Attributes:
        table: exponentials of the network's logits; None where it ends in a softmax.
        spotter: C files of the chain, the generated settings among them; `directory` has their header.
    """

    compiled: CompiledNetwork
    features: FeatureSources
    settings: DetectorSettings
    table: np.ndarray | None
    spotter: tuple[Path, ...]
    directory: Path

    @property
    def include_directories(self) -> tuple[Path, ...]:
        """Beside the network's own."""
        return (self.directory, *self.features.include_directories, CSRC / _FOLDER)


def spotter_sources(
    compiled: CompiledNetwork, features: FeatureSources, settings: DetectorSettings, directory: Path
) -> SpotterSources:
    """Writes the generated files into `directory`, whole or not at all.

    Raises ModelError where the network has not one output for each label.
    """
    outputs = int(np.prod(compiled.output.shape))
    if outputs != len(settings.labels):
        raise ModelError(
            f"{compiled.name} has {outputs} outputs, but there are {len(settings.labels)} labels "
            f"({', '.join(settings.labels)}); name its own, in order."
        )
    table = None if compiled.layers[-1].operator == "softmax" else exponentials(compiled.output.scale)
    with atomic_directory(directory) as beside:
        generated = write_settings(beside, settings, table)
    spotter = (*_CORE, *(Path(directory) / source.name for source in generated))
    return SpotterSources(compiled, features, settings, table, spotter, Path(directory))


def build_for_emulator(sources: SpotterSources, board: Board, directory: Path) -> Firmware:
    """Builds `keyword_spotter.elf` and `.map` in `directory`, linked with the board's memory sizes.

    The firmware reads a hop of audio and hands over an answer for each (see `run.record`).

    Raises:
        BuildError: as `compile_and_link`.
        ConfigurationError: the board's emulator machine is unknown or too small.
    """
    mains = (*COMMON_SOURCES, f"{_FOLDER}/main_emulator.c", "boards/semihosting.c")
    elf = _link(sources, mains, (f'-DINVOKED="{ENTRY}"',), board, find_machine(board), directory, "keyword_spotter")
    flash, ram = measure_memories(read_linker_map(elf.with_suffix(".map")), STACK_BYTES)
    return Firmware(
        elf=elf,
        map=elf.with_suffix(".map"),
        board=board,
        network=sources.compiled.name,
        input_bytes=2 * sources.features.hop_samples,
        output_bytes=4 + 4 * len(sources.settings.labels),
        layers=FUNCTIONS,
        layer_macs=tuple(sum(sources.compiled.layer_macs) if name == "network_invoke" else 0 for name in FUNCTIONS),
        memory_plan=MemoryPlan(sources.compiled.arena_bytes, sources.compiled.buffers),
        flash_bytes=flash,
        linked_ram_bytes=ram,
        entry=ENTRY,
        calls="hops of audio",
    )


def build_for_board(sources: SpotterSources, board: Board, directory: Path, audio: tuple[Path, ...] = ()) -> Path:
    """Builds `keyword_spotter_board.elf` and `.map` for the board itself; returns the former.

    Args:
        audio: C files that define mn_audio_read(); without any, audio comes over the serial port.

    Raises BuildError where there is no support for the board itself, or as `compile_and_link`.
    """
    hardware = board.hardware
    if hardware is None:
        raise BuildError(f"There is no support for {board.name} itself, only for its emulator; choose another board.")
    mains = tuple(source for source in COMMON_SOURCES if source != "app/invoke.c")
    mains += (f"{_FOLDER}/main_board.c", "app/messages.c", "app/fault_text.c")
    mains += tuple(str(BOARDS / name) for name in hardware.sources)
    mains += tuple(str(Path(file).resolve()) for file in audio)
    memories = Machine(hardware.flash_origin, board.flash_bytes, hardware.ram_origin, board.sram_bytes)
    flags = (
        f'-DBOARD_NAME="{board.name}"',
        f"-DBOARD_BAUD={BAUD}",
        f"-DBOARD_FLASH_WAIT_STATES={hardware.flash_wait_states}",
    )
    return _link(sources, mains, flags, board, memories, directory, "keyword_spotter_board")


def build_for_host(sources: SpotterSources, executable: Path, *, flags: tuple[str, ...] = ("-O2",)) -> Path:
    """Builds the same C for this machine: audio on stdin, answers on stdout. Raises BuildError."""
    includes = tuple(f"-I{folder}" for folder in sources.include_directories)
    mains = (*sources.features.sources, *sources.spotter, CSRC / _FOLDER / "main_host.c")
    return build_program(sources.compiled, executable, mains, flags=(*flags, *includes))


def memory_by_part(linker_map: Path) -> Mapping[str, Memory]:
    """What network, features, spotter (smoothing and settings) and harness take; `library` is the C library's.

    The stack is the harness's.
    """
    flash, ram = dict.fromkeys((*_PARTS, "library"), 0), dict.fromkeys((*_PARTS, "library"), 0)
    part = "harness"
    for contribution in read_linker_map(linker_map):
        part = _part_of(contribution, part)
        if contribution.output in (".vectors", ".text", ".rodata", ".data"):
            flash[part] += contribution.size_bytes
        if contribution.output in (".data", ".bss", ".stack"):
            ram[part] += contribution.size_bytes
    return {part: Memory(flash[part], ram[part]) for part in flash}


def _part_of(contribution: Contribution, previous: str) -> str:
    """Padding belongs to whatever it follows."""
    if contribution.object == "*fill*":
        return previous
    if contribution.object == "*script*":
        return "harness"
    return next((part for part, prefix in _PARTS.items() if contribution.object.startswith(prefix)), "library")


def _link(
    sources: SpotterSources,
    mains: tuple[str, ...],
    flags: tuple[str, ...],
    board: Board,
    memories: Machine,
    directory: Path,
    name: str,
) -> Path:
    libraries = (Library("features", sources.features.sources), Library("spotter", sources.spotter))
    harness = Harness(mains, flags, libraries=libraries, include_directories=sources.include_directories)
    directory = Path(directory)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        compile_and_link(sources.compiled, harness, board, memories, STACK_BYTES, work)
        write_bytes(directory / f"{name}.elf", (work / "firmware.elf").read_bytes())
        write_text(directory / f"{name}.map", (work / "firmware.map").read_text(encoding="utf-8"))
    return directory / f"{name}.elf"
