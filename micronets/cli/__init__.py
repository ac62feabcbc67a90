"""The command `micronets`: one module per subcommand, which reads its options and calls the package.

A subcommand's module has `DESCRIPTION`, `EXAMPLES`, `EXTRAS` (what it cannot do without, see `extras`), a function
`add_arguments(parser)`, and `run(options)`, which prints, returns the exit status and imports what only it needs.
"""

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence

import micronets
from micronets.cli.extras import missing_extras
from micronets.errors import MicronetsError

COMMANDS = {
    "From data to a configuration of the workflow": {
        "init": "look at a folder of recordings or pictures, and write a configuration for it",
    },
    "From a .tflite file to a microcontroller": {
        "compile": "compile a .tflite file to C",
        "profile": "build, run and measure it on an emulated board, or on a board at a serial port",
        "boards": "list the boards that can be built for",
        "operators": "list the operators that the compiler supports",
    },
    "A network's input, computed on the device": {
        "features": "generate and measure the C that computes MFCC or log-mel features",
        "features-accuracy": "compare a network's answers on features from host and device",
        "image-input": "generate and measure the C that turns a camera's frames into a network's input",
        "spot": "build a keyword spotter around a network, and score it on a stream of audio",
        "listen": "print which words a finished keyword spotter hears in recordings of your own",
    },
    "How good a network is": {
        "evaluate": "run a .tflite file on the testing split of a prepared dataset",
        "benchmark": "compile and profile every .tflite file of a folder, beside published figures",
    },
    "Results of the workflow": {
        "compare": "compare two results, or two models: scores, time, memory and layers",
        "track": "send to MLflow what it has not taken yet",
    },
    "Checks of the project itself": {
        "fuzz": "throw random networks and damaged files at the compiler",
        "calibrate": "compare the cycle models with published latencies",
        "load-order": "see what the order of loads is worth in every .tflite file of a folder",
        "dual-issue": "see how well a firmware's loops keep a dual-issue core busy",
        "data-speed": "measure how fast recordings or photographs are read",
    },
}
"""Subcommands by group, each with what it does."""

INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit statuses as shells give them to programs that SIGINT or SIGPIPE has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns the exit status: 0 success, 1 a failure told in a sentence, 2 wrong usage."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help()
        return 2
    known = [name for group in COMMANDS.values() for name in group]
    if chosen.command not in known:
        near = difflib.get_close_matches(chosen.command, known, n=1)
        parser.error(f"unknown command {chosen.command!r}; {f'did you mean {near[0]}?' if near else 'see --help.'}")
    command = importlib.import_module(f"micronets.cli.{chosen.command.replace('-', '_')}")
    own = argparse.ArgumentParser(
        prog=f"micronets {chosen.command}",
        description=command.DESCRIPTION,
        epilog=f"examples:\n{command.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(own)
    options = own.parse_args(chosen.arguments)
    try:
        status = command.run(options)
        sys.stdout.flush()
        return status
    except MicronetsError as error:
        print(f"micronets {chosen.command}: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        extras = missing_extras(command.EXTRAS, error)
        if not extras:
            raise
        what = f"the extra {extras[0]}" if len(extras) == 1 else f"the extras {' and '.join(extras)}"
        remedy = f"pip install 'micronets[{','.join(extras)}]'"
        print(f"micronets {chosen.command} needs {what}: {remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # who reads what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _parser() -> argparse.ArgumentParser:
    lines = []
    for group, commands in COMMANDS.items():
        lines += [f"{group}:", *(f"  {name:18} {what}" for name, what in commands.items()), ""]
    parser = argparse.ArgumentParser(
        prog="micronets",
        usage="micronets COMMAND ...",
        description="Neural networks on Arm Cortex-M microcontrollers: from a .tflite file to C, measured.",
        epilog="\n".join([*lines, "`micronets COMMAND --help` explains a command's options."]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"micronets {micronets.__version__}")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser
