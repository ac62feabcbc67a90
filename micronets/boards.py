"""Microcontroller boards: their memories, clock and emulator, from `micronets/boards.yaml` or a file of the user's."""

import math
import os
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from micronets.errors import ConfigurationError
from micronets.yaml_file import once_per_version, read_yaml

BOARDS_FILE = Path(str(files("micronets"))) / "boards.yaml"
OWN_BOARDS_VARIABLE = "MICRONETS_BOARDS"
"""Environment variable with the path of a file of the user's own boards."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_OPTIONAL: dict[str, Any] = {
    "flash_load_cycles": None,
    "active_power_w": None,
    "active_power_range_w": None,
    "active_power_source": None,
    "reserved": {"flash_bytes": 24_576, "sram_bytes": 8_192},
    "hardware": None,
}
"""Keys that an entry may leave out."""


@dataclass(frozen=True)
class Memory:
    """Bytes of flash and SRAM."""

    flash_bytes: int
    sram_bytes: int


@dataclass(frozen=True)
class Hardware:
    """How to run programs on the board itself, over its serial port.

    Attributes:
        sources: C files that start it: names in `micronets/csrc/boards`, or paths of the user's own.
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
        reserved: what the benchmark program takes beside the network.
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
    reserved: Memory
    hardware: Hardware | None

    @property
    def budget(self) -> Memory:
        """What is left for a network."""
        return Memory(self.flash_bytes - self.reserved.flash_bytes, self.sram_bytes - self.reserved.sram_bytes)

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
                "reserved": Memory(**content["reserved"]),
                "hardware": hardware,
            }
        )


def load_boards(path: str | os.PathLike | None = None) -> dict[str, Board]:
    """Boards by name: those of one file, or without one, the built-in ones and the user's own (see `use_own_boards`).

    Raises ConfigurationError naming the entry that is damaged, or that has the name of a built-in board.
    """
    if path is not None:
        return dict(_read(Path(path)))
    boards = _read(BOARDS_FILE)
    own_file = os.environ.get(OWN_BOARDS_VARIABLE)
    own: Mapping[str, Board] = _read(Path(own_file)) if own_file else {}
    if clash := sorted(boards.keys() & own.keys()):
        raise ConfigurationError(f"{own_file}: {clash[0]!r} is the name of a built-in board; choose another one.")
    return {**boards, **own}


def find_board(name: str) -> Board:
    """Raises ConfigurationError, listing the known boards, where there is none of this name."""
    boards = load_boards()
    if name not in boards:
        raise ConfigurationError(f"Unknown board {name!r}; known are {', '.join(boards)}.")
    return boards[name]


def use_own_boards(path: str | os.PathLike) -> None:
    """Makes the boards of a file known beside the built-in ones, in this process and in those it starts.

    Raises ConfigurationError where the file is missing or damaged.
    """
    os.environ[OWN_BOARDS_VARIABLE] = os.path.abspath(path)
    load_boards()


@once_per_version
def _read(path: Path) -> Mapping[str, Board]:
    try:
        entries = read_yaml(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}); name a file of boards.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(entries, Mapping):
        raise ConfigurationError(f"{path} must be a mapping of names to boards; micronets/boards.yaml is an example.")
    return {name: _board(path, name, entry) for name, entry in entries.items()}


def _board(path: Path, name: Any, entry: Any) -> Board:
    where = f"{path}: board {name!r}"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"{where}: a name is made of lower-case letters, digits and hyphens.")
    keys = {key: kind for key, kind in _types(Board).items() if key != "name"}
    entry = {**_OPTIONAL, **_checked(where, entry, keys, _OPTIONAL)}
    _checked(f"{where}: reserved", entry["reserved"], _types(Memory))
    if entry["hardware"] is not None:
        hardware = _checked(f"{where}: hardware", entry["hardware"], _types(Hardware))
        own = [path.resolve().with_name(source) for source in hardware["sources"]]
        sources = [str(file) if file.is_file() else name for file, name in zip(own, hardware["sources"], strict=True)]
        entry["hardware"] = {**hardware, "sources": sources}
    return Board.from_json({"name": name, **entry})


def _types(kind: type) -> dict[str, Any]:
    return {field.name: field.type for field in fields(kind)}


def _checked(where: str, entry: Any, keys: Mapping[str, Any], optional: Container[str] = ()) -> dict[str, Any]:
    """The entry, a mapping of these keys to values of these types."""
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"{where} is {entry!r}, but must be a mapping of keys to values.")
    missing = [key for key in keys if key not in entry and key not in optional]
    if wrong := [*missing, *(str(key) for key in entry if key not in keys)]:
        raise ConfigurationError(f"{where} lacks or should not have: {', '.join(wrong)}.")
    for key, value in entry.items():
        fits, wanted = _FORMS.get(keys[key], (None, ""))
        if fits is not None and not fits(value):
            raise ConfigurationError(f"{where}: {key} is {value!r}, but must be {wanted}.")
    return dict(entry)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_FORMS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    int: (lambda value: type(value) is int and value >= 0, "a whole number"),
    str: (lambda value: isinstance(value, str), "text"),
    str | None: (lambda value: value is None or isinstance(value, str), "text or null"),
    float | None: (lambda value: value is None or _is_number(value), "a number or null"),
    tuple[float, float] | None: (
        lambda value: value is None or (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))),
        "a list of two numbers, or null",
    ),
    tuple[str, ...]: (
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
        "a list of files",
    ),
}
"""Of the plain types that fields have: what a value must be, and how to say so."""
