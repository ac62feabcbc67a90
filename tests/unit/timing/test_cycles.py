from dataclasses import replace

import pytest

from micronets.boards import find_board
from micronets.emulator.plugin import AccessCount, BlockCount
from micronets.linking.instructions import Instruction
from micronets.timing.cycle_models import find_cycle_model
from micronets.timing.cycles import count_layer, sequence_cycles
from micronets.timing.transfer import Transfer

MODEL = find_cycle_model(find_board("nucleo-l4r5zi"))


def sequence(*kinds: str | tuple[str, int]) -> list[Instruction]:
    """Instructions of two bytes from address 0."""
    pairs = [kind if isinstance(kind, tuple) else (kind, 0) for kind in kinds]
    return [Instruction(2 * index, 2, kind, "", kind, words) for index, (kind, words) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("kinds", "cycles"),
    [
        (["alu", "multiply", "mac"], 3),
        (["load"], 2),
        (["load", "load", "load"], 2 + 1 + 1),
        (["store", "load"], 1 + 1),
        (["load", "alu", "load"], 2 + 1 + 2),
        (["load", "store"], 2 + 1),
        ([("load_double", 2), "load"], 3 + 2),
        ([("store_multiple", 5), ("load_multiple", 5)], 6 + 6),
        (["divide"], 7),
        (["fp_mac", "fp_alu", "fp_divide", "fp_load", "fp_store"], 3 + 1 + 14 + 2 + 2),
        (["alu", "branch"], 2),
    ],
)
def test_costs_of_the_reference_manual(kinds: list, cycles: int) -> None:
    assert sequence_cycles(MODEL, sequence(*kinds)) == cycles


def test_layer_adds_branches_and_wait_states() -> None:
    # A loop of ten rounds: ldr (flash), mac, branch; nine times taken.
    program = {item.address: item for item in sequence("load", "mac", "branch")}
    blocks = [BlockCount(layer=0, start=0, end=6, instructions=3, executed=10, taken=9)]
    accesses = [AccessCount(0, 0, 10, 0, 0, 0, 0, 0)]
    counts = count_layer(program, blocks, accesses, MODEL, 0)
    assert counts.instructions == 30
    assert counts.classes == {"load": 10, "mac": 10, "branch": 10}
    assert counts.taken_branches == 9
    assert counts.flash_loads == 10
    assert counts.cycles == pytest.approx(10 * (2 + 1 + 1) + 9 * 2 + 10 * 2.58)


def test_no_estimate_without_a_model() -> None:
    program = {item.address: item for item in sequence("load", "mac", "branch")}
    blocks = [BlockCount(layer=0, start=0, end=6, instructions=3, executed=10, taken=9)]
    counts = count_layer(program, blocks, [], None, 0)
    assert counts.instructions == 30
    assert counts.cycles is None


def test_estimate_does_not_depend_on_where_blocks_end() -> None:
    kinds = ("alu", "store", "load", "load", "mac", "load", "branch")
    program = {item.address: item for item in sequence(*kinds)}
    whole = count_layer(program, [BlockCount(0, 0, 14, 7, executed=5, taken=4)], [], MODEL, 0)
    assert whole.cycles == 5 * (1 + 1 + 1 + 1 + 1 + 2 + 1) + 4 * 2
    for seam in range(2, 14, 2):
        first = BlockCount(0, 0, seam, seam // 2, executed=5, taken=0)
        second = BlockCount(0, seam, 14, 7 - seam // 2, executed=5, taken=4)
        assert count_layer(program, [first, second], [], MODEL, 0) == whole


def test_load_at_the_target_of_a_branch_is_not_pipelined() -> None:
    # A conditional branch lies between the store and the load, so that the load never follows the store directly.
    program = {item.address: item for item in sequence("store", "branch", "load", "alu")}
    blocks = [BlockCount(0, 0, 4, 2, executed=4, taken=3), BlockCount(0, 4, 8, 2, executed=4, taken=0)]
    assert count_layer(program, blocks, [], MODEL, 0).cycles == 4 * 2 + 3 * 2 + 4 * 3


def test_carried_over_to_another_core() -> None:
    # 50 cycles on the Cortex-M4, 10 of them the products of 20 MACs; loads at their average price wherever they stand.
    program = {item.address: item for item in sequence("load", "load", "mac", "alu")}
    blocks = [BlockCount(0, 0, 8, 4, executed=10, taken=0)]
    model = replace(MODEL, scattered_load=1.5, transfer=Transfer(0.5))
    assert count_layer(program, blocks, [], model, 20).cycles == pytest.approx(10 + 0.5 * (10 * (3 + 1 + 1) - 10))
    first, second = BlockCount(0, 0, 2, 1, 10, 0), BlockCount(0, 2, 8, 3, 10, 0)
    assert count_layer(program, [first, second], [], model, 20) == count_layer(program, blocks, [], model, 20)
