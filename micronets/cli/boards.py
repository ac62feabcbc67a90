"""`micronets boards`."""

import argparse

from micronets.boards import load_boards
from micronets.cli.options import add_boards, use_boards
from micronets.timing.boards import boards_table

DESCRIPTION = "List the boards that can be built for, and how exact their estimates of time are."
EXAMPLES = """\
  micronets boards
  micronets boards --boards my_boards.yaml"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_boards(parser)


def run(options: argparse.Namespace) -> int:
    use_boards(options)
    print(boards_table(load_boards().values()))
    return 0
