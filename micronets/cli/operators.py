"""`micronets operators`."""

import argparse
from pathlib import Path

DESCRIPTION = """\
Print which operators of TensorFlow Lite Micro the compiler supports, and how, as docs/operators.md has it; found out
from what it does with random models of each."""
EXAMPLES = """\
  micronets operators
  micronets operators --output docs/operators.md"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the page there instead")


def run(options: argparse.Namespace) -> int:
    from micronets.atomic import write_text
    from micronets.fuzz.support import support_page

    if options.output is None:
        print(support_page(), end="")
    else:
        write_text(options.output, support_page())
    return 0
