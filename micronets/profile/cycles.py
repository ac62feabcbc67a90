"""Estimates cycles from exactly counted instructions.

The model: costs per class of instruction from the processor's technical reference manual, plus the board's wait states:
a fixed number of cycles for every word loaded from flash, fitted once to measurements on silicon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from micronets.boards import Board
from micronets.profile.instructions import CLASSES, Instruction
from micronets.profile.plugin import AccessCount, BlockCount


@dataclass(frozen=True)
class CycleModel:
    """Costs of one core, and how far estimates have been from measurements.

    Attributes:
        fixed: cycles by instruction class. A `load` costs its cycles or, right after another single load or store, 1;
            double and multiple transfers cost 1 and 1 for every word.
        taken_branch: more cycles of every branch taken, return and load of the program counter.
        mean_error, worst_error: of estimates against measurements, as shares (0.1 is 10 %).
        source: which measurements.
        measured_on: the board they were made on; for others of the same core the errors are only an indication.
    """

    fixed: Mapping[str, int]
    taken_branch: int
    mean_error: float
    worst_error: float
    source: str
    measured_on: str


# Arm, "Cortex-M4 Technical Reference Manual" (DDI 0439): table 3-1, section 3.3.2; floating point: table 7-1.
_CORTEX_M4 = CycleModel(
    fixed={
        "alu": 1,
        "multiply": 1,
        "mac": 1,
        "divide": 7,
        "load": 2,
        "store": 1,
        "branch": 1,
        "table_branch": 2,
        "fp_alu": 1,
        "fp_mac": 3,
        "fp_divide": 14,
        "fp_load": 2,
        "fp_store": 2,
    },
    taken_branch=2,
    mean_error=0.032,
    worst_error=0.097,
    source="12 latencies published for NUCLEO-L4R5ZI at 120 MHz, against the same C sources recompiled and emulated",
    measured_on="nucleo-l4r5zi",
)

_CYCLE_MODELS = {"cortex-m4": _CORTEX_M4}


def find_cycle_model(board: Board) -> CycleModel | None:
    """None where there is no model for the board's core, or its wait states are not known."""
    return None if board.flash_load_cycles is None else _CYCLE_MODELS.get(board.core)


_SINGLE_TRANSFERS = ("load", "store")


@dataclass(frozen=True)
class LayerCounts:
    """What one layer executes in one inference: all exactly counted but `cycles`, which are estimated.

    Attributes:
        classes: instructions by class, only those that occur.
        flash_loads, ram_loads, ram_stores: accesses; one for every word of a double or multiple transfer.
        cycles: None where there is no cycle model for the board.
    """

    instructions: int
    classes: Mapping[str, int]
    taken_branches: int
    flash_loads: int
    ram_loads: int
    ram_stores: int
    cycles: float | None


def sequence_cycles(model: CycleModel, instructions: Sequence[Instruction]) -> int:
    """Cycles of instructions run one after the other from memory without wait states, no branch taken."""
    cycles = 0
    previous = ""
    for instruction in instructions:
        kind = instruction.kind
        if kind == "load" and previous in _SINGLE_TRANSFERS:
            cycles += 1
        elif instruction.words:
            cycles += 1 + instruction.words
        else:
            cycles += model.fixed[kind]
        previous = kind
    return cycles


def block_cycles(model: CycleModel, program: Mapping[int, Instruction], block: BlockCount) -> int:
    """Cycles of all executions of a block, its taken branches included, wait states not.

    Where the emulator ends a block depends on the host as well; a load that follows such a seam is pipelined with the
    load or store before it as if the seam were not there.
    """
    body = block_instructions(program, block)
    cycles = block.executed * sequence_cycles(model, body) + block.taken * model.taken_branch
    following = program.get(block.end)
    if following is not None and following.kind == "load" and body[-1].kind in _SINGLE_TRANSFERS:
        cycles -= (block.executed - block.taken) * (model.fixed["load"] - 1)
    return cycles


def count_layer(
    program: Mapping[int, Instruction],
    blocks: Sequence[BlockCount],
    accesses: Sequence[AccessCount],
    board: Board,
) -> LayerCounts:
    """Adds up the blocks and accesses of one layer in one inference."""
    model = find_cycle_model(board)
    classes = dict.fromkeys(CLASSES, 0)
    taken = sum(block.taken for block in blocks)
    flash_loads = sum(access.flash_loads for access in accesses)
    cycles = None
    if model is not None and board.flash_load_cycles is not None:
        cycles = flash_loads * board.flash_load_cycles
    for block in blocks:
        for instruction in block_instructions(program, block):
            classes[instruction.kind] += block.executed
        if model is not None and cycles is not None:
            cycles += block_cycles(model, program, block)
    return LayerCounts(
        instructions=sum(classes.values()),
        classes={kind: count for kind, count in classes.items() if count},
        taken_branches=taken,
        flash_loads=flash_loads,
        ram_loads=sum(access.ram_loads for access in accesses),
        ram_stores=sum(access.ram_stores for access in accesses),
        cycles=cycles,
    )


def block_instructions(program: Mapping[int, Instruction], block: BlockCount) -> list[Instruction]:
    """The instructions in [start, end) of a block."""
    body = []
    address = block.start
    while address < block.end:
        body.append(program[address])
        address += program[address].size_bytes
    return body
