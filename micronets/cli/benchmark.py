"""`micronets benchmark`."""

import argparse
import logging
from pathlib import Path

from micronets.cli.options import add_optimise, add_output, output_directory

DESCRIPTION = """\
Compile and profile every .tflite file of a folder for a NUCLEO-L4R5ZI (and count its instructions on a Cortex-M55), and
print each beside what other runtimes reach with it, where that is published."""
EXAMPLES = """\
  micronets benchmark path/to/models --output results/benchmark"""
EXTRAS = ("report", "tflm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of .tflite files")
    add_optimise(parser)
    add_output(parser, "tables and pictures")


def run(options: argparse.Namespace) -> int:
    from micronets.benchmark.models import FOOTNOTE, format_table, run_benchmark

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with output_directory(options.output) as directory:
        rows, misses = run_benchmark(options.folder, directory, options.optimise)
        layers = (directory / "layers.txt").read_text(encoding="utf-8")
    print(format_table(rows))
    print(FOOTNOTE)
    print(layers)
    print("\n".join(misses) if misses else "All targets are met.")
    return 0
