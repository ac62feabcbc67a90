"""`micronets load-order`."""

import argparse
from pathlib import Path

DESCRIPTION = """\
See what the order of loads is worth, for every .tflite file of a folder: its latency on a Cortex-M4 if a load pipelined
behind one that moves its base register, which the manual leaves open; and the price of a single load in code ordered
for a Cortex-M7."""
EXAMPLES = "  micronets load-order path/to/models"
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="with .tflite files")


def run(options: argparse.Namespace) -> int:
    from micronets.benchmark.load_order import measure_load_order

    print(f"{'model':28} {'ms':>8} {'ms, pipelined':>14} {'scattered load':>15}")
    for tflite in sorted(options.folder.glob("*.tflite")):
        order = measure_load_order(tflite)
        print(
            f"{tflite.stem:28} {order.latency_ms:8.2f} {order.pipelined_latency_ms:14.2f} {order.scattered_load:15.2f}",
            flush=True,
        )
    return 0
