from dataclasses import replace

import pytest

from micronets.boards import find_board
from micronets.emulator.plugin import AccessCount, BlockCount
from micronets.linking.instructions import Instruction, classify
from micronets.timing.cycle_models import find_cycle_model
from micronets.timing.cycles import count_layer, sequence_cycles
from micronets.timing.transfer import Transfer

MODEL = find_cycle_model(find_board("nucleo-l4r5zi"))


def sequence(*lines: str) -> list[Instruction]:
    """Instructions of two bytes from address 0."""
    instructions = []
    for index, line in enumerate(lines):
        mnemonic, _, operands = line.partition(" ")
        words = len(operands[operands.index("{") :].split(",")) if "{" in operands else 2 * mnemonic.endswith("rd")
        kind = classify(mnemonic, operands)
        instructions.append(Instruction(2 * index, 2, mnemonic, operands, kind, words))
    return instructions


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (["add r0, r1", "mul r0, r1", "smlad r0, r1, r2, r0"], 3),
        (["ldr r0, [r1]"], 2),
        (["stmia r0!, {r1, r2, r3, r4, r5}", "ldmia r0!, {r1, r2, r3, r4, r5}"], 6 + 6),
        (["push {r4, r5}", "pop {r4, r5}"], 3 + 3),
        (["strd r0, r1, [r2]"], 3),
        (["sdiv r0, r0, r1"], 7),
        (["vfma.f32 s0, s1, s2", "vadd.f32 s0, s1, s2", "vdiv.f32 s0, s1, s2"], 3 + 1 + 14),
        (["vldr s0, [r0]", "vstr s0, [r0]"], 2 + 2),
        (["add r0, r1", "b 0"], 2),
    ],
)
def test_costs_of_the_reference_manual(lines: list[str], cycles: int) -> None:
    assert sequence_cycles(MODEL, sequence(*lines)) == cycles


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (["ldr r0, [r9]", "ldr r1, [r9, #4]", "ldrsb.w r2, [r9, r8]"], 2 + 1 + 1),
        (["ldr r0, [r9]", "ldr r1, [r9], #4", "ldr r2, [r8]"], 2 + 1 + 2),  # the second moves its base
        (["ldr.w r0, [r9, #4]!", "ldr r1, [r8]"], 2 + 2),
        (["ldr r0, [r9]", "ldr r1, [r0]"], 2 + 2),  # the address is what is being loaded
        (["ldr r0, [r9]", "ldr r1, [r8, r0]"], 2 + 2),
        (["ldr r0, [r9]", "mov r2, r3", "ldr r1, [r9, #4]"], 2 + 1 + 2),
        (["str r0, [r9]", "ldr r1, [r8]"], 1 + 2),
        (["ldrd r0, r1, [r9]", "ldr r2, [r8]"], 3 + 2),
        (["ldmia r9, {r0, r1}", "ldr r2, [r8]"], 3 + 2),
        (["pop {r0, r1}", "ldr r2, [r8]"], 3 + 2),
        (["vldr s0, [r9]", "ldr r2, [r8]"], 2 + 2),
    ],
)
def test_a_load_pipelines_after_a_single_load_without_write_back_alone(lines: list[str], cycles: int) -> None:
    assert sequence_cycles(MODEL, sequence(*lines)) == cycles


def test_by_the_other_reading_of_the_manual_write_back_does_not_matter() -> None:
    other = replace(MODEL, pipelines_after_write_back=True)
    lines = ["ldr r0, [r9], #4", "ldr r1, [r9], #4", "str r0, [r7, r6]"]
    assert (sequence_cycles(MODEL, sequence(*lines)), sequence_cycles(other, sequence(*lines))) == (
        2 + 2 + 2,
        2 + 1 + 1,
    )
    assert sequence_cycles(other, sequence("ldr r0, [r9], #4", "ldr r1, [r0], #4")) == 2 + 2


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (["str r0, [r9, #4]", "strb r0, [r9, #8]"], 1 + 1),
        (["str r0, [r9, r8]"], 2),
        (["str r0, [r9]", "str r0, [r9, r8]"], 1 + 2),
        (["ldr r0, [r7]", "str r0, [r9, r8]"], 2 + 1),
        (["ldr r0, [r7], #4", "str r0, [r9, r8]"], 2 + 2),
        (["ldr r8, [r7]", "str r0, [r9, r8]"], 2 + 2),
    ],
)
def test_a_store_with_a_register_offset_takes_two(lines: list[str], cycles: int) -> None:
    assert sequence_cycles(MODEL, sequence(*lines)) == cycles


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (["add r9, r8", "ldr r0, [r9]"], 1 + 3),
        (["add r9, r8", "ldr r0, [r7, r9, lsl #2]"], 1 + 3),
        (["mul r9, r8, r7", "str r0, [r9]"], 1 + 2),
        (["add r8, r9", "str r0, [r9, r8]"], 1 + 3),
        (["smull r7, r9, r1, r2", "ldr r0, [r9]"], 1 + 3),
        (["sub sp, #8", "push {r4, r5}"], 1 + 4),
        (["add r9, r8", "ldmia r9, {r0, r1}"], 1 + 4),
        (["add r9, r8", "ldrd r0, r1, [r9]"], 1 + 4),
        (["add r9, r8", "mov r1, r2", "ldr r0, [r9]"], 1 + 1 + 2),  # no longer directly before
        (["add r0, r8", "str r0, [r9]"], 1 + 1),  # data, not address
        (["cmp r9, r8", "ldr r0, [r9]"], 1 + 2),
        (["str r0, [r9], #4", "str r0, [r9]"], 1 + 1),  # moved by a store, not by data processing
    ],
)
def test_an_address_from_the_instruction_before_takes_one_more(lines: list[str], cycles: int) -> None:
    assert sequence_cycles(MODEL, sequence(*lines)) == cycles


