import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.emulator.execution import execute, run_inputs
from micronets.errors import EmulatorError
from micronets.linking.firmware import Firmware
from micronets.profile import profile_firmware

LAYER = """
__attribute__((noinline)) void network_layer_00_trial(void) {{ {body} }}
void network_invoke(void) {{ network_layer_00_trial(); arena[33] = 0; }}
"""
ONE_BOARD_OF_EACH_CORE = (
    "frdm-kl25z",
    "nucleo-f207zg",
    "nucleo-l4r5zi",
    "nucleo-f746zg",
    "nucleo-u575zi-q",
    "corstone-300",
)
ONE_INPUT = np.zeros((1, 8), np.int8)


def test_outputs_in_order(build: Callable[..., Firmware]) -> None:
    firmware = build(
        LAYER.format(body="for (int i = 0; i < 4; i++) { arena[32 + i] = -arena[i]; }").replace(
            "arena[33] = 0;", "arena[36] = 0;"
        )
    )
    inputs = np.random.default_rng(1).integers(-127, 128, (300, 8), np.int8)
    outputs = run_inputs(firmware, inputs)
    assert outputs.dtype == np.int8
    assert np.array_equal(outputs, -inputs[:, :4])


def test_differing_outputs_are_counted(build: Callable[..., Firmware]) -> None:
    firmware = build(
        LAYER.format(body="for (int i = 0; i < 4; i++) { arena[32 + i] = arena[i]; }").replace(
            "arena[33] = 0;", "arena[36] = 0;"
        )
    )
    inputs = np.arange(24, dtype=np.int8).reshape(3, 8)
    expected = inputs[:, :4].copy()
    assert profile_firmware(firmware, inputs, expected).different_outputs == 0
    expected[2, 3] += 1
    profile = profile_firmware(firmware, inputs, expected)
    assert (profile.compared_outputs, profile.different_outputs) == (3, 1)
    with pytest.raises(EmulatorError, match=r"3 outputs of 4 bytes; the expected ones have shape \(2, 4\)"):
        profile_firmware(firmware, inputs, expected[:2])


def test_wrong_input_size(build: Callable[..., Firmware]) -> None:
    firmware = build(LAYER.format(body="arena[32] = 1;"))
    with pytest.raises(EmulatorError, match=r"takes inputs of 8 bytes each; got an array of shape \(2, 9\)"):
        run_inputs(firmware, np.zeros((2, 9), np.int8))
    with pytest.raises(EmulatorError, match="shape \\(0, 8\\)"):
        run_inputs(firmware, np.zeros((0, 8), np.int8))


def test_hang(build: Callable[..., Firmware]) -> None:
    firmware = build(LAYER.format(body='while (arena[0] == 1) { __asm volatile("" ::: "memory"); }'))
    inputs = np.zeros((5, 8), np.int8)
    inputs[2, 0] = 1
    with pytest.raises(EmulatorError, match="within 1 s: 2 of 5 inferences were done in network_layer_00_trial;"):
        execute(firmware, inputs, counting="instructions", timeout_s=1)
    with pytest.raises(EmulatorError, match="within 1 s: 2 of 5 inferences were done;"):
        run_inputs(firmware, inputs, timeout_s=1)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ('__asm volatile("mov r7, #119\\n udf #0" ::: "r7");', "undefined instruction; .*r7=00000077 "),
        ("*(volatile int8_t *)0x90000000u = 1;", "access to an address without memory"),
        (
            '__asm volatile("movw r0, #4097\\n movt r0, #0x2000\\n ldrd r2, r3, [r0]" ::: "r0", "r2", "r3");',
            "unaligned access",
        ),
    ],
)
def test_faults(build: Callable[..., Firmware], body: str, cause: str) -> None:
    firmware = build(LAYER.format(body=f"if (arena[0] == 1) {{ {body} }}"))
    inputs = np.zeros((4, 8), np.int8)
    inputs[3, 0] = 1
    where = r"faulted in inference 3 in network_layer_00_trial, at pc=0x\w+ \(network_layer_00_trial\): "
    with pytest.raises(EmulatorError, match=where + cause):
        execute(firmware, inputs, counting="instructions")


