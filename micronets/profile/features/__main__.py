"""`python -m micronets.profile.features [mfcc|log-mel|...] [--board NAME]`: what computing features costs."""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from micronets.boards import find_board
from micronets.data.log_mel import AUTOENCODER_WINDOWS, IMAGES, MEL_IMAGES
from micronets.data.mfcc import MfccParameters
from micronets.data.options import from_mapping
from micronets.errors import MicronetsError
from micronets.firmware import OPTIMISE
from micronets.firmware.features import Parameters
from micronets.profile.features.measure import profile_features
from micronets.profile.features.options import parameter_changes
from micronets.profile.features.table import feature_table

_KINDS: dict[str, Parameters] = {
    "mfcc": MfccParameters(),
    "log-mel": IMAGES,
    "log-mel-128": MEL_IMAGES,
    "autoencoder": AUTOENCODER_WINDOWS,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.profile.features", description="Profile features.")
    parser.add_argument("kind", nargs="?", choices=_KINDS, default="mfcc")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="other parameters: window_ms=30")
    parser.add_argument("--scale", type=float, default=0.6, help="of the network's int8 input")
    parser.add_argument("--zero-point", type=int, default=0)
    parser.add_argument("--board", default="nucleo-l4r5zi", help="a name in config/boards.yaml")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--output", type=Path, help="directory for the C and the program")
    options = parser.parse_args(arguments)
    try:
        kind = _KINDS[options.kind]
        parameters = from_mapping(type(kind), asdict(kind) | parameter_changes(options.set), "--set")
        board = find_board(options.board)
        with tempfile.TemporaryDirectory() as scratch:
            directory = options.output or Path(scratch)
            grid = options.scale, options.zero_point
            print(feature_table(profile_features(parameters, *grid, board, directory, optimise=options.optimise)))
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
