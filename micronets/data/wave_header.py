"""WAV files whose writer could not go back to fill in their sizes, as programs that write into a pipe cannot."""

import os
import struct
from typing import BinaryIO

_LEAST_UNKNOWN_SIZE = 0x7FFF0000
"""Writers put 0, 0x7FFFFFFF, 0xFFFFFFFF or something a header's length below them in the place of a size."""
_MOST_BYTES = 1 << 29
"""Of a file that is mended, in memory."""
_MOST_CHUNKS = 1000


def with_true_sizes(path: str | os.PathLike) -> bytes | None:
    """The bytes of a RIFF WAVE file with its sizes filled in, where they say nothing and its samples go on to its end.

    None of any other file: of another format, of sizes that were meant, damaged before its samples, of more than
    512 MiB, or unreadable.
    """
    try:
        with open(path, "rb") as stream:
            found = _unsized_samples(stream, os.fstat(stream.fileno()).st_size)
            if found is None:
                return None
            start, whole = found
            stream.seek(0)
            content = stream.read(start + whole)
    except OSError:
        return None
    sizes = struct.pack("<I", start + whole - 8), struct.pack("<I", whole)
    return content[:4] + sizes[0] + content[8 : start - 4] + sizes[1] + content[start:]


def _unsized_samples(stream: BinaryIO, length: int) -> tuple[int, int] | None:
    """Where the samples of a file begin that does not say how many they are, and how many bytes they take."""
    riff = stream.read(12)
    if riff[:4] != b"RIFF" or riff[8:12] != b"WAVE" or length > _MOST_BYTES:
        return None
    place, frame_bytes = 12, 1
    for _ in range(_MOST_CHUNKS):
        if place + 8 > length:
            return None
        stream.seek(place)
        name, size = struct.unpack("<4sI", stream.read(8))
        start = place + 8
        if name == b"data":
            rest = length - start
            if not (size == 0 and not _are_chunks(stream, start, length)) and not (_LEAST_UNKNOWN_SIZE <= size > rest):
                return None
            return start, rest - rest % frame_bytes
        if name == b"fmt " and size >= 14 and start + 14 <= length:
            stream.seek(start + 12)
            frame_bytes = max(struct.unpack("<H", stream.read(2))[0], 1)
        place = start + size + size % 2
    return None


def _are_chunks(stream: BinaryIO, place: int, length: int) -> bool:
    """Whether further chunks, or nothing at all, fill the file from here on: then there are no samples."""
    for _ in range(_MOST_CHUNKS):
        if place + 8 > length:
            break
        stream.seek(place)
        name, size = struct.unpack("<4sI", stream.read(8))
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return False
        place += 8 + size + size % 2
    return place == length
