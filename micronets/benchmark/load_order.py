"""`python -m micronets.benchmark.load_order [FOLDER]`: what the order of loads is worth, in every .tflite of a folder.

Two things that the cycle models rest on:

- Whether a Cortex-M4 pipelines a load behind one that moves its base register. The manual leaves it open; estimates say
  no, since their error has been found that way. Here is the latency by either reading.
- What a single load costs on average, where code is in the order of another core. For every model: the price with which
  its program for the Cortex-M7 takes as many cycles as its program for the Cortex-M4.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.emulator.execution import execute
from micronets.emulator.plugin import Counts
from micronets.errors import EmulatorError, MicronetsError
from micronets.linking.build import build_firmware
from micronets.linking.instructions import Instruction, disassemble
from micronets.timing.cycle_models import CycleModel, find_cycle_model
from micronets.timing.cycles import count_layer
from micronets.timing.transfer import REFERENCE_BOARD

M7_BOARD = "nucleo-f746zg"


@dataclass(frozen=True)
class LoadOrder:
    """One model.

    Attributes:
        latency_ms, pipelined_latency_ms: estimated for the reference board, by either reading.
        scattered_load: cycles.
    """

    latency_ms: float
    pipelined_latency_ms: float
    scattered_load: float


@dataclass(frozen=True)
class _Run:
    program: dict[int, Instruction]
    counts: Counts

    def reference_cycles(self, model: CycleModel) -> float:
        return count_layer(self.program, self.counts.blocks, self.counts.accesses, model, 0).cycles or 0.0

    @property
    def loads(self) -> int:
        return count_layer(self.program, self.counts.blocks, (), None, 0).classes["load"]


def measure_load_order(tflite: Path) -> LoadOrder:
    """Builds and runs the model for both cores, on an input of zeros; raises MicronetsError where that fails."""
    reference, clock_hz = find_cycle_model(find_board(REFERENCE_BOARD)), find_board(REFERENCE_BOARD).clock_hz
    if reference is None:
        raise EmulatorError(f"There is no cycle model for {REFERENCE_BOARD}.")
    m4, m7 = _run(tflite, REFERENCE_BOARD), _run(tflite, M7_BOARD)
    cycles = m4.reference_cycles(reference)
    pipelined = m4.reference_cycles(replace(reference, pipelines_after_write_back=True))
    without_loads = m7.reference_cycles(replace(reference, scattered_load=0.0))
    return LoadOrder(cycles / clock_hz * 1e3, pipelined / clock_hz * 1e3, (cycles - without_loads) / m7.loads)


def _run(tflite: Path, board_name: str) -> _Run:
    board = find_board(board_name)
    with tempfile.TemporaryDirectory() as scratch:
        network = compile_network(tflite, Path(scratch) / "src", core=board.core)
        firmware = build_firmware(network, board, Path(scratch))
        counts = execute(firmware, np.zeros((1, firmware.input_bytes), np.int8), counting="detail").counts
        if counts is None:
            raise EmulatorError("The emulator ran without counting.")
        return _Run(disassemble(firmware.elf, board.core), counts)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.benchmark.load_order", description=__doc__)
    default = Path(__file__).parents[3] / "shared" / "models"
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    try:
        print(f"{'model':28} {'ms':>8} {'ms, pipelined':>14} {'scattered load':>15}")
        for tflite in sorted(parser.parse_args(arguments).folder.glob("*.tflite")):
            order = measure_load_order(tflite)
            print(
                f"{tflite.stem:28} {order.latency_ms:8.2f} {order.pipelined_latency_ms:14.2f} "
                f"{order.scattered_load:15.2f}",
                flush=True,
            )
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
