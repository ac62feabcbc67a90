"""Whether a PNG holds all the rows that its header tells of; decoders leave those that are missing black."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of one pixel, by type of colour
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of every pass over an interlaced image: its first column and row, and the steps to the next ones."""
_PIECE_BYTES = 1 << 16


def missing_rows(path: Path) -> int:
    """How many rows a PNG lacks (of an interlaced one: about how many); 0 where it holds all.

    Sizes: W3C, "Portable Network Graphics (PNG) Specification", sections 4.5.2, 7.2, 8 and 11.2.2.

    Raises ValueError or zlib.error where the file is no such image, OSError where it cannot be read.
    """
    chunks = _chunks(path)
    name, header = next(chunks, (b"", b""))
    if name != b"IHDR" or len(header) != 13:
        raise ValueError("it begins with no header")
    columns, rows, bits, colour, _, _, interlaced = struct.unpack(">2I5B", header)
    if colour not in _SAMPLES:
        raise ValueError(f"its type of colour is {colour}")
    expected = _bytes(columns, rows, bits * _SAMPLES[colour], bool(interlaced))
    found, inflater = 0, zlib.decompressobj()
    for name, content in chunks:
        while name == b"IDAT" and content and not inflater.eof and found < expected:
            found += len(inflater.decompress(content, _PIECE_BYTES))
            content = inflater.unconsumed_tail
    while found < expected and (more := inflater.decompress(inflater.unconsumed_tail, _PIECE_BYTES)):
        found += len(more)
    return -(-rows * (expected - found) // expected) if found < expected else 0


def _bytes(columns: int, rows: int, pixel_bits: int, interlaced: bool) -> int:
    """Of all rows, each with the byte that names its filter."""
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    total = 0
    for first_column, first_row, column_step, row_step in passes:
        width, height = -(-(columns - first_column) // column_step), -(-(rows - first_row) // row_step)
        if width > 0 and height > 0:
            total += height * (1 + -(-width * pixel_bits // 8))
    return total


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the header and, in pieces, of the image's data; contents of all others are empty."""
    with open(path, "rb") as stream:
        stream.seek(8)
        while len(head := stream.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            end = stream.tell() + length + 4
            if name == b"IHDR":
                yield name, stream.read(min(length, _PIECE_BYTES))
            elif name == b"IDAT":
                while length and (piece := stream.read(min(length, _PIECE_BYTES))):
                    yield name, piece
                    length -= len(piece)
            elif name == b"IEND":
                return
            stream.seek(end)
