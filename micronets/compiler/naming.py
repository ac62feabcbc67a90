"""Names in generated C: a prefix on all that a linker or an include path sees keeps networks in one program apart."""

import re
from dataclasses import dataclass
from pathlib import Path

from micronets.errors import ConfigurationError

OWN_PREFIX = "network"
"""Of the workflow's programs; the kernels keep their names there."""

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KERNEL_NAMES = re.compile(r'\b(?=mn_)|(?<=#include ")')
_C_LIBRARY = frozenset(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg stdbool stddef "
    "stdint stdio stdlib string tgmath time wchar wctype".split()
)


@dataclass(frozen=True)
class Naming:
    """How a network's C is named.

    Raises:
        ConfigurationError: the prefix is no C identifier, or would hide a header of the C library.
    """

    prefix: str

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ConfigurationError(
                f"prefix {self.prefix!r} cannot begin names in C; use letters, digits and underscores, a letter first."
            )
        if self.prefix.lower() in _C_LIBRARY:
            raise ConfigurationError(
                f"prefix {self.prefix!r} would hide the C library's {self.prefix}.h; choose another one."
            )

    @property
    def macro(self) -> str:
        """What macros begin with."""
        return self.prefix.upper()

    def kernel_file(self, name: str) -> str:
        """Name of a kernel's C file or header in the output."""
        return name if self.prefix == OWN_PREFIX else f"{self.prefix}_{name}"

    def kernel_text(self, text: str) -> str:
        """C text with kernels, their types, and the headers that it includes under their names in the output."""
        return text if self.prefix == OWN_PREFIX else _KERNEL_NAMES.sub(f"{self.prefix}_", text)


def default_prefix(file: Path) -> str:
    """From the name of a model's file."""
    prefix = re.sub(r"[^A-Za-z0-9]+", "_", file.stem).strip("_")
    if not prefix[:1].isalpha():
        prefix = f"network_{prefix}".rstrip("_")
    return f"{prefix}_network" if prefix.lower() in _C_LIBRARY else prefix
