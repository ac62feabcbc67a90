"""From a .tflite file to its profile, on random inputs."""

from pathlib import Path

import numpy as np

from micronets.boards import Board
from micronets.export.litert import describe
from micronets.export.tflm import run_tflm
from micronets.firmware import compile_network
from micronets.profile.build import build_firmware
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile


def profile_model(tflite: Path, board: Board, directory: Path, *, optimise: str, inputs: int) -> Profile:
    """Compiles, builds and runs a model, and compares its outputs with TensorFlow Lite Micro's.

    Args:
        directory: gets `src/`, the firmware, and nothing of the profile.
        optimise: see `micronets.firmware.OPTIMISE`.
        inputs: how many random ones to run; the same in every call.

    Raises:
        MicronetsError: any of the steps failed.
    """
    compiled = compile_network(tflite, directory / "src", core=board.core, optimise=optimise)
    firmware = build_firmware(compiled, board, directory)
    source, _ = describe(tflite)
    integers = np.random.default_rng(0).integers(-128, 128, (inputs, *source.shape[1:]), np.int8)
    features = integers if source.dtype == np.int8 else (integers / 32).astype(source.dtype)
    return profile_firmware(firmware, features, run_tflm(tflite, features))
