"""Reads GNU ld's map file: which input section of which object takes how many bytes where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from micronets.errors import BuildError

OUTPUT_SECTIONS = (".vectors", ".text", ".rodata", ".stack", ".data", ".bss")

_START = "Linker script and memory map"
_OUTPUT = re.compile(r"^(\.[\w.]+)(?:\s+0x([0-9a-f]+)\s+0x([0-9a-f]+).*)?$")
_INPUT = re.compile(r"^ (\.\S+|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (.+)$")
_INPUT_NAME = re.compile(r"^ (\.\S+|COMMON)$")
_INPUT_REST = re.compile(r"^\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (.+)$")
_FILL = re.compile(r"^ \*fill\*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)")


@dataclass(frozen=True)
class Contribution:
    """What one object file puts into one output section.

    Attributes:
        output: `.text`, `.rodata`, `.data`, `.bss`, `.vectors` or `.stack`.
        section: name of the input section.
        object: object file, or `archive(member)`; `*fill*` for alignment.
    """

    output: str
    section: str
    object: str
    address: int
    size_bytes: int


def read_linker_map(path: Path) -> list[Contribution]:
    """All contributions of more than 0 bytes, in the order of the map.

    The contributions to an output section add up to its size; what the script itself reserves is one named
    `*script*`. Raises BuildError where the file is no linker map.
    """
    text = path.read_text(encoding="utf-8")
    if _START not in text:
        raise BuildError(f"{path} is not a linker map; build the firmware again.")
    contributions: list[Contribution] = []
    for output, address, size_bytes, lines in _output_sections(text.split(_START, 1)[1].splitlines()):
        found = [part for part in _inputs(output, lines) if part.size_bytes > 0]
        rest = size_bytes - sum(part.size_bytes for part in found)
        if rest > 0:
            found.append(Contribution(output, output, "*script*", address, rest))
        contributions += found
    return contributions


def _output_sections(lines: list[str]) -> Iterator[tuple[str, int, int, list[str]]]:
    heads = [index for index, line in enumerate(lines) if _OUTPUT.match(line)]
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        match = _OUTPUT.match(lines[head])
        if match is None or match[1] not in OUTPUT_SECTIONS or match[2] is None:
            continue
        yield match[1], int(match[2], 16), int(match[3], 16), lines[head + 1 : end]


def _inputs(output: str, lines: list[str]) -> Iterator[Contribution]:
    pending = None
    for line in lines:
        if pending is not None and (match := _INPUT_REST.match(line)):
            yield Contribution(output, pending, match[3].strip(), int(match[1], 16), int(match[2], 16))
        elif match := _INPUT.match(line):
            yield Contribution(output, match[1], match[4].strip(), int(match[2], 16), int(match[3], 16))
        elif match := _FILL.match(line):
            yield Contribution(output, "*fill*", "*fill*", int(match[1], 16), int(match[2], 16))
        match = _INPUT_NAME.match(line)
        pending = match[1] if match else None
