"""`python -m micronets.compiler model.tflite [--explain] [--output DIRECTORY]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from micronets.compiler.compile import OPTIMISE, compile_network
from micronets.compiler.cores import CORES
from micronets.compiler.explain import explain
from micronets.compiler.naming import default_prefix
from micronets.errors import MicronetsError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.compiler", description="Compile a .tflite file to C.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--output", type=Path, help="folder to write to; what others put there stays")
    parser.add_argument("--prefix", help="begins all names in the C; by default the model's file name")
    parser.add_argument("--core", choices=CORES, default="cortex-m4")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--explain", action="store_true", help="print what each pass did, per layer")
    options = parser.parse_args(arguments)
    prefix = default_prefix(options.model) if options.prefix is None else options.prefix
    try:
        with tempfile.TemporaryDirectory() as scratch:
            directory = options.output or Path(scratch) / "network"
            network = compile_network(
                options.model, directory, core=options.core, optimise=options.optimise, prefix=prefix
            )
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.explain:
        print(explain(network))
    else:
        print(f"{network.name}: arena {network.arena_bytes} bytes, constants {network.weights_bytes} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
