"""From an architecture to its profile, before it is trained."""

import tempfile
from pathlib import Path

from micronets.architecture import Architecture, Bits
from micronets.boards import Board
from micronets.errors import EmulatorError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.profile.model import profile_model
from micronets.profile.result import Profile


def profile_architecture(
    architecture: Architecture,
    board: Board,
    seed: int,
    *,
    optimise: str,
    weight_bits: Bits = 8,
    activation_bits: Bits = 8,
) -> Profile:
    """Compiles a network of random weights, links it for the board, and runs one input on the board's emulator.

    Args:
        seed: of the weights.
        optimise: see `micronets.compiler.OPTIMISE`.
        weight_bits, activation_bits: of layers that do not fix their own.

    Raises:
        BuildError: the network does not fit the board's memories.
        EmulatorError: its output differs from TFLM's, or the emulator failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        tflite = Path(folder, f"{architecture.name}.tflite")
        write_tflite(
            random_network(architecture, seed, weight_bits=weight_bits, activation_bits=activation_bits), tflite
        )
        return profile_exactly(tflite, board, Path(folder), optimise=optimise)


def profile_exactly(tflite: Path, board: Board, directory: Path, *, optimise: str) -> Profile:
    """Compiles a network into `directory`, links it for the board, and runs one input on the board's emulator.

    Raises:
        BuildError: as `profile_architecture`.
        EmulatorError: likewise.
    """
    profile = profile_model(tflite, board, directory, optimise=optimise, inputs=1)
    if profile.different_outputs:
        raise EmulatorError(f"{tflite.stem} gives other outputs than TensorFlow Lite Micro; a kernel is wrong.")
    return profile
