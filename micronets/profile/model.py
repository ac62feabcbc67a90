"""From a .tflite file to its profile, on random inputs."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from micronets.boards import Board
from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.emulator.execution import DEFAULT_TIMEOUT_S
from micronets.firmware.stage import build
from micronets.hardware.measure import check_outputs, flash_and_measure
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile
from micronets.target import EMULATOR, serial_port
from micronets.tflm import TflmLibrary


def profile_model(
    tflite: Path,
    board: Board,
    directory: Path,
    *,
    optimise: str,
    inputs: int,
    target: str = EMULATOR,
    task: str = "",
    timeout_s: float = DEFAULT_TIMEOUT_S,
    library: TflmLibrary | None = None,
    compare: bool = True,
) -> Profile:
    """Compiles, builds and runs a model, and compares its outputs with TensorFlow Lite Micro's.

    Args:
        directory: gets `src/`, the firmware, and nothing of the profile.
        optimise: see `micronets.compiler.OPTIMISE`.
        inputs: how many random ones to run; the same in every call.
        target: `emulator`, or `serial:` and the port of a board, which is flashed and measured as well.
        task: of MLPerf Tiny (`kws`, `vww`, `ad`, `ic`); where it is given, or the target is a board, the board's
            program is built, too.
        timeout_s: limit of each run of the emulator, and of one inference on the board.
        library: runs the model in place of our compiler's code.
        compare: False where TensorFlow Lite Micro's interpreter is not installed on this machine.

    Raises:
        MicronetsError: any of the steps failed.
    """
    port = serial_port(target)
    built = build(
        tflite, board, directory, optimise=optimise, library=library, task=task, on_board=bool(task) or port is not None
    )
    network, firmware = built.network, built.firmware
    features = _random_inputs(network.inputs, inputs)
    expected = None
    if compare:
        from micronets.profile.oracle import integer_outputs  # the base installation lacks what it imports

        expected = integer_outputs(tflite, features, network.inputs, network.outputs)
    profile = profile_firmware(firmware, features, expected, timeout_s=timeout_s)
    if port is None or built.board_program is None:
        return profile
    measured = flash_and_measure(built.board_program, port, features, timeout_s=timeout_s)
    if library is None and expected is not None:
        check_outputs(measured, expected, firmware.network)
    return replace(profile, measured=measured)


def _random_inputs(edges: tuple[EdgeQuantisation, ...], count: int) -> np.ndarray:
    """The bytes of all inputs, int8 (count, bytes); what is bool is 0 or 1."""
    random = np.random.default_rng(0)
    values = random.integers(-128, 128, (count, sum(edge.size_bytes for edge in edges)), np.int8)
    offset = 0
    for edge in edges:
        if edge.dtype == "bool":
            values[:, offset : offset + edge.size_bytes] &= 1
        offset += edge.size_bytes
    return values
