"""What the object files of a static library were compiled for, by their build attributes.

Formats: System V's `ar` with GNU's long names; ELF; "Addenda to, and Errata in, the ABI for the Arm Architecture",
which numbers the attributes and their values.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.cores import FP_ARCHITECTURES, Core
from micronets.errors import BuildError

_MAGIC, _THIN_MAGIC = b"!<arch>\n", b"!<thin>\n"
_HEADER_BYTES = 60
_ELF = b"\x7fELF\x01\x01"
"""Of 32 bits, the lowest byte first."""
_ATTRIBUTES_SECTION = 0x70000003

_CPU_RAW_NAME, _CPU_NAME, _CPU_ARCHITECTURE, _FP_ARCHITECTURE, _VFP_ARGUMENTS, _COMPATIBILITY = 4, 5, 6, 10, 28, 32
_WHOLE_FILE = 1
_ARCHITECTURE_NAMES = {
    10: "Armv7-M",
    11: "Armv6-M",
    12: "Armv6-M",
    13: "Armv7E-M",
    16: "Armv8-M baseline",
    17: "Armv8-M mainline",
    21: "Armv8.1-M mainline",
}


@dataclass(frozen=True)
class BuildAttributes:
    """What an object file was compiled for; numbers as in the ABI, 0 where it says nothing.

    Attributes:
        cpu_name: of a core, such as `cortex-m55`, or of an architecture, such as `7E-M`, as compilers differ.
        fp_architecture: of the floating-point unit.
        passes_in_registers: floating-point arguments go in that unit's registers.
    """

    cpu_name: str
    architecture: int
    fp_architecture: int
    passes_in_registers: bool

    def fits(self, core: Core) -> bool:
        """Whether it was compiled for this core and no other, as far as the attributes say."""
        if not self.cpu_name and not self.architecture:
            return True
        name = self.cpu_name.lower().split("+")[0].split(".")[0]
        return (
            (not name.startswith("cortex-") or name == core.name)
            and self.architecture in core.architectures
            and self.fp_architecture == core.fp_architecture
            and self.passes_in_registers == core.has_hard_float
        )

    def __str__(self) -> str:
        named = self.cpu_name.lower().startswith("cortex-")
        what = self.cpu_name if named else _ARCHITECTURE_NAMES.get(self.architecture, f"architecture {self.cpu_name}")
        unit = FP_ARCHITECTURES.get(self.fp_architecture, "another floating-point unit")
        soft = ", whose registers calls do not use" if self.fp_architecture and not self.passes_in_registers else ""
        return f"{what} with {unit}{soft}"


def read_build_attributes(archive: Path) -> dict[str, BuildAttributes]:
    """Build attributes by the names of the members that have any.

    Raises:
        BuildError: the file cannot be read, is no static library or a damaged one, or is a thin one.
    """
    try:
        content = archive.read_bytes()
    except OSError as error:
        raise BuildError(f"{archive} cannot be read ({error.strerror}); name a static library.") from error
    if content.startswith(_THIN_MAGIC):
        raise BuildError(f"{archive} is a thin library, which holds no object files; make it anew without `T` for ar.")
    if not content.startswith(_MAGIC):
        raise BuildError(f"{archive} is not a static library; name one that ar has made.")
    try:
        found = {}
        for name, member in _members(content):
            if (attributes := _attributes(member)) is not None:
                found[name] = attributes
    except (struct.error, ValueError, IndexError) as error:
        raise BuildError(f"{archive} is damaged ({error}); build it anew.") from error
    return found


def defines(archive: Path, symbol: str) -> bool:
    """Whether an object file in a static library defines a symbol, by the index that `ar s` leaves in it.

    Raises BuildError where the file cannot be read.
    """
    try:
        content = archive.read_bytes()
    except OSError as error:
        raise BuildError(f"{archive} cannot be read ({error.strerror}); name a static library.") from error
    header = content[len(_MAGIC) : len(_MAGIC) + _HEADER_BYTES]
    if header[:16].rstrip() != b"/" or not header[48:58].strip().isdigit():
        return False
    start = len(_MAGIC) + _HEADER_BYTES
    index = content[start : start + int(header[48:58])]
    count = int.from_bytes(index[:4], "big")
    return symbol.encode() in index[4 + 4 * count :].split(b"\0")


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    start, long_names = len(_MAGIC), b""
    while start + _HEADER_BYTES <= len(content):
        header = content[start : start + _HEADER_BYTES]
        if header[58:60] != b"`\n":
            raise ValueError(f"no member begins at byte {start}")
        size, start = int(header[48:58]), start + _HEADER_BYTES
        name, member = header[:16].rstrip(), content[start : start + size]
        if size < 0 or len(member) < size:
            raise ValueError(f"{size - len(member)} bytes are missing at its end")
        start += size + size % 2
        if name == b"//":
            long_names = member
        elif name.startswith(b"/") and name[1:].isdigit():
            name = long_names[int(name[1:]) :].split(b"\n", 1)[0]
        if member.startswith(_ELF):
            yield name.rstrip(b"/").decode(errors="replace"), member


def _attributes(member: bytes) -> BuildAttributes | None:
    (sections_start,) = struct.unpack_from("<I", member, 32)
    entry_bytes, count = struct.unpack_from("<HH", member, 46)
    for index in range(count):
        _, kind, _, _, start, size = struct.unpack_from("<6I", member, sections_start + index * entry_bytes)
        if kind == _ATTRIBUTES_SECTION:
            values = _parse(member[start : start + size])
            return BuildAttributes(
                cpu_name=str(values.get(_CPU_NAME, "")),
                architecture=int(values.get(_CPU_ARCHITECTURE, 0)),
                fp_architecture=int(values.get(_FP_ARCHITECTURE, 0)),
                passes_in_registers=values.get(_VFP_ARGUMENTS, 0) == 1,
            )
    return None


def _parse(section: bytes) -> dict[int, int | str]:
    """Attributes of the whole file, by their numbers; only the vendor `aeabi` has numbers that all tools agree on."""
    values: dict[int, int | str] = {}
    if section[:1] != b"A":
        raise ValueError("build attributes of an unknown version")
    start = 1
    while start < len(section):
        (length,) = struct.unpack_from("<I", section, start)
        if length < 5:
            raise ValueError("empty build attributes")
        vendor, _, rest = section[start + 4 : start + length].partition(b"\0")
        start += length
        while vendor == b"aeabi" and rest:
            scope, (size,) = rest[0], struct.unpack_from("<I", rest, 1)
            if size < 5:
                raise ValueError("empty build attributes")
            if scope == _WHOLE_FILE:
                values |= _values(rest[5:size])
            rest = rest[size:]
    return values


def _values(content: bytes) -> dict[int, int | str]:
    values: dict[int, int | str] = {}
    while content:
        tag, content = _number(content)
        if tag == _COMPATIBILITY:
            _, content = _number(content)
        if tag in (_CPU_RAW_NAME, _CPU_NAME, _COMPATIBILITY) or (tag > _COMPATIBILITY and tag % 2):
            text, _, content = content.partition(b"\0")
            values[tag] = text.decode(errors="replace")
        else:
            values[tag], content = _number(content)
    return values


def _number(content: bytes) -> tuple[int, bytes]:
    """An unsigned number in groups of 7 bits, the lowest first, and what follows it."""
    value = 0
    for index, byte in enumerate(content):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, content[index + 1 :]
    raise ValueError("a number is cut off")
