"""Pairing of instructions by the rules, and that the order for the Cortex-M7 uses them."""

from pathlib import Path

import pytest

from micronets.boards import find_board
from micronets.cli import main
from micronets.compiler import compile_network
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.linking.build import build_firmware
from micronets.linking.instructions import Instruction, classify
from micronets.timing.dual_issue import loops, pairs
from tests.networks import small_ds_cnn


def program(*lines: str) -> list[Instruction]:
    parts = [line.split(maxsplit=1) for line in lines]
    return [Instruction(4 * i, 4, name, rest, classify(name, rest), 0) for i, (name, rest) in enumerate(parts)]


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("smlad r0, r8, r10, r0", "ldr.w r11, [r12], #4", True),
        ("ldr.w r11, [r12], #4", "smlad r0, r8, r10, r0", False),  # a multiply only in front
        ("smlad r0, r8, r10, r0", "smlad r1, r9, r10, r1", False),
        ("ldr.w r10, [r12], #4", "ldr.w r8, [lr], #4", False),
        ("ldr.w r10, [r12], #4", "add r0, r1, r2", True),
        ("ldr.w r10, [r12], #4", "add r0, r10, r2", False),  # reads what is being loaded
        ("ldr.w r10, [r12], #4", "add r0, r12, r2", False),  # reads the pointer that moves
        ("mov r0, r1", "mov r0, r2", False),
        ("smlad r0, r8, r10, r0", "ldr.w r0, [r12], #4", False),
        ("mov r0, r1", "sxtb16 r9, r8", False),
        ("bne.n 2b", "mov r0, r1", False),
    ],
)
def test_rules(first, second, together):
    assert len(pairs(program(first, second))) == (1 if together else 2)


@pytest.mark.emulator
def test_every_load_of_the_cortex_m7s_blocks_stands_beside_a_multiply(tmp_path: Path, capsys):
    write_tflite(random_network(small_ds_cnn(24), 3), tmp_path / "model.tflite")
    found = {}
    for board in ("nucleo-f746zg", "nucleo-l4r5zi"):
        core = find_board(board).core
        compiled = compile_network(tmp_path / "model.tflite", tmp_path / core / "src", core=core)
        firmware = build_firmware(compiled, find_board(board), tmp_path / core)
        found[core] = next(loop for loop in loops(firmware) if loop.function.startswith("mn_block"))
    m7, m4 = found["cortex-m7"], found["cortex-m4"]
    assert m7.macs == m4.macs == 128
    assert m7.paired_loads == m7.loads > m4.paired_loads
    assert m7.issue_cycles < 1.2 * m7.macs < m4.issue_cycles
    assert main(["dual-issue", str(tmp_path / "cortex-m7")]) == 0
    assert "of them beside a MAC" in capsys.readouterr().out
