"""Which of the core's registers an instruction names, writes, and forms its address of, as `objdump` spells them."""

import re
from dataclasses import dataclass

from micronets.linking.instructions import Instruction

_REGISTER = re.compile(r"\b(?:r\d+|sl|fp|ip|lr|sp|pc)\b")
_MEMORY = re.compile(r"\[(.*?)\](!| *,)?")
_MULTIPLE = re.compile(r"([^{]*)\{")
_STACK = re.compile(r"v?(push|pop)")
_WITHOUT_RESULT = re.compile(r"cmp|cmn|tst|teq")
_TWO_RESULTS = re.compile(r"ldrd|[su]m(ul|la)l|smlsld|umaal")


@dataclass(frozen=True)
class Address:
    """Where a load or store finds its data.

    Attributes:
        registers: the base, and the index where there is one.
        writes_back: the base moves: `[r0], #4`, `[r0, #4]!`, `r0!, {r1, r2}`, `push`, `pop`.
    """

    registers: tuple[str, ...]
    writes_back: bool

    @property
    def has_index(self) -> bool:
        """A register is added to the base, shifted or not."""
        return len(self.registers) > 1


def find_address(instruction: Instruction) -> Address | None:
    """None of instructions that do not access memory."""
    if _STACK.match(instruction.mnemonic):
        return Address(("sp",), writes_back=True)
    if "load" not in instruction.kind and "store" not in instruction.kind:
        return None
    operands = instruction.operands
    if match := _MEMORY.search(operands):
        return Address(tuple(_REGISTER.findall(match[1])), writes_back=match[2] is not None)
    if match := _MULTIPLE.match(operands):
        return Address(tuple(_REGISTER.findall(match[1])), writes_back="!" in match[1])
    return None


def named_registers(instruction: Instruction) -> set[str]:
    """Those that stand among the operands, read or written."""
    return set(_REGISTER.findall(instruction.operands))


def written_registers(instruction: Instruction) -> set[str]:
    """Those that get a value: its results, and a base that moves; of branches none are told."""
    address = find_address(instruction)
    moved = {address.registers[0]} if address is not None and address.writes_back else set()
    return result_registers(instruction) | moved


def result_registers(instruction: Instruction) -> set[str]:
    """Those that get what has been computed or loaded; of branches none are told."""
    kind, operands = instruction.kind, instruction.operands
    if kind == "load_multiple":
        return set(_REGISTER.findall(operands.partition("{")[2]))
    if "store" in kind or "branch" in kind or _WITHOUT_RESULT.match(instruction.mnemonic):
        return set()
    results = 2 if _TWO_RESULTS.match(instruction.mnemonic) else 1
    first = (operand.strip() for operand in operands.split(",")[:results])
    return {operand for operand in first if _REGISTER.fullmatch(operand)}
