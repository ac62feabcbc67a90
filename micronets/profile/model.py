"""From a .tflite file to its profile, on random inputs."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from micronets.boards import Board
from micronets.compiler import compile_network
from micronets.compiler.compiled_network import CompiledNetwork, EdgeQuantisation
from micronets.emulator.execution import DEFAULT_TIMEOUT_S
from micronets.hardware.measure import check_outputs, flash_and_measure
from micronets.linking.board_program import build_board_program
from micronets.linking.build import build_firmware
from micronets.litert import describe
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile
from micronets.target import EMULATOR, serial_port
from micronets.tflm import TflmLibrary
from micronets.tflm.build import build_tflm_firmware
from micronets.tflm.host import run_tflm
from micronets.tflm.program import TflmProgram


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

    Raises:
        MicronetsError: any of the steps failed.
    """
    network: CompiledNetwork | TflmProgram
    if library is None:
        network = compile_network(tflite, directory / "src", core=board.core, optimise=optimise)
        firmware = build_firmware(network, board, directory)
    else:
        network, firmware = build_tflm_firmware(tflite, library, board, directory, optimise=optimise)
    source, result = describe(tflite)
    features = np.random.default_rng(0).integers(-128, 128, (inputs, *source.shape[1:]), np.int8)
    if source.dtype == np.int8:
        expected = run_tflm(tflite, features)
    else:
        expected = run_tflm(tflite, _real(features, network.input).astype(source.dtype))
    if result.dtype != np.int8:
        expected = _integers(expected, network.output)
    port = serial_port(target)
    program = build_board_program(network, firmware, task=task) if task or port is not None else None
    profile = profile_firmware(firmware, features, expected, timeout_s=timeout_s)
    if port is None or program is None:
        return profile
    measured = flash_and_measure(program, port, features, timeout_s=timeout_s)
    if library is None:
        check_outputs(measured, expected, firmware.network)
    return replace(profile, measured=measured)


def _real(values: np.ndarray, edge: EdgeQuantisation) -> np.ndarray:
    """What int8 `values` at a network's float edge stand for."""
    return edge.scale * (values.astype(np.float64) - edge.zero_point)


def _integers(values: np.ndarray, edge: EdgeQuantisation) -> np.ndarray:
    """The int8 of which real `values` at a network's float edge were made."""
    return np.rint(values / edge.scale + edge.zero_point).astype(np.int8)
