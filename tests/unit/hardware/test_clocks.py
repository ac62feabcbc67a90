"""The boards' start-up code, compiled for this machine, on simulated clock units that check every access."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from micronets.boards import Board, find_board
from micronets.hardware.link import FAST_BAUD
from tests.unit.hardware.simulated_clocks import (
    DWT,
    FLASH_F,
    FLASH_L,
    MHZ,
    RCC_F,
    RCC_L,
    ClocksF,
    ClocksL,
    Registers,
    field,
)

SHIM = """
#include <stdint.h>
uint32_t (*reader)(uint32_t);
void (*writer)(uint32_t, uint32_t);
uint32_t read_register(uint32_t address) { return reader(address); }
void write_register(uint32_t address, uint32_t value) { writer(address, value); }
"""
READER = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32)
WRITER = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32)
F446 = {"core": 180 * MHZ, "without_overdrive": 168 * MHZ, "apb1": 45 * MHZ, "apb2": 90 * MHZ}
F7 = {"core": 216 * MHZ, "without_overdrive": 180 * MHZ, "apb1": 54 * MHZ, "apb2": 108 * MHZ}
F_BOARDS = {"nucleo-f446re": F446, "nucleo-f746zg": F7, "nucleo-f767zi": F7}
BAUD = 115200
# Level 1 data caches of 4 and 16 KiB, 4 ways, lines of 32 bytes.
CCSIDR = {"nucleo-f746zg": (0xF003E019, 32), "nucleo-f767zi": (0xF00FE019, 128)}


class Clock(ctypes.Structure):
    _fields_ = [("hz", ctypes.c_uint32), ("source", ctypes.c_uint32)]


Start = Callable[..., Clock]


@pytest.fixture
def start(tmp_path: Path, repository: Path) -> Start:
    """Runs the board's start-up code on the registers, and then sets the port's speed where one is given."""

    def run(board: Board, registers: Registers, baud: int | None = None) -> Clock:
        assert board.hardware is not None
        (tmp_path / "shim.c").write_text(SHIM, encoding="utf-8")
        sources = [repository / "micronets" / "csrc" / "boards" / name for name in board.hardware.sources]
        flags = ["-std=gnu11", "-Wall", "-Werror", "-shared", "-fPIC", "-DREGISTERS_SIMULATED", f"-DBOARD_BAUD={BAUD}"]
        library = tmp_path / f"{board.name}.so"
        flags += [f'-DBOARD_NAME="{board.name}"', f"-DBOARD_FLASH_WAIT_STATES={board.hardware.flash_wait_states}"]
        subprocess.run(["cc", *flags, *sources, tmp_path / "shim.c", "-o", library], check=True)
        code = ctypes.CDLL(str(library))
        failures: list[BaseException] = []

        def guarded(act: Callable[..., int | None]) -> Callable[..., int | None]:
            """An exception must not go through C."""

            def call(*arguments: int) -> int | None:
                try:
                    return act(*arguments)
                except AssertionError as error:
                    failures.append(error)
                    return 0

            return call

        reader, writer = READER(guarded(registers.read)), WRITER(guarded(registers.write))
        ctypes.c_void_p.in_dll(code, "reader").value = ctypes.cast(reader, ctypes.c_void_p).value
        ctypes.c_void_p.in_dll(code, "writer").value = ctypes.cast(writer, ctypes.c_void_p).value
        code.board_start.restype = Clock
        clock = code.board_start()
        if baud is not None:
            code.board_set_baud(ctypes.c_uint32(baud))
        assert ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(code, "board_name"))).decode() == board.name
        if failures:
            raise failures[0]
        return clock

    return run


def check_port(baud: float, wanted: int) -> None:
    """A receiver bears about 2 % in all, its own error included."""
    assert baud == pytest.approx(wanted, rel=0.01)


def check_f_port(registers: ClocksF, name: str, baud: int = BAUD) -> None:
    if name == "nucleo-f446re":
        port, brr, enabled = 0x40004400, 0x08, {13, 3, 2}
        pins = [(0x40020000, 2), (0x40020000, 3)]
    else:
        port, brr, enabled = 0x40004800, 0x0C, {0, 3, 2}
        pins = [(0x40020C00, 8), (0x40020C00, 9)]
    check_port(registers.port_hz / registers.values[port + brr], baud)
    control = registers.values[port + (0x0C if name == "nucleo-f446re" else 0x00)]
    assert control == sum(1 << bit for bit in enabled)
    assert [registers.pin_function(*pin) for pin in pins] == [7, 7]


@pytest.mark.parametrize("name", F_BOARDS)
def test_f4_and_f7(start: Start, name: str) -> None:
    board = find_board(name)
    registers = ClocksF(F_BOARDS[name])
    registers.values[0xE000ED80] = CCSIDR.get(name, (0, 0))[0]
    clock = start(board, registers)
    assert clock.hz == registers.system_hz == board.clock_hz == F_BOARDS[name]["core"]
    assert clock.source == 0
    assert field(registers.values[RCC_F + 4], 22, 1) == 1 and registers.values[RCC_F] & 1 << 18
    access = registers.values[FLASH_F]
    wait_states, accelerator = (5, 0b111) if name == "nucleo-f446re" else (7, 0b011)
    assert field(access, 0, 4) == wait_states and field(access, 8, 3) == accelerator
    check_f_port(registers, name)


@pytest.mark.parametrize("name", F_BOARDS)
def test_f4_and_f7_without_the_st_links_clock(start: Start, name: str) -> None:
    board = find_board(name)
    registers = ClocksF(F_BOARDS[name], broken=("hse",))
    clock = start(board, registers)
    assert (clock.hz, clock.source) == (board.clock_hz, 1)
    assert registers.system_hz == board.clock_hz
    check_f_port(registers, name)


@pytest.mark.parametrize("name", F_BOARDS)
@pytest.mark.parametrize("broken", ["pll", "overdrive"])
def test_f4_and_f7_that_do_not_get_fast_still_talk(start: Start, name: str, broken: str) -> None:
    registers = ClocksF(F_BOARDS[name], broken=(broken,))
    clock = start(find_board(name), registers)
    assert clock.hz == registers.system_hz == 16 * MHZ
    check_f_port(registers, name)


@pytest.mark.parametrize("name", CCSIDR)
def test_caches_are_emptied_and_switched_on(start: Start, name: str) -> None:
    registers = ClocksF(F7)
    registers.values[0xE000ED80], sets = CCSIDR[name]
    start(find_board(name), registers)
    emptied = [value for address, value in registers.writes if address == 0xE000EF60]
    assert sorted(emptied) == sorted(way << 30 | line << 5 for way in range(4) for line in range(sets))
    order = [address for address, _ in registers.writes]
    assert order.index(0xE000EF50) < order.index(0xE000ED14)
    assert max(i for i, address in enumerate(order) if address == 0xE000EF60) < order.index(0xE000ED14)
    assert registers.values[0xE000ED14] & 3 << 16 == 3 << 16


def check_l_port(registers: ClocksL, baud: int = BAUD) -> None:
    check_port(256 * registers.port_hz / registers.values[0x4000800C], baud)
    assert registers.values[0x40008000] == 0b1101
    assert [registers.pin_function(0x48001800, pin) for pin in (7, 8)] == [8, 8]


def test_l4(start: Start) -> None:
    board = find_board("nucleo-l4r5zi")
    registers = ClocksL()
    clock = start(board, registers)
    assert (clock.hz, clock.source) == (board.clock_hz, 1)
    assert registers.core_hz == registers.system_hz == board.clock_hz == 120 * MHZ
    assert field(registers.values[FLASH_L], 8, 3) == 0b111
    assert field(registers.values[RCC_L + 8], 8, 6) == 0, "the port's clock is the core's"
    check_l_port(registers)


@pytest.mark.parametrize("broken", ["hsi", "pll"])
def test_an_l4_that_does_not_get_fast_still_talks(start: Start, broken: str) -> None:
    registers = ClocksL(broken=(broken,))
    clock = start(find_board("nucleo-l4r5zi"), registers)
    assert clock.hz == registers.core_hz == 4 * MHZ
    # LPUART still reaches the baud rate: its clock must be at least three times as fast.
    check_l_port(registers)


@pytest.mark.parametrize("name", [*F_BOARDS, "nucleo-l4r5zi"])
def test_the_cycle_counter_runs(start: Start, name: str) -> None:
    registers = ClocksL() if name == "nucleo-l4r5zi" else ClocksF(F_BOARDS[name])
    start(find_board(name), registers)
    order = [address for address, _ in registers.writes]
    assert registers.values[0xE000EDFC] & 1 << 24
    assert registers.values[DWT] & 1
    assert registers.values[DWT + 0xFB0] == 0xC5ACCE55
    assert order.index(0xE000EDFC) < order.index(DWT + 0xFB0) < order.index(DWT)


@pytest.mark.parametrize("name", [*F_BOARDS, "nucleo-l4r5zi"])
def test_the_higher_speed_is_within_reach(start: Start, name: str) -> None:
    registers = ClocksL() if name == "nucleo-l4r5zi" else ClocksF(F_BOARDS[name])
    start(find_board(name), registers, FAST_BAUD)
    if isinstance(registers, ClocksL):
        check_l_port(registers, FAST_BAUD)
    else:
        check_f_port(registers, name, FAST_BAUD)
