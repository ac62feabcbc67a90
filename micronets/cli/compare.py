"""`micronets compare`."""

import argparse
from pathlib import Path

DESCRIPTION = """\
Compare two finished results: scores, time, memory, and instructions layer by layer. Give two results folders, of two
commits or two configurations, whose models are compared by name; or the folders of two models in them."""
EXAMPLES = """\
  micronets compare results results_before
  micronets compare results/kws/ds-cnn-s results/kws/mine --output differences.html"""
EXTRAS = ("report",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a results folder, or a model's folder in one")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a page of the differences, too")


def run(options: argparse.Namespace) -> int:
    from micronets.atomic import write_text
    from micronets.errors import OutputError
    from micronets.report.differences import compare
    from micronets.report.differences_page import format_differences, render_differences

    if options.output is not None and options.output.exists():
        raise OutputError(f"{options.output} exists and is not overwritten; name another file, or take it away")
    found = compare(options.a, options.b)
    print(format_differences(found))
    if options.output is not None:
        write_text(options.output, render_differences(found, str(options.a), str(options.b)))
        print(f"\nPage: {options.output}")
    return 0
