"""The stage firmware, for either runtime: our compiler's code, or TensorFlow Lite Micro's interpreter."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micronets.boards import Board
from micronets.compiler import compile_network
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.linking.board_program import build_board_program
from micronets.linking.build import build_firmware
from micronets.linking.firmware import Firmware
from micronets.runtime import TFLM
from micronets.tflm import TflmLibrary
from micronets.tflm.build import build_tflm_firmware
from micronets.tflm.program import TflmProgram


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
    """Builds in `directory` the firmware for the board's emulator, its sources in `src/`.

    Args:
        options: `optimise`, and for `tflm` the `library` and `include` of `TflmLibrary.find`.
        runtime: `micronets` or `tflm`.
        task: decides how the board's program presents itself in the benchmark.
        on_board: builds the board's program, too.

    Raises:
        ConfigurationError: the library is not there.
        ModelError, BuildError: the network cannot be built, or does not fit the board.
    """
    optimise = options["optimise"]
    network: CompiledNetwork | TflmProgram
    if runtime == TFLM:
        library = TflmLibrary.find(options["library"], options["include"], board.core)
        network, firmware = build_tflm_firmware(tflite, library, board, directory, optimise=optimise)
    else:
        network = compile_network(Path(tflite), directory / "src", core=board.core, optimise=optimise)
        firmware = build_firmware(network, board, directory)
    if on_board:
        build_board_program(network, firmware, task=task)
    return firmware
