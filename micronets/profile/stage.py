"""The profile stage: the firmware stage's program on the export stage's test inputs."""

import logging
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from micronets.boards import Board
from micronets.device_features.sound.measure import profile_features
from micronets.errors import ConfigurationError, EmulatorError
from micronets.evaluation import Score, unpack_truth
from micronets.features.sound_features import SoundFeatures, from_text
from micronets.hardware.measure import check_outputs, flash_and_measure
from micronets.linking.board_program import BoardProgram
from micronets.linking.firmware import Firmware
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile
from micronets.runtime import MICRONETS
from micronets.stage_file import reading
from micronets.target import EMULATOR, serial_port
from micronets.timing.energy import Duty

logger = logging.getLogger(__name__)


def profile(
    firmware_directory: str | os.PathLike,
    test_inputs: str | os.PathLike,
    directory: str | os.PathLike,
    *,
    inputs: int,
    timeout_s: float,
    target: str = EMULATOR,
    frames_per_second: float = 1.0,
    sleep_current_ma: float | None = None,
    supply_v: float = 3.3,
) -> Profile:
    """Writes `profile.json` and `layers.csv` to `directory` and returns the profile.

    Our compiler's outputs must equal those of TFLM's reference kernels. How many of another runtime's do is a finding
    about that, which stands in the profile.

    Args:
        firmware_directory: where `build_firmware` has left its files.
        test_inputs: .npz of `inputs` int8 (n, ...), TFLM's `outputs` int8 (n, ...), scale and zero point of both
            (`input_grid`, `output_grid`), the truth, and of networks for sounds the definition of their features
            (`sounds`), which are then profiled as well.
        inputs: how many of them to run, spread evenly over the file; all where it holds fewer.
        timeout_s: wall-clock limit of each run of the emulator, and of one inference on a board.
        target: `emulator`; or `serial:` and a port: the board there is flashed and measured as well.
        frames_per_second, sleep_current_ma, supply_v: see `micronets.timing.energy.Duty`.

    Raises:
        EmulatorError: the firmware hung, crashed, or gave other outputs than TFLM.
        BoardError: as `flash_and_measure`, or the board gave other outputs than TFLM.
        BuildError, DataError: a file is missing or damaged.
    """
    firmware = Firmware.load(Path(firmware_directory))
    port = serial_port(target)
    program = None if port is None else BoardProgram.load(Path(firmware_directory))
    with reading(test_inputs):
        with open(test_inputs, "rb") as stream, np.load(stream) as archive:
            features, expected, truth = archive["inputs"], archive["outputs"], unpack_truth(archive)
            grids = archive["input_grid"], archive["output_grid"]
            sounds = from_text(str(archive["sounds"])) if "sounds" in archive else None
    chosen = np.linspace(0, len(features) - 1, min(inputs, len(features)), dtype=np.int64)
    read = _real(features[chosen], grids[0])

    def judge(outputs: np.ndarray) -> dict[str, Score]:
        return truth.select(chosen).scores(read, _real(outputs, grids[1]))

    result = profile_firmware(firmware, features[chosen], expected[chosen], judge, timeout_s=timeout_s)
    compiled = firmware.runtime.name == MICRONETS
    if result.different_outputs and compiled:
        raise EmulatorError(
            f"{result.different_outputs} of {result.inputs} outputs of {firmware.network} on {firmware.board.name} "
            "differ from TensorFlow Lite Micro's; the compiler or a kernel is wrong."
        )
    result = replace(result, duty=Duty(frames_per_second, sleep_current_ma, supply_v))
    if port is not None and program is not None:
        measured = flash_and_measure(program, port, features[chosen], timeout_s=timeout_s)
        if compiled:
            check_outputs(measured, expected[chosen], firmware.network)
        result = replace(result, measured=measured)
    if sounds is not None:
        result = replace(result, features=_features(sounds, grids[0], firmware.board, timeout_s))
    result.save(Path(directory))
    return result


def _features(sounds: SoundFeatures, grid: np.ndarray, board: Board, timeout_s: float) -> dict[str, Any] | None:
    """The section `features`; None, with a warning, where there is no integer form of such features."""
    scale, zero_point = float(grid[0]), int(grid[1])
    try:
        with tempfile.TemporaryDirectory() as scratch:
            return profile_features(sounds, scale, zero_point, board, Path(scratch), timeout_s=timeout_s).to_json()
    except ConfigurationError as error:
        logger.warning("The features are not profiled on the device: %s", error)
        return None


def _real(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    scale, zero_point = grid
    return ((values.astype(np.float32) - zero_point) * scale).astype(np.float32)
