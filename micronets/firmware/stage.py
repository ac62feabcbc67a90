"""The stage firmware, for either runtime: our compiler's code, or TensorFlow Lite Micro's interpreter."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micronets.boards import Board
from micronets.compiler import CompiledNetwork, compile_network
from micronets.linking.board_program import BoardProgram, build_board_program
from micronets.linking.build import build_firmware
from micronets.linking.firmware import Firmware
from micronets.runtime import TFLM
from micronets.tflm import TflmLibrary, TflmProgram
from micronets.tflm.build import build_tflm_firmware


@dataclass(frozen=True)
class Build:
    """A network and the programs around it.

    Attributes:
        board_program: for the board itself; None where it was not asked for.
    """

    network: CompiledNetwork | TflmProgram
    firmware: Firmware
    board_program: BoardProgram | None


def build(
    tflite: str | os.PathLike,
    board: Board,
    directory: Path,
    *,
    optimise: str,
    library: TflmLibrary | None = None,
    task: str = "",
    on_board: bool = False,
) -> Build:
    """Builds in `directory` the firmware for the board's emulator, its sources in `src/`.

    Args:
        optimise: see `micronets.compiler.OPTIMISE`.
        library: runs the network in place of our compiler's code.
        task: decides how the board's program presents itself in the benchmark.
        on_board: builds the board's program, too.

    Raises:
        ModelError, BuildError: the network cannot be built, or does not fit the board.
    """
    network: CompiledNetwork | TflmProgram
    if library is None:
        network = compile_network(Path(tflite), directory / "src", core=board.core, optimise=optimise, memories=board)
        firmware = build_firmware(network, board, directory)
    else:
        network, firmware = build_tflm_firmware(tflite, library, board, directory, optimise=optimise)
    return Build(network, firmware, build_board_program(network, firmware, task=task) if on_board else None)


def build_for_runtime(
    tflite: str | os.PathLike,
    board: Board,
    directory: Path,
    options: Mapping[str, Any],
    *,
    runtime: str,
    task: str = "",
    on_board: bool = False,
) -> Firmware:
    """As `build`, with the configuration's words.

    Args:
        options: `optimise`, and for `tflm` the `library` and `include` of `TflmLibrary.find`.
        runtime: `micronets` or `tflm`.

    Raises ConfigurationError where the library is not there, and as `build`.
    """
    library = TflmLibrary.find(options["library"], options["include"], board.core) if runtime == TFLM else None
    built = build(tflite, board, directory, optimise=options["optimise"], library=library, task=task, on_board=on_board)
    return built.firmware
