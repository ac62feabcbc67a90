"""Symbols of a linked program, by `nm`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from micronets.linking.toolchain import run_tool

_LAYER = re.compile(r"network_layer_(\d+)_\w+")


@dataclass(frozen=True)
class Symbol:
    """One symbol; `size_bytes` is 0 for labels and absolute values. Function addresses come without the Thumb bit."""

    name: str
    address: int
    size_bytes: int
    kind: str


def read_symbols(elf: Path) -> dict[str, Symbol]:
    """All symbols by name, in order of their addresses; raises BuildError where the file is no program."""
    symbols = []
    for line in run_tool("arm-none-eabi-nm", ["-S", "-f", "posix", elf]).splitlines():
        name, kind, address, *size = line.split()
        symbols.append(Symbol(name, int(address, 16), int(size[0], 16) if size else 0, kind))
    return {symbol.name: symbol for symbol in sorted(symbols, key=lambda symbol: (symbol.address, symbol.name))}


def layer_functions(symbols: dict[str, Symbol]) -> list[Symbol]:
    """The functions `network_layer_NN_<op>`, in the order of NN."""
    functions = [(int(match[1]), symbol) for name, symbol in symbols.items() if (match := _LAYER.fullmatch(name))]
    return [symbol for _, symbol in sorted(functions, key=lambda pair: pair[0])]


def function_at(symbols: Mapping[str, Symbol], address: int) -> str | None:
    """Name of the function that `address` lies in."""
    for symbol in symbols.values():
        if symbol.kind in "tTwW" and symbol.address <= address < symbol.address + symbol.size_bytes:
            return symbol.name
    return None
