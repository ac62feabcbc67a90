from collections.abc import Callable

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.errors import EmulatorError
from micronets.linking.firmware import Firmware
from micronets.profile import profile_firmware
from micronets.profile.hot_blocks import format_hot_blocks, hot_blocks

NETWORK = """
__attribute__((naked, noinline)) void network_layer_00_loop(void)
{
    __asm volatile("movs r0, #100\\n 1: subs r0, #1\\n bne 1b\\n bx lr\\n");
}
__attribute__((naked, noinline)) void network_layer_01_jump_into(void)
{
    __asm volatile("movs r1, #10\\n b 2f\\n 1: nop\\n 2: ldr r0, =1234567\\n subs r1, #1\\n bne 1b\\n"
                   "bx lr\\n .ltorg\\n");
}
__attribute__((naked)) void network_invoke(void)
{
    __asm volatile("push {r4, lr}\\n bl network_layer_00_loop\\n bl network_layer_01_jump_into\\n pop {r4, pc}\\n");
}
"""
INPUTS = np.zeros((1, 8), np.int8)


def test_the_hottest_comes_first(build: Callable[..., Firmware]) -> None:
    blocks = hot_blocks(build(NETWORK), INPUTS, most=2)
    loop = blocks[0]
    assert loop.layer == loop.function == "network_layer_00_loop"
    assert [item.mnemonic.partition(".")[0] for item in loop.instructions] == ["subs", "bne"]
    # The first round runs in the block that starts at the function's entry.
    assert (loop.executed, loop.taken) == (99, 98)
    assert loop.cycles == 99 * 2 + 98 * 2
    assert blocks[1].cycles < loop.cycles


def test_blocks_add_up(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK)
    blocks = hot_blocks(firmware, INPUTS, most=1000)
    profile = profile_firmware(firmware, INPUTS)
    assert sum(block.cycles for block in blocks) == pytest.approx(profile.cycles)
    assert sum(block.share for block in blocks) == pytest.approx(1)
    # The load is executed once in one block and nine times in another.
    loads = sorted(block.flash_loads for block in blocks if block.flash_loads)
    assert loads == [1, 9]
    text = format_hot_blocks(blocks)
    assert text.count("subs") == sum(
        item.mnemonic.startswith("subs") for block in blocks for item in block.instructions
    )


def test_board_without_a_cycle_model(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK, find_board("corstone-300"))
    with pytest.raises(EmulatorError, match="There is no cycle model for corstone-300"):
        hot_blocks(firmware, INPUTS, most=1)
