"""`python -m micronets.profile model.tflite [--board NAME]`: compiles, builds, runs, prints what each layer costs."""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.errors import MicronetsError
from micronets.export.litert import describe
from micronets.export.tflm import run_tflm
from micronets.firmware import OPTIMISE, compile_network
from micronets.profile.build import build_firmware
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile
from micronets.profile.table import layer_table, summary


def profile_model(tflite: Path, board_name: str, directory: Path, *, optimise: str, inputs: int) -> Profile:
    """Profiles a .tflite file on random inputs, compared with TensorFlow Lite Micro's outputs."""
    board = find_board(board_name)
    compiled = compile_network(tflite, directory / "src", core=board.core, optimise=optimise)
    firmware = build_firmware(compiled, board, directory)
    specification, _ = describe(tflite)
    bits = np.random.default_rng(0).integers(-128, 128, (inputs, *specification.shape[1:]), np.int8)
    features = bits if specification.dtype == np.int8 else (bits / 32).astype(specification.dtype)
    return profile_firmware(firmware, features, run_tflm(tflite, features))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.profile", description="Profile a .tflite file.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--board", default="nucleo-l4r5zi", help="a name in config/boards.yaml")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--inputs", type=int, default=3, help="random inputs to run and compare")
    parser.add_argument("--output", type=Path, help="directory for the firmware, profile.json and layers.csv")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            directory = options.output or Path(scratch)
            profile = profile_model(
                options.model, options.board, directory, optimise=options.optimise, inputs=options.inputs
            )
            profile.save(directory)
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    print(layer_table(profile))
    print(summary(profile))
    return 0 if profile.different_outputs == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
