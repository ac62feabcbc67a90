"""The runs of instructions that cost most, with their disassembly: where to look when a kernel is to get faster."""

from dataclasses import dataclass, replace

import numpy as np

from micronets.emulator.execution import execute
from micronets.errors import EmulatorError
from micronets.linking.firmware import Firmware
from micronets.linking.instructions import Instruction, disassemble
from micronets.linking.symbols import function_at, read_symbols
from micronets.profile.result import INVOKE
from micronets.timing.cycle_models import find_cycle_model
from micronets.timing.cycles import block_cycles, block_instructions


@dataclass(frozen=True)
class HotBlock:
    """Instructions that ran in sequence, in one layer.

    Attributes:
        cycles: estimated, of all executions, branches and wait states included; for a core other than the Cortex-M4,
            those that the board its estimates are carried over from would take.
        share: of the cycles of all blocks.
        flash_loads: of all executions.
    """

    layer: str
    function: str
    instructions: tuple[Instruction, ...]
    executed: int
    taken: int
    flash_loads: int
    cycles: float
    share: float = 0.0


def hot_blocks(firmware: Firmware, inputs: np.ndarray, most: int) -> list[HotBlock]:
    """The `most` blocks with the most estimated cycles in the inference of the first input.

    Raises EmulatorError where the board has no cycle model, and as `execute`.
    """
    model = find_cycle_model(firmware.board)
    if model is None:
        raise EmulatorError(f"There is no cycle model for {firmware.board.name}.")
    counts = execute(firmware, inputs[:1], counting="detail").counts
    if counts is None:
        raise EmulatorError("The emulator ran without counting.")
    program = disassemble(firmware.elf, firmware.board.core)
    symbols = read_symbols(firmware.elf)
    flash_loads = {(access.layer, access.address): access.flash_loads for access in counts.accesses}
    executions: dict[tuple[int, int], int] = {}
    for block in counts.blocks:
        for instruction in block_instructions(program, block):
            key = (block.layer, instruction.address)
            executions[key] = executions.get(key, 0) + block.executed
    names = (*firmware.layers, INVOKE)
    found = []
    for block in counts.blocks:
        body = block_instructions(program, block)
        # An instruction may lie in several blocks, when a jump goes into the middle of one: each gets its share.
        loads = sum(
            flash_loads.get((block.layer, item.address), 0) * block.executed / executions[block.layer, item.address]
            for item in body
        )
        cycles = block_cycles(model, program, block) + loads * model.flash_load_cycles
        found.append(
            HotBlock(
                layer=names[block.layer],
                function=function_at(symbols, block.start) or "?",
                instructions=tuple(body),
                executed=block.executed,
                taken=block.taken,
                flash_loads=round(loads),
                cycles=cycles,
            )
        )
    total = sum(block.cycles for block in found)
    first = sorted(found, key=lambda block: (-block.cycles, block.layer, block.instructions[0].address))[:most]
    return [replace(block, share=block.cycles / total) for block in first]


def format_hot_blocks(blocks: list[HotBlock]) -> str:
    """A heading for each block, then its instructions."""
    lines = []
    for block in blocks:
        lines.append(
            f"{block.layer}, {block.function}: {block.cycles:,.0f} cycles* ({block.share:.1%}), "
            f"{block.executed:,} times, {len(block.instructions)} instructions, "
            f"{block.cycles / block.executed:.1f} cycles* each, {block.taken / block.executed:.0%} taken, "
            f"{block.flash_loads / block.executed:.1f} flash loads each"
        )
        lines += [f"    {item.address:6x}  {item.mnemonic:10} {item.operands}" for item in block.instructions]
    return "\n".join(lines)
