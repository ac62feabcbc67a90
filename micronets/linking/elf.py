"""Whether a linked program is whole, before the tools that read it say what they do not know of it."""

import struct
from pathlib import Path

from micronets.errors import BuildError
from micronets.stage_file import made_anew, reading

_HEADER = struct.Struct("<16s2H5I6H")
_SECTION = struct.Struct("<10I")
_MAGIC = b"\x7fELF\x01\x01"  # of 32 bits, the lowest byte first
_NO_BITS = 8


def check_program(elf: Path, output: Path | None = None) -> None:
    """Raises BuildError where a file is no ELF program of 32 bits, or was cut (System V ABI, chapter 4).

    Args:
        output: what is to be deleted for the program to be made anew; itself where it is left out.
    """
    remedy = made_anew(output or elf)
    with reading(output or elf, about=str(elf), kind=BuildError):
        size = elf.stat().st_size
        with open(elf, "rb") as stream:
            head = stream.read(_HEADER.size)
            if head[: len(_MAGIC)] != _MAGIC or len(head) < _HEADER.size:
                raise BuildError(f"{elf} is no program for a microcontroller; {remedy}.")
            *_, table, _, _, _, _, entry_bytes, entries, _ = _HEADER.unpack(head)
            stream.seek(table)
            sections = stream.read(entries * entry_bytes)
        if entry_bytes != _SECTION.size or len(sections) < entries * entry_bytes:
            raise BuildError(f"{elf} is cut off after {size:,} bytes; {remedy}.")
        for _, kind, _, _, offset, length, *_ in _SECTION.iter_unpack(sections):
            if kind != _NO_BITS and offset + length > size:
                raise BuildError(f"{elf} is cut off after {size:,} bytes; {remedy}.")
