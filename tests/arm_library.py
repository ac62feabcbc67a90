"""Static libraries of object files with build attributes and nothing else, put together by hand."""

import struct
from pathlib import Path

CORES = {
    "cortex-m0plus": ("6S-M", 12, 0),
    "cortex-m3": ("7-M", 10, 0),
    "cortex-m4": ("7E-M", 13, 6),
    "cortex-m7": ("7E-M", 13, 8),
    "cortex-m33": ("8-M.MAIN", 17, 8),
    "cortex-m55": ("cortex-m55", 21, 8),
}
"""What GCC 12.2 writes for a core: Tag_CPU_name, Tag_CPU_arch, Tag_FP_arch, by `readelf -A`."""


def object_file(name: str, architecture: int, unit: int, *, hard: bool | None = None) -> bytes:
    """An ELF file of one section, its build attributes; `hard`: Tag_ABI_VFP_args, of a core with a unit by default."""
    values = b"\x05" + name.encode() + b"\0" + bytes([6, architecture])
    if unit:
        values += bytes([10, unit])
    if bool(unit) if hard is None else hard:
        values += bytes([28, 1])
    values += b"\x43" + b"2.09\0" + bytes([0x8A, 0x01, 1])  # of two bytes, and one of letters, that say nothing here
    whole = b"\x01" + struct.pack("<I", 5 + len(values)) + values
    aeabi = struct.pack("<I", 4 + 6 + len(whole)) + b"aeabi\0" + whole
    foreign = struct.pack("<I", 4 + 4 + 1) + b"gnu\0" + b"\x7f"
    attributes = b"A" + foreign + aeabi
    header = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    header += struct.pack("<HHIIIIIHHHHHH", 1, 40, 1, 0, 0, 52, 0, 52, 0, 0, 40, 2, 0)
    sections = bytes(40) + struct.pack("<10I", 0, 0x70000003, 0, 0, 52 + 80, len(attributes), 0, 0, 1, 0)
    return header + sections + attributes


def write_library(path: Path, *members: tuple[str, bytes]) -> Path:
    """As `ar` writes it, with GNU's table of names that are longer than 15 bytes."""
    names = "".join(f"{name}/\n" for name, _ in members if len(name) > 15)
    content = b"!<arch>\n" + _member("/", struct.pack(">I", 0)) + (_member("//", names.encode()) if names else b"")
    for name, data in members:
        content += _member(f"/{names.index(name + '/')}" if len(name) > 15 else f"{name}/", data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def library_for(core: str, path: Path) -> Path:
    """One that was built for a core."""
    return write_library(path, ("conv.o", object_file(*CORES[core])))


def _member(name: str, data: bytes) -> bytes:
    return f"{name:16}{0:<12}{0:<6}{0:<6}{644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
