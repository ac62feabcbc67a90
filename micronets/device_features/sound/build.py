"""Builds the benchmark program of a network's features for a board's emulator."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from micronets.atomic import write_bytes, write_text
from micronets.boards import Board
from micronets.compiler.compiled_network import PlannedBuffer
from micronets.device_features.sound import FeatureSources
from micronets.linking.build import COMMON_SOURCES, STACK_BYTES
from micronets.linking.firmware import Firmware, MemoryPlan, measure_memories
from micronets.linking.link import CompiledLayer, Harness, compile_and_link
from micronets.linking.linker_map import read_linker_map
from micronets.linking.machines import find_machine

ENTRY = "features_hop"
FRAME_STAGES = {
    "mn_features_push": "peak, window and first butterflies",
    "mn_finish_fft": "rest of the FFT",
    "mn_log_mel_energies": "mel energies, logarithms and what follows",
}
"""Functions that a frame goes through, in order, and what is done from the entry of each to that of the next."""
WINDOW = "mn_features_window"

_HARNESS = Harness((*COMMON_SOURCES, "app/features_benchmark.c", "boards/semihosting.c"), (f'-DINVOKED="{ENTRY}"',))


@dataclass(frozen=True)
class _Program:
    """The features in the place of a network (`micronets.linking.link.CompiledSources`)."""

    name: str
    core: str
    optimise: str
    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    archives: tuple[Path, ...] = ()
    layers: tuple[CompiledLayer, ...] = ()
    arena_bytes: int = 0
    buffers: tuple[PlannedBuffer, ...] = ()
    steps: int = 0


def build_features(features: FeatureSources, board: Board, directory: Path, *, optimise: str = "balanced") -> Firmware:
    """Builds `features.elf` and `features.map` in `directory`, linked with the board's memory sizes.

    What the result says of the network's memories is the features'; the hop of audio and the answer are the harness's.

    Raises:
        BuildError: as `compile_and_link`.
        ConfigurationError: the board's emulator machine is unknown or too small.
    """
    directory = Path(directory)
    program = _Program(features.name, board.core, optimise, features.sources, features.include_directories)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        compile_and_link(program, _HARNESS, board, find_machine(board), STACK_BYTES, work)
        write_bytes(directory / "features.elf", (work / "firmware.elf").read_bytes())
        write_text(directory / "features.map", (work / "firmware.map").read_text(encoding="utf-8"))
    flash, ram = measure_memories(read_linker_map(directory / "features.map"), STACK_BYTES)
    layers = (*FRAME_STAGES, WINDOW)
    return Firmware(
        elf=directory / "features.elf",
        map=directory / "features.map",
        board=board,
        network=f"features ({features.name})",
        input_bytes=2 * features.hop_samples,
        output_bytes=1 + features.window_bytes,
        layers=layers,
        layer_macs=(0,) * len(layers),
        memory_plan=MemoryPlan(0, ()),
        flash_bytes=flash,
        linked_ram_bytes=ram,
        entry=ENTRY,
    )