LOOP = ("ldr r0, [r1]", "smlad r2, r0, r3, r2", "b 0")


def test_layer_adds_branches_and_wait_states() -> None:
    # A loop of ten rounds: ldr (flash), mac, branch; nine times taken.
    program = {item.address: item for item in sequence(*LOOP)}
    blocks = [BlockCount(layer=0, start=0, end=6, instructions=3, executed=10, taken=9)]
    accesses = [AccessCount(0, 0, 10, 0, 0, 0, 0, 0)]
    counts = count_layer(program, blocks, accesses, MODEL, 0)
    assert counts.instructions == 30
    assert counts.classes == {"load": 10, "mac": 10, "branch": 10}
    assert counts.taken_branches == 9
    assert counts.flash_loads == 10
    assert counts.cycles == pytest.approx(10 * (2 + 1 + 1) + 9 * 2 + 10 * 2.58)


def test_no_estimate_without_a_model() -> None:
    program = {item.address: item for item in sequence(*LOOP)}
    blocks = [BlockCount(layer=0, start=0, end=6, instructions=3, executed=10, taken=9)]
    counts = count_layer(program, blocks, [], None, 0)
    assert counts.instructions == 30
    assert counts.cycles is None


def test_estimate_does_not_depend_on_where_blocks_end() -> None:
    lines = (
        "mov r4, r5", "str r0, [r4]", "ldr r0, [r6]", "ldr r1, [r6, #4]", "str r0, [r4, r7]", "smlad r2, r0, r1, r2",
        "ldr r0, [r6], #4", "ldr r1, [r6]", "b 0",
    )  # fmt: skip
    end = 2 * len(lines)
    program = {item.address: item for item in sequence(*lines)}
    whole = count_layer(program, [BlockCount(0, 0, end, len(lines), executed=5, taken=4)], [], MODEL, 0)
    assert whole.cycles == 5 * (1 + 2 + 2 + 1 + 1 + 1 + 2 + 2 + 1) + 4 * 2
    for seam in range(2, end, 2):
        first = BlockCount(0, 0, seam, seam // 2, executed=5, taken=0)
        second = BlockCount(0, seam, end, len(lines) - seam // 2, executed=5, taken=4)
        assert count_layer(program, [first, second], [], MODEL, 0) == whole


def test_load_at_the_target_of_a_branch_is_not_pipelined() -> None:
    # The load follows another only where the branch between them is not taken, and then the branch lies between.
    program = {item.address: item for item in sequence("ldr r0, [r1]", "bne 4", "ldr r2, [r3]", "mov r4, r5")}
    blocks = [BlockCount(0, 0, 4, 2, executed=4, taken=3), BlockCount(0, 4, 8, 2, executed=4, taken=0)]
    assert count_layer(program, blocks, [], MODEL, 0).cycles == 4 * 3 + 3 * 2 + 4 * 3


def test_a_seam_that_is_jumped_over_does_not_pipeline() -> None:
    # Of five runs of the second block three come from the first block, two from elsewhere.
    program = {item.address: item for item in sequence("ldr r0, [r1]", "ldr r2, [r3]")}
    blocks = [BlockCount(0, 0, 2, 1, executed=3, taken=0), BlockCount(0, 2, 4, 1, executed=5, taken=0)]
    assert count_layer(program, blocks, [], MODEL, 0).cycles == 3 * 2 + 3 * 1 + 2 * 2


def test_carried_over_to_another_core() -> None:
    # 50 cycles on the Cortex-M4, 10 of them the products of 20 MACs; loads at their average price wherever they stand.
    program = {
        item.address: item
        for item in sequence("ldr r0, [r1]", "ldr r2, [r1, #4]", "smlad r3, r0, r2, r3", "mov r4, r5")
    }
    blocks = [BlockCount(0, 0, 8, 4, executed=10, taken=0)]
    model = replace(MODEL, scattered_load=1.5, transfer=Transfer(0.5))
    assert count_layer(program, blocks, [], model, 20).cycles == pytest.approx(10 + 0.5 * (10 * (3 + 1 + 1) - 10))
    first, second = BlockCount(0, 0, 2, 1, 10, 0), BlockCount(0, 2, 8, 3, 10, 0)
    assert count_layer(program, [first, second], [], model, 20) == count_layer(program, blocks, [], model, 20)
