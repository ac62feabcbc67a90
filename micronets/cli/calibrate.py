"""`micronets calibrate`."""

import argparse

from micronets.timing.calibrate import report
from micronets.timing.published_latencies import load_published_latencies

DESCRIPTION = "Print how far the cycle models' estimates are off published latencies."
EXAMPLES = """\
  micronets calibrate
  micronets calibrate --figures"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--figures", action="store_true", help="print every published latency beside its estimate")


def run(options: argparse.Namespace) -> int:
    print(report(load_published_latencies(), figures=options.figures))
    return 0
