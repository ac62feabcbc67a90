"""WAV files whose writer could not go back to fill in their sizes, as programs that write into a pipe cannot."""

import os
import struct

_LEAST_UNKNOWN_SIZE = 0x7FFF0000
"""Writers put 0, 0x7FFFFFFF, 0xFFFFFFFF or something a header's length below them in the place of a size."""


def with_true_sizes(path: str | os.PathLike) -> bytes | None:
    """The bytes of a RIFF WAVE file with its sizes filled in, where they say nothing and its samples go on to its end.

    None of any other file: of another format, of sizes that were meant, damaged before its samples, or unreadable.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError:
        return None
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    place, frame_bytes = 12, 1
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        start = place + 8
        if name == b"data":
            rest = len(content) - start
            if not (size == 0 and not _are_chunks(content, start)) and not (_LEAST_UNKNOWN_SIZE <= size > rest):
                return None
            whole = rest - rest % frame_bytes
            sizes = struct.pack("<I", start + whole - 8), struct.pack("<I", whole)
            return content[:4] + sizes[0] + content[8 : start - 4] + sizes[1] + content[start : start + whole]
        if name == b"fmt " and size >= 14 and start + 14 <= len(content):
            frame_bytes = max(struct.unpack_from("<H", content, start + 12)[0], 1)
        place = start + size + size % 2
    return None


def _are_chunks(content: bytes, place: int) -> bool:
    """Whether further chunks, or nothing at all, fill the file from here on: then there are no samples."""
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return False
        place += 8 + size + size % 2
    return place == len(content)
