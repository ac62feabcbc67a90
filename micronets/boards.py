"""Microcontroller boards: their memories, clock and emulator, read from `config/boards.yaml`."""

import os
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from micronets.errors import ConfigurationError

BOARDS_FILE = Path(__file__).parents[1] / "config" / "boards.yaml"


@dataclass(frozen=True)
class Memory:
    """Bytes of flash and SRAM."""

    flash_bytes: int
    sram_bytes: int


@dataclass(frozen=True)
class Board:
    """One board.

    Attributes:
        core: `cortex-m4` and the like, as the compiler spells it in `-mcpu`.
        flash_load_cycles: extra cycles of one data load from flash at `clock_hz`, None where nobody has measured them.
        active_power_w: power while computing, None where nothing is published.
        emulator: QEMU machine that executes the same core.
        runtime: what the benchmark program takes beside the network.
    """

    name: str
    core: str
    clock_hz: int
    flash_bytes: int
    sram_bytes: int
    flash_load_cycles: float | None
    active_power_w: float | None
    emulator: str
    runtime: Memory

    @property
    def budget(self) -> Memory:
        """What is left for a network."""
        return Memory(self.flash_bytes - self.runtime.flash_bytes, self.sram_bytes - self.runtime.sram_bytes)


def load_boards(path: str | os.PathLike = BOARDS_FILE) -> dict[str, Board]:
    """All boards by name; raises ConfigurationError naming the entry that is damaged."""
    entries = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    known = {field.name for field in fields(Board)} - {"name"}
    boards = {}
    for name, entry in entries.items():
        if set(entry) != known:
            wrong = ", ".join(sorted(set(entry) ^ known))
            raise ConfigurationError(f"{path}: board {name!r} lacks or should not have: {wrong}.")
        boards[name] = Board(name=name, **{**entry, "runtime": Memory(**entry["runtime"])})
    return boards


def find_board(name: str, path: str | os.PathLike = BOARDS_FILE) -> Board:
    """Raises ConfigurationError, listing the known boards, where there is none of this name."""
    boards = load_boards(path)
    if name not in boards:
        raise ConfigurationError(f"Unknown board {name!r}; {path} describes {', '.join(boards)}.")
    return boards[name]
