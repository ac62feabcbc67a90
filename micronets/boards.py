"""Microcontroller boards: their memories, clock and emulator, read from `micronets/boards.yaml`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from micronets.errors import ConfigurationError

BOARDS_FILE = Path(str(files("micronets"))) / "boards.yaml"


@dataclass(frozen=True)
class Memory:
    """Bytes of flash and SRAM."""

    flash_bytes: int
    sram_bytes: int


@dataclass(frozen=True)
class Hardware:
    """How to run programs on the board itself, over its serial port.

    Attributes:
        sources: C files in `micronets/csrc/boards` that start it.
        flash_origin, ram_origin: addresses of the memories.
        flash_wait_states: of a read from flash at the board's clock, as its start-up code sets them.
        pyocd: the microcontroller as pyOCD's CMSIS packs name it; empty: pyOCD cannot program it.
        openocd: OpenOCD's script for the microcontroller; empty: OpenOCD cannot program it.
    """

    sources: tuple[str, ...]
    flash_origin: int
    ram_origin: int
    flash_wait_states: int
    pyocd: str
    openocd: str


@dataclass(frozen=True)
class Board:
    """One board.

    Attributes:
        core: `cortex-m4` and the like, as the compiler spells it in `-mcpu`.
        flash_load_cycles: extra cycles of one data load from flash at `clock_hz`, None where nobody has measured them.
        active_power_w: power while computing, None where nothing is published; `active_power_source` says where.
        active_power_range_w: lowest and highest that were measured; None where only one figure or none is known.
        emulator: QEMU machine that executes the same core.
        runtime: what the benchmark program takes beside the network.
        hardware: None where there is no support for the board itself, only for its emulator.
    """

    name: str
    core: str
    clock_hz: int
    flash_bytes: int
    sram_bytes: int
    flash_load_cycles: float | None
    active_power_w: float | None
    active_power_range_w: tuple[float, float] | None
    active_power_source: str | None
    emulator: str
    runtime: Memory
    hardware: Hardware | None

    @property
    def budget(self) -> Memory:
        """What is left for a network."""
        return Memory(self.flash_bytes - self.runtime.flash_bytes, self.sram_bytes - self.runtime.sram_bytes)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Board":
        """The board of `dataclasses.asdict`; raises TypeError or KeyError where the keys are not a board's."""
        hardware = content["hardware"]
        if hardware is not None:
            hardware = Hardware(**{**hardware, "sources": tuple(hardware["sources"])})
        power_range_w = content["active_power_range_w"]
        return cls(
            **{
                **content,
                "active_power_range_w": None if power_range_w is None else tuple(power_range_w),
                "runtime": Memory(**content["runtime"]),
                "hardware": hardware,
            }
        )


def load_boards(path: str | os.PathLike = BOARDS_FILE) -> dict[str, Board]:
    """All boards by name; raises ConfigurationError naming the entry that is damaged."""
    entries = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    known = {field.name for field in fields(Board)} - {"name"}
    boards = {}
    for name, entry in entries.items():
        if set(entry) != known:
            wrong = ", ".join(sorted(set(entry) ^ known))
            raise ConfigurationError(f"{path}: board {name!r} lacks or should not have: {wrong}.")
        boards[name] = Board.from_json({"name": name, **entry})
    return boards


def find_board(name: str, path: str | os.PathLike = BOARDS_FILE) -> Board:
    """Raises ConfigurationError, listing the known boards, where there is none of this name."""
    boards = load_boards(path)
    if name not in boards:
        raise ConfigurationError(f"Unknown board {name!r}; {path} describes {', '.join(boards)}.")
    return boards[name]
