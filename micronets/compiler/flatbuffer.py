"""Read-only FlatBuffers access in which every offset and length is checked against the file.

The generated FlatBuffers accessors trust the file; a damaged one makes them raise anything at all or allocate without
bound. Here a damaged file raises `Damaged`, and no vector is longer than the file itself.
"""

import struct
from typing import Any, Self

import numpy as np


class Damaged(ValueError):
    """An offset or a length points outside the file."""


class Table:
    """One FlatBuffers table; fields are named by their position in the schema."""

    def __init__(self, content: bytes, position: int) -> None:
        self.content = content
        self.position = position
        vtable = position - _scalar(content, "<i", position)
        if not 0 <= vtable <= len(content) - 4:
            raise Damaged("a table's field list lies outside the file")
        self._vtable = vtable
        self._vtable_bytes = _scalar(content, "<H", vtable)
        self._table_bytes = _scalar(content, "<H", vtable + 2)

    @classmethod
    def root(cls, content: bytes) -> Self:
        return cls(content, _scalar(content, "<I", 0))

    def _field(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._vtable_bytes:
            return None
        offset = _scalar(self.content, "<H", self._vtable + entry)
        if offset >= max(self._table_bytes, 4):
            raise Damaged("a field lies outside its table")
        return self.position + offset if offset else None

    def number(self, field: int, format_: str, default: float = 0) -> int | float:
        position = self._field(field)
        return default if position is None else _scalar(self.content, format_, position)

    def int8(self, field: int, default: int = 0) -> int:
        return int(self.number(field, "<b", default))

    def uint8(self, field: int) -> int:
        return int(self.number(field, "<B"))

    def int32(self, field: int, default: int = 0) -> int:
        return int(self.number(field, "<i", default))

    def uint32(self, field: int) -> int:
        return int(self.number(field, "<I"))

    def uint64(self, field: int) -> int:
        return int(self.number(field, "<Q"))

    def float32(self, field: int, default: float = 0.0) -> float:
        return float(self.number(field, "<f", default))

    def bool(self, field: int) -> bool:
        return bool(self.uint8(field))

    def table(self, field: int) -> "Table | None":
        position = self._field(field)
        return None if position is None else Table(self.content, _follow(self.content, position))

    def tables(self, field: int) -> "list[Table]":
        start, count = self._vector(field, 4)
        return [Table(self.content, _follow(self.content, start + 4 * i)) for i in range(count)]

    def array(self, field: int, dtype: str) -> np.ndarray | None:
        """A vector of scalars as a read-only array, or None where the field is absent."""
        if self._field(field) is None:
            return None
        start, count = self._vector(field, np.dtype(dtype).itemsize)
        return np.frombuffer(self.content, dtype=dtype, count=count, offset=start)

    def string(self, field: int) -> str:
        start, count = self._vector(field, 1)
        return self.content[start : start + count].decode("utf-8", errors="replace")

    def _vector(self, field: int, item_bytes: int) -> tuple[int, int]:
        position = self._field(field)
        if position is None:
            return 0, 0
        start = _follow(self.content, position)
        count = _scalar(self.content, "<I", start)
        if start + 4 + count * item_bytes > len(self.content):
            raise Damaged("a vector is longer than the file")
        return start + 4, count


def _scalar(content: bytes, format_: str, position: int) -> Any:
    if not 0 <= position <= len(content) - struct.calcsize(format_):
        raise Damaged("an offset points outside the file")
    return struct.unpack_from(format_, content, position)[0]


def _follow(content: bytes, position: int) -> int:
    return position + _scalar(content, "<I", position)
