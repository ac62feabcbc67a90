"""What the order of loads is worth in a model.

Two things that the cycle models rest on:

- Whether a Cortex-M4 pipelines a load behind one that moves its base register. The manual leaves it open; estimates say
  no, since their error has been found that way. Here is the latency by either reading.
- What a single load costs on average, where code is in the order of another core. The price with which a
  model's program for the Cortex-M7 takes as many cycles as its program for the Cortex-M4.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.emulator.execution import execute
from micronets.emulator.plugin import Counts
from micronets.errors import EmulatorError
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
        network = compile_network(tflite, Path(scratch) / "src", core=board.core, memories=board)
        firmware = build_firmware(network, board, Path(scratch))
        counts = execute(firmware, np.zeros((1, firmware.input_bytes), np.int8), counting="detail").counts
        if counts is None:
            raise EmulatorError("The emulator ran without counting.")
        return _Run(disassemble(firmware.elf, board.core), counts)