@pytest.mark.parametrize("name", ONE_BOARD_OF_EACH_CORE)
def test_stack_overflow(build: Callable[..., Firmware], name: str) -> None:
    firmware = build(
        """
        __attribute__((noinline)) int32_t recurse(int32_t depth)
        {
            volatile int32_t frame[16] = {depth};
            return depth == 0 ? frame[0] : recurse(depth - 1) + frame[0];
        }
        __attribute__((noinline)) void network_layer_00_trial(void) { arena[32] = (int8_t)recurse(1000); }
        void network_invoke(void) { network_layer_00_trial(); arena[33] = 0; }
    """,
        find_board(name),
    )
    for counting in ("none", "detail"):
        with pytest.raises(EmulatorError, match="stack overflow"):
            execute(firmware, ONE_INPUT, counting=counting)


@pytest.mark.parametrize("name", ONE_BOARD_OF_EACH_CORE)
def test_write_to_flash_faults(build: Callable[..., Firmware], name: str) -> None:
    """The emulator's flash is writable memory, so that without protection a null pointer would go unnoticed."""
    body = 'int8_t *null = (int8_t *)0x3ff; __asm("" : "+r"(null)); *null = 1;'
    firmware = build(LAYER.format(body=body), find_board(name))
    # A Cortex-M0+ cannot say more than that it has faulted.
    cause = "exception 3" if name == "frdm-kl25z" else "data access violation at 0x000003ff"
    with pytest.raises(EmulatorError, match=rf"\(network_layer_00_trial\): {cause};"):
        run_inputs(firmware, ONE_INPUT)


def test_write_behind_the_arena_is_refused(build: Callable[..., Firmware]) -> None:
    firmware = build(LAYER.format(body="arena[32] = 1; ((volatile int8_t *)arena)[sizeof arena + 8] = 1;"))
    with pytest.raises(EmulatorError, match="accesses memory that is not the program's"):
        profile_firmware(firmware, ONE_INPUT)


def test_read_outside_the_board_is_refused(build: Callable[..., Firmware]) -> None:
    """640 KiB of SRAM on the board, 4 MiB in the emulator's machine."""
    firmware = build(LAYER.format(body="arena[32] = *(volatile int8_t *)0x200a0000u;"))
    with pytest.raises(EmulatorError, match="accesses memory that is not the program's"):
        profile_firmware(firmware, ONE_INPUT)


def test_damaged_program(build: Callable[..., Firmware]) -> None:
    firmware = build(LAYER.format(body="arena[32] = 1;"))
    content = bytearray(firmware.elf.read_bytes())
    # The vectors are the first 16 words of the first segment; then not even the fault handler is found.
    offset = int.from_bytes(content[28:32], "little")
    first_segment = int.from_bytes(content[offset + 4 : offset + 8], "little")
    content[first_segment + 4 : first_segment + 64] = (0xF0000001).to_bytes(4, "little") * 15
    firmware.elf.write_bytes(content)
    with pytest.raises(EmulatorError, match="The emulator ended with code .* Lockup"):
        run_inputs(firmware, ONE_INPUT, timeout_s=20)


def test_emulator_that_dies(build: Callable[..., Firmware]) -> None:
    firmware = build(LAYER.format(body='while (1) { __asm volatile("" ::: "memory"); }'))

    def kill() -> None:
        if wait_for(lambda: bool(running_emulator(firmware))):
            os.kill(running_emulator(firmware), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(
        EmulatorError, match="The emulator was ended by SIGKILL while it ran trial; where memory ran out"
    ):
        run_inputs(firmware, ONE_INPUT, timeout_s=60)
    killer.join()


def test_emulator_dies_with_its_process(build: Callable[..., Firmware], repository: Path) -> None:
    firmware = build(LAYER.format(body='while (1) { __asm volatile("" ::: "memory"); }'))
    program = (
        "import sys; from pathlib import Path; import numpy as np; from micronets.linking.firmware import Firmware; "
        "from micronets.emulator.execution import run_inputs; "
        "run_inputs(Firmware.load(Path(sys.argv[1])), np.zeros((1, 8), np.int8))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(firmware.elf.parent)], cwd=repository)
    try:
        emulator = wait_for(lambda: bool(running_emulator(firmware)))
    finally:
        parent.kill()
        parent.wait()
    assert emulator
    assert wait_for(lambda: not running_emulator(firmware))


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def running_emulator(firmware: Firmware) -> int:
    """Its process, 0 where there is none."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"qemu-system-arm" in words[0] and str(firmware.elf).encode() in words:
            return int(command.parent.name)
    return 0
