"""`micronets compile`."""

import argparse
from pathlib import Path

from micronets.cli.options import add_optimise, add_output, output_directory
from micronets.compiler import CORES, compile_network
from micronets.compiler.explain import explain

DESCRIPTION = """\
Compile an int8 .tflite file to C for a Cortex-M: one function, network_invoke(), with its constants and an arena of
fixed size; no interpreter, no malloc. Its outputs equal TensorFlow Lite Micro's bit for bit."""
EXAMPLES = """\
  micronets compile model.tflite --core cortex-m7 --output net
  micronets compile model.tflite --explain"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .tflite file")
    parser.add_argument("--core", choices=CORES, default="cortex-m4", help="what runs it (default: %(default)s)")
    add_optimise(parser)
    parser.add_argument("--explain", action="store_true", help="print what each pass did, all layers and all buffers")
    add_output(parser, "network.c, network.h and the kernels")


def run(options: argparse.Namespace) -> int:
    with output_directory(options.output) as directory:
        network = compile_network(options.model, directory, core=options.core, optimise=options.optimise)
    if options.explain:
        print(explain(network))
    else:
        print(f"{network.name}: arena {network.arena_bytes:,} bytes, constants {network.weights_bytes:,} bytes")
    return 0
