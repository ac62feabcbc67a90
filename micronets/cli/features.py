"""`micronets features`."""

import argparse
from pathlib import Path

from micronets.cli.options import add_board, add_optimise, add_output, board_of, output_directory
from micronets.device_features.sound.kinds import KINDS, input_grid, parameters_of
from micronets.device_features.sound.measure import profile_features
from micronets.device_features.sound.options import parameter_changes
from micronets.device_features.sound.table import feature_table

DESCRIPTION = """\
Generate the C that computes a network's input from a stream of sound, in integers; run it on an emulator of the board's
core, check it against the same integers in numpy, and print what a frame costs."""
EXAMPLES = """\
  micronets features mfcc --model model.tflite --output features
  micronets features log-mel --board nucleo-f446re
  micronets features mfcc --set window_ms=30"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind",
        nargs="?",
        choices=tuple(KINDS),
        default="mfcc",
        help="mfcc for keyword spotting, the others for anomaly detection (default: %(default)s)",
    )
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="parameters to change: window_ms=30")
    parser.add_argument("--model", type=Path, help="a .tflite file; features are rounded to its int8 input's scale")
    add_board(parser)
    add_optimise(parser)
    add_output(parser, "the C (in features/) and the program")


def run(options: argparse.Namespace) -> int:
    board = board_of(options)
    parameters = parameters_of(options.kind, parameter_changes(options.set))
    grid = input_grid(options.model)
    with output_directory(options.output) as directory:
        print(feature_table(profile_features(parameters, *grid, board, directory, optimise=options.optimise)))
    return 0
