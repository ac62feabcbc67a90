"""A firmware on TensorFlow Lite Micro: the same benchmark program, around a library that the user names."""

import logging
import os
import re
from pathlib import Path

from micronets.boards import Board
from micronets.errors import BuildError
from micronets.linking.build import build_firmware
from micronets.linking.firmware import Firmware, Runtime
from micronets.runtime import TFLM
from micronets.tflm import TflmLibrary, TflmProgram, write_tflm_program
from micronets.tflm.arena import find_smallest_arena
from micronets.tflm.flash_parts import flash_part

logger = logging.getLogger(__name__)

STACK_BYTES = 8192
"""Twice that of a compiled network: TFLM sets a network up on the stack of the program."""

_MISSING_HEADER = re.compile(r"fatal error: (\S+): No such file")


def build_tflm_firmware(
    tflite: str | os.PathLike, library: TflmLibrary, board: Board, directory: Path, *, optimise: str
) -> tuple[TflmProgram, Firmware]:
    """Finds the smallest arena on the emulator, and builds in `directory` what `build_firmware` does, and `src/`.

    Args:
        optimise: flags for what is compiled here; the library is as the user has built it.

    Raises:
        ModelError, BuildError: see `find_smallest_arena` and `build_firmware`.
        ConfigurationError: the board's emulator machine is unknown or too small.
    """
    tflite, directory = Path(tflite), Path(directory)
    try:
        trials = find_smallest_arena(tflite, library, board, optimise=optimise, stack_bytes=STACK_BYTES)
    except BuildError as error:
        raise _with_remedy(error, library) from error
    arena_bytes = min(size_bytes for size_bytes, works in trials if works)
    logger.info("the smallest arena of %s has %d bytes", tflite, arena_bytes)
    program = write_tflm_program(
        tflite, directory / "src", library, core=board.core, optimise=optimise, arena_bytes=arena_bytes
    )
    runtime = Runtime(TFLM, library_sha256=library.sha256(), arena_trials=trials)
    part_of = flash_part(library)
    return program, build_firmware(program, board, directory, STACK_BYTES, runtime=runtime, part_of=part_of)


def _with_remedy(error: BuildError, library: TflmLibrary) -> BuildError:
    """The error, in a sentence of its own where a header is missing."""
    missing = _MISSING_HEADER.search(str(error))
    if missing is None:
        return error
    header = missing[1]
    if "/" not in header and "." not in header:
        return BuildError(
            f"The compiler for microcontrollers lacks the C++ header <{header}>; install it with: "
            "apt-get install libstdc++-arm-none-eabi-newlib"
        )
    return BuildError(
        f"{header}, which TensorFlow Lite Micro's headers include, is not in {library.include}; name the folder in "
        "which its library was built: its makefile downloads what it needs."
    )
