"""`python -m micronets.device_features.sound [mfcc|log-mel|...] [--board NAME]`: features as C, and what they cost."""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from micronets.boards import find_board
from micronets.compiler import OPTIMISE
from micronets.data.options import from_mapping
from micronets.device_features.sound import Parameters
from micronets.device_features.sound.measure import profile_features
from micronets.device_features.sound.options import parameter_changes
from micronets.device_features.sound.table import feature_table
from micronets.errors import MicronetsError, ModelError
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES, MEL_IMAGES
from micronets.features.mfcc import MfccParameters
from micronets.litert import describe

_KINDS: dict[str, Parameters] = {
    "mfcc": MfccParameters(),
    "log-mel": IMAGES,
    "log-mel-128": MEL_IMAGES,
    "autoencoder": AUTOENCODER_WINDOWS,
}
_ANY_GRID = 0.6, 0
"""Costs do not depend on it."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.device_features.sound", description="Profile features.")
    parser.add_argument("kind", nargs="?", choices=_KINDS, default="mfcc")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="other parameters: window_ms=30")
    parser.add_argument("--model", type=Path, help="a .tflite file, whose int8 input the features are rounded to")
    parser.add_argument("--board", default="nucleo-l4r5zi", help="a name in micronets/boards.yaml")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--output", type=Path, help="directory for the C (in features/) and the program")
    options = parser.parse_args(arguments)
    try:
        kind = _KINDS[options.kind]
        parameters = from_mapping(type(kind), asdict(kind) | parameter_changes(options.set), "--set")
        board = find_board(options.board)
        with tempfile.TemporaryDirectory() as scratch:
            directory = options.output or Path(scratch)
            grid = _ANY_GRID if options.model is None else _grid(options.model)
            print(feature_table(profile_features(parameters, *grid, board, directory, optimise=options.optimise)))
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _grid(model: Path) -> tuple[float, int]:
    """Scale and zero point of a model's input."""
    quantisation = describe(model)[0].quantisation
    if quantisation is None:
        raise ModelError(f"{model} reads float32; features on a device are int8")
    return quantisation.scale, quantisation.zero_point


if __name__ == "__main__":
    sys.exit(main())
