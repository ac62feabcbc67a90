"""`micronets dual-issue`."""

import argparse
from pathlib import Path

from micronets.linking.firmware import Firmware
from micronets.timing.dual_issue import loops

DESCRIPTION = """\
Count, from the order of instructions alone, how many of a firmware's loads share their cycle with a multiply-accumulate
on a core that issues two instructions a cycle, such as the Cortex-M7."""
EXAMPLES = """\
  micronets profile model.tflite --board nucleo-f746zg --output out
  micronets dual-issue out"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "firmware", nargs="+", type=Path, help="folder that `micronets profile --output` or the firmware stage has left"
    )


def run(options: argparse.Namespace) -> int:
    for folder in options.firmware:
        firmware = Firmware.load(folder)
        print(f"{firmware.network} for {firmware.board.name} ({firmware.board.core})")
        for loop in loops(firmware):
            print(
                f"  {loop.function:32} {loop.macs:4} MACs, {loop.loads:4} loads, {loop.paired_loads:4} of them "
                f"beside a MAC; {loop.issue_cycles / loop.macs:.2f} cycles to issue per MAC instruction"
            )
    return 0
