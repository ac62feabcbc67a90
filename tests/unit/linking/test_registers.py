"""Registers of instructions as `objdump` of Debian's arm-none-eabi binutils spells them."""

import pytest

from micronets.linking.instructions import Instruction, classify
from micronets.linking.registers import Address, find_address, named_registers, result_registers, written_registers


def instruction(text: str) -> Instruction:
    mnemonic, _, operands = text.partition(" ")
    return Instruction(0, 4, mnemonic, operands, classify(mnemonic, operands), 0)


@pytest.mark.parametrize(
    ("text", "registers", "writes_back", "has_index"),
    [
        ("ldr r3, [r1, #4]", ("r1",), False, False),
        ("ldr.w r3, [r1], #4", ("r1",), True, False),
        ("ldrsb.w r3, [r1, #-1]!", ("r1",), True, False),
        ("ldrb.w r3, [r1, r2]", ("r1", "r2"), False, True),
        ("ldr.w r3, [r1, sl, lsl #2]", ("r1", "sl"), False, True),
        ("ldr r3, [pc, #48]", ("pc",), False, False),
        ("ldrd r3, r4, [r1], #8", ("r1",), True, False),
        ("strd r3, r4, [sp, #8]", ("sp",), False, False),
        ("str r1, [r2, r3]", ("r2", "r3"), False, True),
        ("ldmia.w r1!, {r2, r3, ip}", ("r1",), True, False),
        ("ldmia.w r1, {r2, r3}", ("r1",), False, False),
        ("vldr s0, [r0, #4]", ("r0",), False, False),
        ("vldmia r0!, {s0-s3}", ("r0",), True, False),
        ("push {r4, r5, lr}", ("sp",), True, False),
        ("ldmia.w sp!, {r4, r5, pc}", ("sp",), True, False),
        ("vpop {d8}", ("sp",), True, False),
    ],
)
def test_address(text: str, registers: tuple[str, ...], writes_back: bool, has_index: bool) -> None:
    address = find_address(instruction(text))
    assert address == Address(registers, writes_back)
    assert address.has_index == has_index


@pytest.mark.parametrize("text", ["adds r1, r2, r3", "bl 8000", "nop", "tbb [pc, r3]", "vmov r0, s0", "pld [r0]"])
def test_no_access_to_memory(text: str) -> None:
    assert find_address(instruction(text)) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("add.w r1, r2, r3", {"r1"}),
        ("smlad r0, r8, sl, r0", {"r0"}),
        ("smull r2, r3, r0, r1", {"r2", "r3"}),
        ("smlal r2, r3, r0, r1", {"r2", "r3"}),
        ("umaal r2, r3, r0, r1", {"r2", "r3"}),
        ("cmp r1, r2", set()),
        ("tst.w r1, #4", set()),
        ("msr BASEPRI, r0", set()),
        ("it ne", set()),
        ("vmov r0, s0", {"r0"}),
        ("vmov s0, r0", set()),
        ("ldr r3, [r1, #4]", {"r3"}),
        ("ldr.w r3, [r1], #4", {"r1", "r3"}),
        ("str.w r3, [r1], #4", {"r1"}),
        ("str r3, [r1, r2]", set()),
        ("ldrd r3, r4, [r1, #8]", {"r3", "r4"}),
        ("ldmia r1!, {r2, r3}", {"r1", "r2", "r3"}),
        ("stmia r1!, {r2, r3}", {"r1"}),
        ("pop {r4, pc}", {"sp", "r4", "pc"}),
        ("vldr s0, [r0, #4]", set()),
        ("cbz r0, 8000", set()),
    ],
)
def test_written_registers(text: str, written: set[str]) -> None:
    assert written_registers(instruction(text)) == written


def test_named_registers() -> None:
    assert named_registers(instruction("ldr.w r11, [r12, r3, lsl #2]")) == {"r11", "r12", "r3"}


def test_a_base_that_moves_is_no_result() -> None:
    assert result_registers(instruction("ldr.w r3, [r1], #4")) == {"r3"}
    assert result_registers(instruction("pop {r4, pc}")) == {"r4", "pc"}
    assert result_registers(instruction("str.w r3, [r1], #4")) == set()
