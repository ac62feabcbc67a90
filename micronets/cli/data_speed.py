"""`micronets data-speed`."""

import argparse
from pathlib import Path

DESCRIPTION = """\
Measure how fast recordings are read and turned into features, or photographs are decoded and made into batches; each
figure is the best of three passes, by the clock and by the processor time it took."""
EXAMPLES = """\
  micronets data-speed recordings path/to/speech_commands
  micronets data-speed photographs path/to/coco"""
EXTRAS = ("data",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("recordings", "photographs"), help="what the folder holds")
    parser.add_argument("folder", type=Path, help="in the layout of Speech Commands, or of COCO")


def run(options: argparse.Namespace) -> int:
    if options.what == "recordings":
        from micronets.data.speech.benchmark import measure
    else:
        from micronets.data.images.benchmark import measure
    for line in measure(options.folder):
        print(line, flush=True)
    return 0
