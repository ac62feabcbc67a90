"""`micronets listen`."""

import argparse
import tempfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from micronets.boards import find_board
from micronets.cli.options import DETECTOR_HELP, add_boards, add_optimise, use_boards
from micronets.keyword_spotter.options import SpotOptions

DESCRIPTION = """\
Play recordings of your own to a finished keyword spotter on an emulator of its board's core, and print which words it
hears and when. Any format and rate that libsndfile reads will do."""
EXAMPLES = """\
  micronets listen results/kws/ds-cnn-s own.wav
  micronets listen model.tflite own.wav phone.ogg --labels yes no _silence_ _unknown_ --threshold 0.6"""
EXTRAS = ("data", "report")

_DEFAULT_BOARD = "nucleo-f446re"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spotter", type=Path, help="a model's folder in the results, or an int8 .tflite file")
    parser.add_argument("recordings", type=Path, nargs="+", metavar="recording", help="what is played to it")
    parser.add_argument(
        "--labels", nargs="+", metavar="WORD", help="classes of its outputs, in order, where the results do not tell"
    )
    parser.add_argument(
        "--window-ms", type=int, metavar="N", help="window of its features, if not 40 (MFCC) or 64 (filterbank)"
    )
    parser.add_argument(
        "--board", metavar="NAME", help=f"default: the one that it was scored on, or else {_DEFAULT_BOARD}"
    )
    add_boards(parser)
    add_optimise(parser)
    detector = parser.add_argument_group("when a word counts as detected (default: as when it was scored, or as usual)")
    field: Any
    for field in fields(SpotOptions):
        if field.name in DETECTOR_HELP:
            option, metavar = f"--{field.name.replace('_', '-')}", "N" if field.type is int else "X"
            detector.add_argument(option, type=field.type, metavar=metavar, help=DETECTOR_HELP[field.name])


def run(options: argparse.Namespace) -> int:
    from micronets.keyword_spotter.listen import find_spotter, listen, options_for
    from micronets.keyword_spotter.stage import features_read_by

    use_boards(options)
    spotter = find_spotter(options.spotter)
    if options.labels:
        spotter = replace(spotter, labels=tuple(options.labels))
    board = find_board(options.board or spotter.board or _DEFAULT_BOARD)
    parameters = features_read_by(spotter.tflite)
    if options.window_ms is not None:
        parameters = replace(parameters, window_ms=options.window_ms)
    given = {name: getattr(options, name) for name in DETECTOR_HELP}
    changes = {name: value for name, value in given.items() if value is not None}
    chosen = options_for(spotter.section, changes, parameters)
    for recording in options.recordings:
        with tempfile.TemporaryDirectory(prefix="micronets-") as scratch:
            heard = listen(recording, spotter, board, chosen, parameters, Path(scratch), optimise=options.optimise)
        print(heard.summary(), flush=True)
    return 0
