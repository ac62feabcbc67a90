"""The emulator's machines: where their memories lie."""

from dataclasses import dataclass

from micronets.boards import Board
from micronets.errors import ConfigurationError


@dataclass(frozen=True)
class Machine:
    """Addresses and sizes of the memories that stand in for a board's flash and SRAM (QEMU: hw/arm)."""

    flash_origin: int
    flash_bytes: int
    ram_origin: int
    sram_bytes: int


_MPS2 = Machine(flash_origin=0, flash_bytes=4 << 20, ram_origin=0x20000000, sram_bytes=4 << 20)
MACHINES = {
    "microbit": Machine(flash_origin=0, flash_bytes=256 << 10, ram_origin=0x20000000, sram_bytes=16 << 10),
    "mps2-an385": _MPS2,
    "mps2-an386": _MPS2,
    "mps2-an500": _MPS2,
    # Secure memories, as the Cortex-M33 starts in secure state.
    "mps2-an505": Machine(flash_origin=0x10000000, flash_bytes=4 << 20, ram_origin=0x38000000, sram_bytes=4 << 20),
    "netduinoplus2": Machine(flash_origin=0x08000000, flash_bytes=1 << 20, ram_origin=0x20000000, sram_bytes=128 << 10),
    "mps3-an547": Machine(flash_origin=0, flash_bytes=512 << 10, ram_origin=0x20000000, sram_bytes=512 << 10),
}


def find_machine(board: Board) -> Machine:
    """The memories a firmware for `board` is linked to; only their sizes come from the board.

    Raises:
        ConfigurationError: the machine is not known or smaller than the board.
    """
    if board.emulator not in MACHINES:
        raise ConfigurationError(
            f"Board {board.name!r} names the emulator machine {board.emulator!r}; known are {', '.join(MACHINES)}."
        )
    machine = MACHINES[board.emulator]
    if board.flash_bytes > machine.flash_bytes or board.sram_bytes > machine.sram_bytes:
        raise ConfigurationError(
            f"Board {board.name!r} has more memory than its emulator machine {board.emulator!r} "
            f"({machine.flash_bytes:,} bytes of flash, {machine.sram_bytes:,} of SRAM)."
        )
    return Machine(machine.flash_origin, board.flash_bytes, machine.ram_origin, board.sram_bytes)
