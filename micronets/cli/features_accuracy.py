"""`micronets features-accuracy`."""

import argparse
from pathlib import Path

from micronets.cli.options import positive

DESCRIPTION = """\
Run a network on the testing split of a prepared dataset twice, with the features of this machine and with the integers
that the device computes from the same sounds, and compare its scores."""
EXAMPLES = """\
  micronets features-accuracy results/kws/data results/kws/ds-cnn-s/export/model.tflite"""
EXTRAS = ("data", "tflm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", type=Path, help="folder of a prepared dataset, results/<task>/data")
    parser.add_argument("model", type=Path, help="a .tflite file with an int8 input")
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="how its features differ from the dataset's: window_ms=30",
    )
    parser.add_argument(
        "--processes", type=positive, default=1, metavar="N", help="interpreters side by side (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    from micronets.device_features.sound.accuracy import compare
    from micronets.device_features.sound.options import parameter_changes

    found = compare(options.dataset, options.model, parameter_changes(options.set), processes=options.processes)
    print(
        f"{options.model.name}, {found.count:,} examples: {100 * found.different:.2f} % of the input values differ, "
        f"by at most {found.furthest}"
    )
    for name, host in found.host.items():
        device = found.device[name]
        print(
            f"  {name:24} host {100 * host.value:6.2f} %, device {100 * device.value:6.2f} %, "
            f"{100 * (device.value - host.value):+.2f} points"
        )
    return 0
