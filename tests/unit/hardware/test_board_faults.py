"""Programs that go wrong on the emulated board, as the serial line tells it."""

from collections.abc import Callable

import numpy as np
import pytest

from micronets.boards import Board, find_board
from micronets.errors import BoardError
from micronets.hardware.measure import Measurement, measure
from micronets.hardware.port import open_port
from micronets.linking.board_program import BoardProgram
from micronets.linking.firmware import Firmware
from tests.emulated_board import Runner, emulated_board

NETWORK = """
__attribute__((noinline)) static int32_t recurse(int32_t depth)
{{
    volatile int32_t frame[16] = {{depth}};
    return depth == 0 ? frame[0] : recurse(depth - 1) + frame[0];
}}
__attribute__((noinline)) void network_layer_00_copy(void) {{ arena[32] = (int8_t)recurse(arena[1]); }}
__attribute__((noinline)) void network_layer_01_trial(void) {{ if (arena[0] == 1) {{ {body} }} arena[33] = 7; }}
void network_invoke(void)
{{
    network_layer_00_copy();
    NETWORK_AFTER_STEP(0);
    network_layer_01_trial();
    NETWORK_AFTER_STEP(1);
}}
"""
TRIGGER = np.array([[0] * 8, [0] * 8, [1] + [0] * 7], np.int8)


@pytest.fixture
def board() -> Board:
    return find_board("netduinoplus2")


def run(firmware: Firmware, timeout_s: float = 60) -> Measurement:
    program = BoardProgram.load(firmware.elf.parent)
    with emulated_board(program.elf) as name, open_port(name) as port:
        return measure(program, port, TRIGGER, timeout_s=timeout_s, reply_limit_s=1)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            '__asm volatile("mov r7, #119\\n udf #0" ::: "r7");',
            r"on the board, at pc=0x\w+ \(network_layer_01_trial\): undefined instruction; .*r7=00000077 .* cfsr=",
        ),
        ("arena[34] = (int8_t)recurse(1000);", r"on the board: .*stack overflow"),
        ('int8_t *null = (int8_t *)0x3ff; __asm("" : "+r"(null)); *null = 1;', "data access violation at 0x000003ff"),
        (
            'int8_t *code = (int8_t *)0x080003ff; __asm("" : "+r"(code)); *code = 1;',
            "data access violation at 0x080003ff",
        ),
    ],
    ids=["instruction", "stack", "null", "flash"],
)
def test_a_fault_is_told_with_registers_and_layer(build: Callable[..., Firmware], body: str, sentence: str) -> None:
    firmware = build(NETWORK.format(body=body), task="kws")
    # One inference for the stack's depth, then one for each input.
    where = "faulted in inference 4 in network_layer_01_trial on the board"
    with pytest.raises(BoardError, match=f"firmware of trial {where}.*" + sentence.removeprefix("on the board")):
        run(firmware)


def test_an_endless_inference_is_told(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK.format(body='for (;;) { __asm volatile("" ::: "memory"); }'), task="kws")
    with pytest.raises(BoardError, match="did not end an inference within 1 s"):
        run(firmware, timeout_s=1)


def test_a_fault_ends_in_an_error_line_and_a_new_start(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK.format(body='__asm volatile("udf #0");'), task="kws")
    with emulated_board(BoardProgram.load(firmware.elf.parent).elf) as port:
        runner = Runner(port)
        runner.synchronise()
        runner.load(TRIGGER[2].tobytes())
        runner.send(b"infer 1%")
        *_, error, first, second = runner.answer()
        assert error.startswith("e-[fault 3 in inference 0 at pc ") and error.endswith("step 1]")
        assert (first, second) == ("m-timestamp-mode-performance", "m-init-done")
        assert runner.command("name") == ["m-name-dut-[micronets]"]
        assert runner.command("results")[0].startswith("e-[")
        runner.close()


def test_what_does_not_go_wrong(build: Callable[..., Firmware]) -> None:
    found = run(build(NETWORK.format(body="arena[34] = 1;"), task="kws"))
    assert found.outputs.tolist() == [[0, 7, 0, 0], [0, 7, 0, 0], [0, 7, 1, 0]]
    assert found.steps == (("network_layer_00_copy",), ("network_layer_01_trial",))
