"""`micronets fuzz`."""

import argparse
import time

from micronets.cli.options import positive
from micronets.fuzz import KINDS

DESCRIPTION = """\
Throw random layers, random networks and damaged files at the compiler: what it accepts is built with sanitizers and
compared with TensorFlow Lite Micro, on this machine and on emulated boards. Every failure repeats from one line."""
EXAMPLES = """\
  micronets fuzz --layers 200 --networks 20 --mutations 1000 --emulated 20
  micronets fuzz --only layer 9001"""
EXTRAS = ("tflm",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for kind, (count, what) in {
        "layer": (2000, "random layers of images"),
        "operator": (1000, "random operators of other kinds"),
        "network": (200, "random networks"),
        "mutation": (10_000, "damaged files"),
        "emulated": (200, "random layers and networks on emulated boards"),
    }.items():
        option = kind if kind == "emulated" else f"{kind}s"
        parser.add_argument(
            f"--{option}", dest=kind, type=int, default=count, metavar="N", help=f"{what} (default: %(default)s)"
        )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="seed of the first of each kind (default: from the clock)"
    )
    parser.add_argument("--jobs", type=positive, default=2, metavar="N", help="processes (default: %(default)s)")
    parser.add_argument("--only", nargs=2, metavar=("KIND", "SEED"), help=f"repeat one: {', '.join(KINDS)}")


def run(options: argparse.Namespace) -> int:
    from micronets.fuzz.campaign import run_campaign

    if options.only:
        jobs = [(options.only[0], int(options.only[1]))]
    else:
        seed = int(time.time()) % 1_000_000_000 if options.seed is None else options.seed
        print(f"seed {seed}", flush=True)
        jobs = [(kind, seed + index) for kind in KINDS for index in range(getattr(options, kind))]
    failures = run_campaign(jobs, options.jobs, repeat="micronets fuzz --only")
    return 1 if failures else 0
