"""Exact counts, against loops of assembly counted by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from micronets.emulator.execution import execute
from micronets.linking.firmware import Firmware
from micronets.profile import profile_firmware

# Layer 0: 2 + 100 * 2 + 1 instructions; the loop's branch is taken 99 times, then the return.
# Layer 1: 6 instructions and, depending on the sign of input byte 0, 2 more.
# Layer 2: loads 1 word of flash singly, 2 as a double, 4 as a multiple; then stores 1 + 2 words to RAM.
# network_invoke: push, three calls, pop.
NETWORK = """
__attribute__((used, aligned(8), section(".rodata.network_constants"))) const int32_t constants[4] = {1, 2, 3, 4};
__attribute__((used, aligned(8), section(".bss.network_scratch"))) int32_t scratch[4];

__attribute__((naked, noinline)) void network_layer_00_loop(void)
{
    __asm volatile("movs r0, #100\\n nop\\n 1: subs r0, #1\\n bne 1b\\n bx lr\\n");
}

__attribute__((naked, noinline)) void network_layer_01_sign(void)
{
    __asm volatile("movw r1, #:lower16:arena\\n movt r1, #:upper16:arena\\n ldrsb r0, [r1]\\n cmp r0, #0\\n"
                   "bge 1f\\n nop\\n nop\\n 1: bx lr\\n");
}

__attribute__((naked, noinline)) void network_layer_02_memory(void)
{
    __asm volatile("push {r4-r7}\\n"
                   "movw r0, #:lower16:constants\\n movt r0, #:upper16:constants\\n"
                   "movw r1, #:lower16:scratch\\n movt r1, #:upper16:scratch\\n"
                   "ldr r2, [r0]\\n ldrd r2, r3, [r0]\\n ldmia r0, {r4-r7}\\n"
                   "str r2, [r1]\\n strd r2, r3, [r1]\\n"
                   "pop {r4-r7}\\n bx lr\\n");
}

__attribute__((naked)) void network_invoke(void)
{
    __asm volatile("push {r4, lr}\\n bl network_layer_00_loop\\n bl network_layer_01_sign\\n"
                   "bl network_layer_02_memory\\n pop {r4, pc}\\n");
}
"""
LAYER_0 = 2 + 100 * 2 + 1
LAYER_1 = 6
LAYER_2 = 12
INVOKE = 5


@pytest.fixture
def firmware(build: Callable[..., Firmware]) -> Firmware:
    return build(NETWORK, layer_macs=(100, 0, 0))


def test_instructions_of_every_inference(firmware: Firmware) -> None:
    inputs = np.zeros((5, 8), np.int8)
    inputs[[1, 4], 0] = -1
    common = LAYER_0 + LAYER_1 + LAYER_2 + INVOKE
    for counting in ("instructions", "detail"):
        counts = execute(firmware, inputs, counting=counting).counts
        assert counts is not None
        assert counts.inferences == (common, common + 2, common, common, common + 2)


def test_layers(firmware: Firmware) -> None:
    inputs = np.zeros((3, 8), np.int8)
    inputs[1, 0] = -1
    profile = profile_firmware(firmware, inputs)
    layers = dict(profile.layers)
    assert [counts.instructions for counts in layers.values()] == [LAYER_0, LAYER_1, LAYER_2, INVOKE]
    loop, sign, memory, invoke = layers.values()
    assert loop.classes == {"alu": 102, "branch": 101}
    assert loop.taken_branches == 100
    # alu 1 each, branches 1 each and 2 more when taken
    assert loop.cycles == 102 + 101 + 100 * 2
    assert sign.taken_branches == 2
    assert (sign.ram_loads, sign.flash_loads, sign.ram_stores) == (1, 0, 0)
    assert (memory.flash_loads, memory.ram_loads, memory.ram_stores) == (7, 4, 7)
    assert memory.taken_branches == 1
    # push 5, 4 moves, ldr 2, ldrd 3, ldm 5, str 1, strd 3, pop 5, bx 1 + 2, wait states of 7 words
    assert memory.cycles == pytest.approx(5 + 4 + 2 + 3 + 5 + 1 + 3 + 5 + 3 + 7 * 2.58)
    assert invoke.taken_branches == 4
    assert profile.instructions == (LAYER_0 + LAYER_1 + LAYER_2 + INVOKE, LAYER_0 + LAYER_1 + LAYER_2 + INVOKE + 2)
    assert profile.latency_ms == pytest.approx(sum(counts.cycles for counts in layers.values()) / 120e3)


def test_stack_depth(firmware: Firmware) -> None:
    # network_invoke pushes two words, layer 2 four more.
    assert execute(firmware, np.zeros((1, 8), np.int8), counting="none").stack_bytes == 24


def test_same_counts_in_every_run(firmware: Firmware) -> None:
    inputs = np.arange(32, dtype=np.int8).reshape(4, 8)
    first, second = (execute(firmware, inputs, counting="detail").counts for _ in range(2))
    assert first == second


def test_layer_functions_outside_an_inference_are_not_counted(build: Callable[..., Firmware]) -> None:
    firmware = build("""
        __attribute__((noinline)) void network_layer_00_nothing(void) { __asm volatile("nop"); }
        __attribute__((naked)) void network_invoke(void)
        {
            __asm volatile("push {r4, lr}\\n bl network_layer_00_nothing\\n pop {r4, pc}\\n");
        }
    """)
    counts = execute(firmware, np.zeros((2, 8), np.int8), counting="instructions").counts
    assert counts is not None
    assert counts.inferences == (5, 5)
    assert {block.layer for block in counts.blocks} == {0, 1}
