"""The smallest arena that an interpreter runs a network in, found by trying sizes on the emulator."""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from micronets.boards import Board
from micronets.emulator.execution import FaultError, HangError, SetUpError, execute
from micronets.errors import BuildError
from micronets.linking.build import ARENA_HARNESS, build_firmware
from micronets.linking.firmware import Firmware
from micronets.progress import Progress
from micronets.tflm import TflmLibrary, TflmProgram, write_tflm_program
from micronets.tflm.program import ARENA_ALIGNMENT_BYTES

logger = logging.getLogger(__name__)

TRIAL_TIMEOUT_S = 60.0
"""Of a size: setting up and one inference."""

Trial = tuple[int, bool]
"""Bytes of an arena, and whether the network ran in it."""


def find_smallest_arena(
    tflite: Path, library: TflmLibrary, board: Board, *, optimise: str, stack_bytes: int
) -> tuple[Trial, ...]:
    """Tries arenas on the emulator, from all the RAM that is left; the last that worked is the smallest that does.

    A size works where TFLM sets the network up in it and an inference of zeros ends; where it crashes or hangs, it
    does not. All sizes are tried with one program.

    Returns:
        Every trial, in order; the last success and the greatest failure are `ARENA_ALIGNMENT_BYTES` apart.

    Raises:
        BuildError: the program does not fit the board, or the network does not run in all the RAM that is left; the
            sentence holds what TFLM has logged.
        ModelError: see `write_tflm_program`.
    """

    def build(folder: Path, arena_bytes: int) -> tuple[TflmProgram, Firmware]:
        program = write_tflm_program(
            tflite, folder / "src", library, core=board.core, optimise=optimise, arena_bytes=arena_bytes
        )
        return program, build_firmware(program, board, folder, stack_bytes, harness=ARENA_HARNESS)

    with tempfile.TemporaryDirectory(prefix="micronets-arena-") as temporary:
        _, least = build(Path(temporary) / "least", ARENA_ALIGNMENT_BYTES)
        left_bytes = board.sram_bytes - least.linked_ram_bytes.total
        most = 1 + left_bytes // ARENA_ALIGNMENT_BYTES
        program, firmware = build(Path(temporary) / "most", most * ARENA_ALIGNMENT_BYTES)
        return bisect(most, lambda size_bytes: _works(firmware, size_bytes, program.arena_bytes), program.name)


def bisect(most: int, works: Callable[[int], bool], network: str) -> tuple[Trial, ...]:
    """Trials of multiples of `ARENA_ALIGNMENT_BYTES`, `most` of them at first, until the least that works is known.

    Args:
        works: of a size in bytes; `most` does, or it raises.
    """
    progress = Progress(logger, f"arenas of {network}", 1 + max(most - 1, 0).bit_length())
    trials: list[Trial] = []
    too_small, enough = 0, most
    while not trials or enough - too_small > 1:
        size = most if not trials else (too_small + enough) // 2
        size_bytes = size * ARENA_ALIGNMENT_BYTES
        works_so = works(size_bytes)
        trials.append((size_bytes, works_so))
        if works_so:
            enough = size
        else:
            too_small = size
        progress.advance(note=f"{size_bytes:,} bytes are {'enough' if works_so else 'too few'}")
    return tuple(trials)


def _works(firmware: Firmware, size_bytes: int, most_bytes: int) -> bool:
    try:
        execute(firmware, np.array([size_bytes], "<u4"), counting="none", timeout_s=TRIAL_TIMEOUT_S)
    except (SetUpError, FaultError, HangError) as error:
        if size_bytes == most_bytes:
            raise BuildError(
                f"TensorFlow Lite Micro does not run {firmware.network} in the {size_bytes:,} bytes of RAM that "
                f"{firmware.board.name} has left: {error}"
            ) from error
        return False
    return True
