"""Estimates cycles from exactly counted instructions, by a `CycleModel`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from micronets.emulator.plugin import AccessCount, BlockCount
from micronets.linking.instructions import CLASSES, Instruction
from micronets.linking.registers import find_address, result_registers
from micronets.timing.cycle_models import CycleModel

_DATA_PROCESSING = ("alu", "multiply", "mac", "divide")


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


def sequence_cycles(model: CycleModel, instructions: Sequence[Instruction]) -> float:
    """Cycles on a Cortex-M4 of instructions run one after the other, without wait states, no branch taken."""
    return sum(_cycles(model, previous, item) for previous, item in pairwise((None, *instructions)) if item)


def block_cycles(model: CycleModel, program: Mapping[int, Instruction], block: BlockCount) -> float:
    """Cycles on a Cortex-M4 of all executions of a block, its taken branches included, wait states not."""
    return _executions(block, _block(program, block, model), model)


def _cycles(model: CycleModel, previous: Instruction | None, instruction: Instruction) -> float:
    """Of one instruction; `previous` ran directly before it, None after a taken branch."""
    if instruction.kind == "load" and model.scattered_load is not None:
        return model.scattered_load
    cycles = 1 + instruction.words if instruction.words else model.fixed[instruction.kind]
    address = find_address(instruction)
    if address is None:
        return cycles
    stalled = pipelined = False
    if previous is not None:
        dependent = not result_registers(previous).isdisjoint(address.registers)
        stalled = dependent and previous.kind in _DATA_PROCESSING  # no forwarding from there to an address
        pipelined = not dependent and _lets_next_pipeline(model, previous)
    if instruction.kind == "load" and pipelined:
        cycles -= 1
    if instruction.kind == "store" and address.has_index and not pipelined:
        cycles += 1
    return cycles + stalled


def _lets_next_pipeline(model: CycleModel, instruction: Instruction) -> bool:
    """Whether a single load or store directly behind it may begin while it still waits for its data."""
    address = find_address(instruction)
    if instruction.kind != "load" or address is None:
        return False
    return model.pipelines_after_write_back or not address.writes_back


@dataclass(frozen=True)
class LayerBlocks:
    """What ran in one layer, in one inference, with so many multiply-accumulates."""

    blocks: Sequence[BlockCount]
    accesses: Sequence[AccessCount]
    macs: int


def count_layer(
    program: Mapping[int, Instruction],
    blocks: Sequence[BlockCount],
    accesses: Sequence[AccessCount],
    model: CycleModel | None,
    macs: int,
) -> LayerCounts:
    """Adds up the blocks and accesses of one layer in one inference, with so many multiply-accumulates."""
    return count_layers(program, [LayerBlocks(blocks, accesses, macs)], model)[0]


def count_layers(
    program: Mapping[int, Instruction], layers: Sequence[LayerBlocks], model: CycleModel | None
) -> list[LayerCounts]:
    """The same for many layers: a kernel's blocks, which many run, are looked at once."""
    known: dict[tuple[int, int], _Block] = {}
    return [_count(program, layer, model, known) for layer in layers]


@dataclass(frozen=True)
class _Block:
    """Instructions by class, and cycles: of one execution without its taken branch, and more where the flow goes on."""

    classes: Mapping[str, int]
    cycles: float
    seam: float


def _count(
    program: Mapping[int, Instruction],
    layer: LayerBlocks,
    model: CycleModel | None,
    known: dict[tuple[int, int], _Block],
) -> LayerCounts:
    classes = dict.fromkeys(CLASSES, 0)
    flash_loads = sum(access.flash_loads for access in layer.accesses)
    cycles = 0.0 if model is None else flash_loads * model.flash_load_cycles
    for counted in layer.blocks:
        place = counted.start, counted.end
        if place not in known:
            known[place] = _block(program, counted, model)
        block = known[place]
        for kind, count in block.classes.items():
            classes[kind] += counted.executed * count
        if model is not None:
            cycles += _executions(counted, block, model)
    return LayerCounts(
        instructions=sum(classes.values()),
        classes={kind: count for kind, count in classes.items() if count},
        taken_branches=sum(block.taken for block in layer.blocks),
        flash_loads=flash_loads,
        ram_loads=sum(access.ram_loads for access in layer.accesses),
        ram_stores=sum(access.ram_stores for access in layer.accesses),
        cycles=None if model is None else model.cycles(cycles, layer.macs),
    )


def _block(program: Mapping[int, Instruction], counted: BlockCount, model: CycleModel | None) -> _Block:
    """Where the emulator ends a block depends on the host as well; what follows such a seam takes what it would if the
    seam were not there."""
    body = block_instructions(program, counted)
    classes = Counter(instruction.kind for instruction in body)
    if model is None:
        return _Block(classes, 0, 0)
    following = program.get(counted.end)
    seam = 0.0
    if following is not None:
        seam = _cycles(model, body[-1], following) - _cycles(model, None, following)
    return _Block(classes, sequence_cycles(model, body), seam)


def _executions(counted: BlockCount, block: _Block, model: CycleModel) -> float:
    cycles = counted.executed * block.cycles + counted.taken * model.taken_branch
    return cycles + (counted.executed - counted.taken) * block.seam


def block_instructions(program: Mapping[int, Instruction], block: BlockCount) -> list[Instruction]:
    """The instructions in [start, end) of a block."""
    body = []
    address = block.start
    while address < block.end:
        body.append(program[address])
        address += program[address].size_bytes
    return body
