"""`micronets benchmark`."""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from micronets.cli.options import add_board, add_optimise, add_output, board_of, output_directory, positive

if TYPE_CHECKING:
    from micronets.benchmark.baseline import Libraries

DESCRIPTION = """\
Compile and profile .tflite files for a NUCLEO-L4R5ZI (and count their instructions on a Cortex-M55), and print each
beside what other runtimes reach with it, where that is published. A published network can be named instead of a file:
it gets random weights, with which it takes nearly as long as with trained ones. Or the five benchmarks of MLPerf Tiny
on every board with published figures: the reference models of a folder, and random weights for those it lacks. Or, with
the word `budgets`, random budgets of flash, RAM and latency, and for each a network of one of the search's backbones
that keeps it as linked and emulated, or a sentence that none can."""
EXAMPLES = """\
  micronets benchmark path/to/models --output results/benchmark
  micronets benchmark resnet-8 micronet-kws-l --output results/by-name
  micronets benchmark path/to/models --tflm 'tflm/{core}/libtensorflow-microlite.a' path/to/tflite-micro
  micronets benchmark --mlperf-tiny path/to/models
  micronets benchmark budgets --board nucleo-f446re --count 100 --output results/budgets"""
EXTRAS = ("report", "tflm")
_BUDGETS = "budgets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="folder of .tflite files, one of them, a published network's name, or `budgets` alone",
    )
    parser.add_argument("--mlperf-tiny", action="store_true", help="the five benchmarks of MLPerf Tiny in one table")
    parser.add_argument(
        "--tflm",
        nargs=2,
        metavar=("LIBRARY", "INCLUDE"),
        help="measure TensorFlow Lite Micro beside every model in this run, with this library of it; {core} in its "
        "name stands for the core (default: its shipped figures; docs/runtimes.md)",
    )
    of_budgets = parser.add_argument_group("of budgets alone")
    add_board(of_budgets, default="nucleo-f446re")
    of_budgets.add_argument("--count", type=positive, default=100, help="budgets to draw (default: %(default)s)")
    of_budgets.add_argument("--seed", type=int, default=1, help="of all draws (default: %(default)s)")
    of_budgets.add_argument("--processes", type=positive, default=1, help="side by side (default: %(default)s)")
    add_optimise(parser)
    add_output(parser, "tables and pictures")


def run(options: argparse.Namespace) -> int:
    from micronets.errors import ConfigurationError

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    libraries = _libraries(options)
    if options.mlperf_tiny:
        from micronets.benchmark.mlperf_tiny import format_mlperf_tiny, run_mlperf_tiny

        if len(options.models) > 1:
            raise ConfigurationError("--mlperf-tiny takes one folder of .tflite files, or none; leave the others out.")
        folder = Path(options.models[0]) if options.models else None
        with output_directory(options.output) as directory:
            print(format_mlperf_tiny(run_mlperf_tiny(folder, directory, options.optimise, libraries)))
        return 0
    if options.models == [_BUDGETS]:
        from micronets.benchmark.budgets import format_budgets, run_budgets

        board, drawn = board_of(options), (options.count, options.seed)
        with output_directory(options.output) as directory:
            # The folder itself is new in every call; a call that goes on finds what is beside it.
            folder = (options.output or directory).resolve()
            unfinished = folder.with_name(f".{folder.name}.unfinished.npz")
            kept = run_budgets(directory, board, *drawn, options.optimise, options.processes, unfinished)
        print(format_budgets(kept))
        return 0 if all(row.keeps or row.refusal for row in kept) else 1
    from micronets.benchmark.baseline import describe_libraries, format_baseline
    from micronets.benchmark.models import FOOTNOTE, format_table, run_benchmark

    if not options.models:
        raise ConfigurationError(
            "there is nothing to measure; give a folder of .tflite files, a published network's name, or --mlperf-tiny"
        )
    with output_directory(options.output) as directory:
        rows, misses = run_benchmark(options.models, directory, options.optimise, libraries)
        layers = (directory / "layers.txt").read_text(encoding="utf-8")
    print(format_table(rows))
    print(FOOTNOTE)
    if libraries:
        print(f"\n{format_baseline(rows)}\n{describe_libraries(libraries)}\n")
    print(layers)
    print("\n".join(misses) if misses else "All targets are met.")
    return 0


def _libraries(options: argparse.Namespace) -> "Libraries":
    """Of TensorFlow Lite Micro, for the cores of all boards that estimates are made for or instructions counted on."""
    from micronets.benchmark.baseline import find_libraries
    from micronets.benchmark.models import M4_BOARD, M55_BOARD
    from micronets.boards import find_board

    if not options.tflm:
        return {}
    boards = [M4_BOARD, M55_BOARD]
    if options.mlperf_tiny:
        from micronets.benchmark.mlperf_tiny import load_benchmarks

        boards = [board for benchmark in load_benchmarks() for board in benchmark.published]
    library, include = options.tflm
    return find_libraries(library, include, [find_board(board).core for board in boards])
