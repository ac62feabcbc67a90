"""C text: constants in named sections and descriptions as designated initialisers."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from micronets.compiler.naming import OWN_PREFIX

_TYPES = {
    np.dtype(np.int8): "int8_t",
    np.dtype(np.uint8): "uint8_t",
    np.dtype(np.int16): "int16_t",
    np.dtype(np.uint16): "uint16_t",
    np.dtype(np.int32): "int32_t",
    np.dtype(np.uint32): "uint32_t",
}
_NUMBERS_PER_LINE = {1: 24, 2: 16, 4: 10}


class Source:
    """Collects the constants of a C file; every array is word-aligned and in a section `.rodata.<prefix>_<name>`."""

    def __init__(self, prefix: str = OWN_PREFIX) -> None:
        self._section = f".rodata.{prefix}"
        self.parts: list[str] = []
        self.constant_bytes = 0

    def array(self, name: str, values: np.ndarray, *, static: bool = True) -> str:
        """Adds an array and returns its C name; where it is not static, other files declare it."""
        flat = np.ascontiguousarray(values).reshape(-1)
        item = flat.dtype.itemsize
        per_line = _NUMBERS_PER_LINE[item]
        numbers = [_number(value, item) for value in flat.tolist()]
        lines = [", ".join(numbers[i : i + per_line]) for i in range(0, len(numbers), per_line)]
        body = ",\n    ".join(lines)
        self.parts.append(
            f"{'static ' if static else ''}const {c_type(flat)} {name}[{len(numbers)}]\n"
            f'    __attribute__((aligned(4), section("{self._section}_{name}"))) = {{\n    {body}}};\n'
        )
        self.constant_bytes += flat.nbytes
        return name

    def description(self, struct: str, name: str, fields: Mapping[str, Any]) -> str:
        """Adds a `static const struct` and returns its address as C text; the file defines the macro SECTION."""
        self.parts.append(
            f"static const struct {struct} {name}\n"
            f'    SECTION("{self._section}_{name}") = {_initialiser(fields, "    ")};\n'
        )
        self.constant_bytes += 4 * _count(fields)
        return f"&{name}"


def c_type(values: np.ndarray) -> str:
    """The C type of an array's elements."""
    return _TYPES[values.dtype]


def _number(value: int, item_bytes: int) -> str:
    if value == -(1 << 31) and item_bytes == 4:
        return "INT32_MIN"
    return str(value)


def _initialiser(fields: Mapping[str, Any], indent: str) -> str:
    lines = []
    for key, value in fields.items():
        text = _initialiser(value, indent + "    ") if isinstance(value, Mapping) else str(value)
        lines.append(f"{indent}.{key} = {text}")
    return "{\n" + ",\n".join(lines) + "}"


def _count(fields: Mapping[str, Any]) -> int:
    values: Iterable[Any] = fields.values()
    return sum(_count(value) if isinstance(value, Mapping) else 1 for value in values)
