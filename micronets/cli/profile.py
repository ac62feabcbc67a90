"""`micronets profile`."""

import argparse
import sys
from pathlib import Path

import numpy as np

from micronets.cli.extras import is_installed
from micronets.cli.options import add_board, add_optimise, add_output, board_of, output_directory, positive
from micronets.profile.hot_blocks import format_hot_blocks, hot_blocks
from micronets.profile.model import profile_model
from micronets.profile.table import layer_table, summary
from micronets.target import EMULATOR
from micronets.tflm import TflmLibrary

DESCRIPTION = """\
Compile a .tflite file, link it into a program, and run that on an emulator of the board's core: instructions and memory
accesses are counted exactly, time is estimated from them, flash and RAM are the linker's. Outputs are compared with
TensorFlow Lite Micro's where the extra tflm is installed."""
EXAMPLES = """\
  micronets profile model.tflite
  micronets profile model.tflite --board nucleo-f746zg --hot 5
  micronets profile model.tflite --board nucleo-f446re --target serial:/dev/ttyACM0 --task kws"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .tflite file")
    add_board(parser)
    add_optimise(parser)
    parser.add_argument(
        "--inputs",
        type=_inputs,
        default=3,
        metavar="N|CSV",
        help="random inputs to run (default: %(default)s), or a file of quantised ones, one a row",
    )
    parser.add_argument(
        "--hot", type=int, default=0, metavar="N", help="also print the N costliest runs of instructions (default: 0)"
    )
    parser.add_argument(
        "--target",
        default=EMULATOR,
        help="emulator, or serial:PORT to flash and measure the board there as well (default: %(default)s)",
    )
    parser.add_argument(
        "--task", default="", help="kws, vww, ad or ic: also build the board's program for MLPerf Tiny's runner"
    )
    parser.add_argument(
        "--tflm",
        nargs=2,
        metavar=("LIBRARY", "INCLUDE"),
        help="run the network on this library of TensorFlow Lite Micro instead (docs/runtimes.md)",
    )
    add_output(parser, "the C, the firmware, profile.json and layers.csv")


def _inputs(text: str) -> int | Path:
    return positive(text) if text.lstrip("-").isdigit() else Path(text)


def run(options: argparse.Namespace) -> int:
    board = board_of(options)
    library = None
    if options.tflm:
        archive, include = options.tflm
        library = TflmLibrary.find(archive, include, board.core)
    compare = is_installed("tflm")
    with output_directory(options.output) as directory:
        profile = profile_model(
            options.model,
            board,
            directory,
            optimise=options.optimise,
            inputs=options.inputs,
            target=options.target,
            task=options.task,
            library=library,
            compare=compare,
        )
        profile.save(directory)
        if options.hot:
            zeros = np.zeros((1, profile.firmware.input_bytes), np.int8)
            print(format_hot_blocks(hot_blocks(profile.firmware, zeros, options.hot)))
    print(layer_table(profile))
    print(summary(profile))
    arena_bytes = profile.firmware.memory_plan.arena_bytes
    if not compare:
        print(f"arena: {arena_bytes:,} bytes")
        print(
            "Outputs were not compared with TensorFlow Lite Micro's; pip install 'micronets[tflm]' to have that done.",
            file=sys.stderr,
        )
        return 0
    from micronets.tflm.host import tflm_arena_bytes

    host_bytes = tflm_arena_bytes(options.model)
    print(
        f"arena: {arena_bytes:,} bytes; TFLM's on this machine: {host_bytes:,} (ratio {arena_bytes / host_bytes:.2f})"
    )
    return 0 if profile.different_outputs == 0 else 1
