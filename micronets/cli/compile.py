"""`micronets compile`."""

import argparse
import tempfile
from pathlib import Path

from micronets.cli.options import add_optimise, add_output
from micronets.compiler import CORES, compile_network
from micronets.compiler.explain import explain
from micronets.compiler.naming import default_prefix

DESCRIPTION = """\
Compile an int8 .tflite file to C for a Cortex-M: one function to call, constants, and an arena of fixed size; no
interpreter, no malloc. Its outputs equal TensorFlow Lite Micro's bit for bit."""
EXAMPLES = """\
  micronets compile model.tflite --core cortex-m7 --output net
  micronets compile wake_word.tflite --prefix wake --output wake
  micronets compile model.tflite --explain"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .tflite file")
    parser.add_argument("--core", choices=tuple(CORES), default="cortex-m4", help="what runs it (default: %(default)s)")
    add_optimise(parser)
    parser.add_argument(
        "--prefix", help="begins all names in the C, and its files' (default: from the model's file name)"
    )
    parser.add_argument("--explain", action="store_true", help="print what each pass did, all layers and all buffers")
    add_output(parser, "the C, with a README and a CMakeLists.txt")


def run(options: argparse.Namespace) -> int:
    prefix = default_prefix(options.model) if options.prefix is None else options.prefix
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.output or Path(scratch) / "network"
        network = compile_network(options.model, directory, core=options.core, optimise=options.optimise, prefix=prefix)
    if options.explain:
        print(explain(network))
    else:
        print(f"{network.name}: arena {network.arena_bytes:,} bytes, constants {network.weights_bytes:,} bytes")
    return 0
