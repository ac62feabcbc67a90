"""From a .tflite file to its profile, on random inputs or a user's."""

from dataclasses import replace
from pathlib import Path

from micronets.boards import Board
from micronets.emulator.execution import DEFAULT_TIMEOUT_S
from micronets.firmware.stage import build
from micronets.hardware.measure import check_outputs, flash_and_measure
from micronets.profile.inputs import random_inputs, read_inputs
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
    inputs: int | Path,
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
        inputs: how many random ones to run, the same in every call; or a CSV file of them (see `read_inputs`).
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
    if isinstance(inputs, int):
        features = random_inputs(network.inputs, inputs)
    else:
        features = read_inputs(inputs, network.inputs)
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
