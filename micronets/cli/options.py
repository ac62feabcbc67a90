"""Options that several subcommands share."""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from micronets.boards import Board, find_board, use_own_boards
from micronets.compiler import OPTIMISE
from micronets.output_folder import output_folder

DEFAULT_BOARD = "nucleo-l4r5zi"


def add_board(parser: argparse._ActionsContainer, default: str = DEFAULT_BOARD) -> None:
    """`--board` and `--boards`, for `board_of`."""
    parser.add_argument(
        "--board", default=default, metavar="NAME", help="one that `micronets boards` lists (default: %(default)s)"
    )
    add_boards(parser)


def add_boards(parser: argparse._ActionsContainer) -> None:
    """`--boards`, for `use_boards`."""
    parser.add_argument(
        "--boards", type=Path, metavar="FILE", help="a YAML file with boards of your own (see docs/boards.md)"
    )


def use_boards(options: argparse.Namespace) -> None:
    """Makes the boards of `--boards` known; raises ConfigurationError where the file is missing or damaged."""
    if options.boards is not None:
        use_own_boards(options.boards)


def board_of(options: argparse.Namespace) -> Board:
    """The board that was asked for; raises ConfigurationError where there is none of this name."""
    use_boards(options)
    return find_board(options.board)


def add_optimise(parser: argparse.ArgumentParser) -> None:
    """`--optimise`."""
    parser.add_argument(
        "--optimise",
        choices=OPTIMISE,
        default="balanced",
        help="what to favour where speed, flash and RAM are at odds (default: %(default)s)",
    )


DETECTOR_HELP = {
    "step_ms": "from one inference to the next; a multiple of the features' hop",
    "smoothing_ms": "over which posteriors are averaged",
    "threshold": "least average for a detection",
    "refractory_ms": "least time from one detection to the next",
}
"""Of a keyword spotter's options that decide when a word counts as detected, by name."""


def add_output(parser: argparse.ArgumentParser, what: str) -> None:
    """`--output`, for `output_directory`."""
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help=f"where to leave {what}; files in it that micronets did not write stay as they are "
        "(default: nothing is left)",
    )


def positive(text: str) -> int:
    """A whole number of 1 or more, as a type of argparse's arguments."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


@contextlib.contextmanager
def output_directory(path: Path | None) -> Iterator[Path]:
    """What `output_folder` yields for the folder that the user has named, or a temporary folder where there is none."""
    if path is not None:
        with output_folder(path) as directory:
            yield directory
        return
    with tempfile.TemporaryDirectory(prefix="micronets-") as scratch:
        yield Path(scratch)
