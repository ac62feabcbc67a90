"""`python -m micronets.profile model.tflite [--board NAME]`: compiles, builds, runs, prints what each layer costs."""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.compiler import OPTIMISE
from micronets.errors import MicronetsError
from micronets.profile.hot_blocks import format_hot_blocks, hot_blocks
from micronets.profile.model import profile_model
from micronets.profile.table import layer_table, summary
from micronets.target import EMULATOR
from micronets.tflm import TflmLibrary
from micronets.tflm.host import tflm_arena_bytes


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.profile", description="Profile a .tflite file.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--board", default="nucleo-l4r5zi", help="a name in micronets/boards.yaml")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--inputs", type=int, default=3, help="random inputs to run and compare")
    parser.add_argument("--hot", type=int, default=0, metavar="N", help="print the N costliest runs of instructions")
    parser.add_argument(
        "--target", default=EMULATOR, help="emulator, or serial:PORT to measure on the board there, too"
    )
    parser.add_argument("--task", default="", help="kws, vww, ad, ic: also build the board's program for MLPerf Tiny")
    parser.add_argument(
        "--tflm",
        nargs=2,
        metavar=("LIBRARY", "INCLUDE"),
        help="run it on this library of TensorFlow Lite Micro instead, with its sources",
    )
    parser.add_argument("--output", type=Path, help="directory for the firmware, profile.json and layers.csv")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            directory = options.output or Path(scratch)
            board = find_board(options.board)
            library = None
            if options.tflm:
                archive, include = options.tflm
                library = TflmLibrary.find(archive, include, board.core)
            profile = profile_model(
                options.model,
                board,
                directory,
                optimise=options.optimise,
                inputs=options.inputs,
                target=options.target,
                task=options.task,
                library=library,
            )
            profile.save(directory)
            host_bytes = tflm_arena_bytes(options.model)
            if options.hot:
                zeros = np.zeros((1, profile.firmware.input_bytes), np.int8)
                print(format_hot_blocks(hot_blocks(profile.firmware, zeros, options.hot)))
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    print(layer_table(profile))
    print(summary(profile))
    arena_bytes = profile.firmware.memory_plan.arena_bytes
    print(
        f"arena: {arena_bytes:,} bytes; TFLM's on this machine: {host_bytes:,} (ratio {arena_bytes / host_bytes:.2f})"
    )
    return 0 if profile.different_outputs == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
