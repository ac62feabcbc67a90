"""The frames in which tensors go over the serial line; the board's side and the layout: micronets/csrc/app/frames.h."""

import zlib
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
PAYLOAD_BYTES = 512
START = b"\xa5\x5a"

_HEADER_BYTES = 5
_CRC_BYTES = 4
_REPLY = 0x80
_KEPT_TEXT_BYTES = 2000


class Kind(IntEnum):
    """What a frame asks for; FAULT is sent by the board of its own accord."""

    HELLO = 1
    WRITE_INPUT = 2
    RUN = 3
    READ_OUTPUT = 4
    READ_STEPS = 5
    SET_BAUD = 6
    FAULT = 0x7F


class Status(IntEnum):
    """How a request went, the first byte of its reply."""

    OK = 0
    DAMAGED = 1
    UNKNOWN = 2
    ARGUMENT = 3
    SESSION = 4
    VERSION = 5


@dataclass(frozen=True)
class Frame:
    """One frame whose checksum is right; `kind` is without the bit that marks replies."""

    version: int
    kind: int
    sequence: int
    payload: bytes
    is_reply: bool


def encode(kind: int, sequence: int, payload: bytes, *, version: int = VERSION) -> bytes:
    """The bytes of a frame."""
    if len(payload) > PAYLOAD_BYTES:
        raise ValueError(f"{len(payload)} bytes are too many for a frame")
    content = bytes([version, kind, sequence]) + len(payload).to_bytes(2, "little") + payload
    return START + content + zlib.crc32(content).to_bytes(_CRC_BYTES, "little")


class FrameReader:
    """Finds frames in a stream of bytes that also carries text, garbage and damaged frames.

    Attributes:
        received_bytes: everything so far.
        damaged: frames whose checksum was wrong, or that broke off.
        text: the latest bytes that belong to no frame.
    """

    def __init__(self) -> None:
        self.received_bytes = 0
        self.damaged = 0
        self.text = b""
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        self.received_bytes += len(data)
        self._buffer += data
        return self._frames()

    def break_off(self) -> list[Frame]:
        """Gives up the frame that has begun and not gone on; returns those that were hidden behind its beginning."""
        if not self._buffer:
            return []
        self.damaged += self._buffer.startswith(START)
        self._skip(1)
        return self._frames()

    @property
    def is_within_frame(self) -> bool:
        """Whether a frame has begun."""
        return bool(self._buffer)

    def _skip(self, count: int) -> None:
        self.text = (self.text + self._buffer[:count])[-_KEPT_TEXT_BYTES:]
        self._buffer = self._buffer[count:]

    def _frames(self) -> list[Frame]:
        frames: list[Frame] = []
        while True:
            start = self._buffer.find(START[:1])
            self._skip(len(self._buffer) if start < 0 else start)
            if len(self._buffer) < len(START):
                return frames
            if not self._buffer.startswith(START):
                self._skip(1)
                continue
            content = self._buffer[len(START) :]
            if len(content) < _HEADER_BYTES:
                return frames
            length = int.from_bytes(content[3:5], "little")
            end = _HEADER_BYTES + length
            if length > PAYLOAD_BYTES:
                self.damaged += 1
                self._skip(1)
                continue
            if len(content) < end + _CRC_BYTES:
                return frames
            crc = int.from_bytes(content[end : end + _CRC_BYTES], "little")
            if crc != zlib.crc32(content[:end]):
                self.damaged += 1
                self._skip(1)
                continue
            version, kind, sequence = content[:3]
            payload = content[_HEADER_BYTES:end]
            frames.append(Frame(version, kind & ~_REPLY, sequence, payload, bool(kind & _REPLY)))
            self._buffer = content[end + _CRC_BYTES :]
