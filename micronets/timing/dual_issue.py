"""How well the hot loops of a firmware keep a dual-issue core busy.

A static reading of the order of instructions, by rules on the safe side for an in-order core of two instructions a
cycle, as the Cortex-M7: of a pair at most one accesses memory, at most one branches, a multiply or another instruction
of the DSP extension can only be the first, and the second neither reads nor writes what the first writes. Arm publishes
no rules; these follow what others have measured (quinapalus.com/cm7cycles.html; mastodawn.com/explore/tag/CortexM7).
No latencies, no caches: it compares orders of instructions and estimates no time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from micronets.linking.firmware import Firmware
from micronets.linking.instructions import Instruction, disassemble
from micronets.linking.registers import named_registers, written_registers
from micronets.linking.symbols import function_at, read_symbols

_MEMORY = ("load", "store", "load_double", "store_double", "load_multiple", "store_multiple", "fp_load", "fp_store")
_MULTIPLIES = ("mac", "multiply")
_BRANCHES = ("branch", "table_branch")
_SIMD = re.compile(r"[su]xt[ab]+16|pkh|[su]?q?(add|sub)(8|16)|[us]sat")
_LEAST_MACS = 8


@dataclass(frozen=True)
class Loop:
    """A straight run of instructions with many multiply-accumulates.

    Attributes:
        paired_loads: loads that share their cycle with a multiply-accumulate.
        issue_cycles: cycles to issue all instructions, two where the rules allow.
    """

    function: str
    instructions: int
    macs: int
    loads: int
    paired_loads: int
    issue_cycles: int


def pairs(instructions: Sequence[Instruction]) -> list[tuple[Instruction, ...]]:
    """The instructions cycle by cycle, one or two each."""
    cycles: list[tuple[Instruction, ...]] = []
    for instruction in instructions:
        if cycles and len(cycles[-1]) == 1 and _together(cycles[-1][0], instruction):
            cycles[-1] = (cycles[-1][0], instruction)
        else:
            cycles.append((instruction,))
    return cycles


def _together(first: Instruction, second: Instruction) -> bool:
    if first.kind in _MEMORY and second.kind in _MEMORY or first.kind in _BRANCHES:
        return False
    if second.kind in _MULTIPLIES or _SIMD.match(second.mnemonic):
        return False
    return written_registers(first).isdisjoint(named_registers(second))


def loops(firmware: Firmware) -> list[Loop]:
    """Every straight run of the firmware with at least eight multiply-accumulates, those with most first."""
    program, symbols = disassemble(firmware.elf, firmware.board.core), read_symbols(firmware.elf)
    runs: list[list[Instruction]] = [[]]
    for instruction in program.values():
        runs[-1].append(instruction)
        if instruction.kind in _BRANCHES:
            runs.append([])
    found = [
        _measure(function_at(symbols, run[0].address) or "?", run)
        for run in runs
        if sum(instruction.kind == "mac" for instruction in run) >= _LEAST_MACS
    ]
    return sorted(found, key=lambda loop: -loop.macs)


def _measure(function: str, run: Sequence[Instruction]) -> Loop:
    cycles = pairs(run)
    paired = sum(len(cycle) == 2 and {"mac", "load"} == {instruction.kind for instruction in cycle} for cycle in cycles)
    count = {kind: sum(instruction.kind == kind for instruction in run) for kind in ("mac", "load")}
    return Loop(function, len(run), count["mac"], count["load"], paired, len(cycles))
