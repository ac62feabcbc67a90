"""A board's program simulated behind a pseudo-terminal, with a line that may spoil what goes over it."""

import os
import select
import struct
import termios
import threading
import time
import tty
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HELLO, WRITE_INPUT, RUN, READ_OUTPUT, READ_STEPS, SET_BAUD = range(1, 7)
OK, DAMAGED, SESSION = 0, 1, 4
GREETING = b"m-timestamp-mode-performance\r\nm-init-done\r\nm-ready\r\n"
INPUT_BYTES, OUTPUT_BYTES = 700, 4
STEP_CYCLES = (900, 100)
OVERHEAD = 10
SLOW, FAST = 115_200, 921_600
FALL_BACK_S = 0.3
CYCLES = sum(STEP_CYCLES) + OVERHEAD * len(STEP_CYCLES)

Spoil = Callable[["SimulatedBoard", int, bytes], bytes | None]


class SimulatedBoard(threading.Thread):
    """Answers frames; its network's outputs are the first four inputs, each negated.

    Args:
        bears_fast: whether anything gets through at the higher speed.
        spoil: called with every request's kind and the reply's frame; what it returns is sent instead, None: nothing.
    """

    def __init__(
        self,
        spoil: Spoil = lambda board, kind, reply: reply,
        *,
        version: int = 1,
        build: str = "0011223344556677",
        name: str = "netduinoplus2",
        clock_hz: int = 1_000_000_000,
        bears_fast: bool = True,
    ) -> None:
        super().__init__(daemon=True)
        self.line, self._end = os.openpty()
        tty.setraw(self._end)
        self.port = os.ttyname(self._end)
        self.served = 0
        self.ended = False
        self._spoil = spoil
        self._version = version
        self._hello = struct.pack(
            "<IBIIHI8s", clock_hz, 0, INPUT_BYTES, OUTPUT_BYTES, 2, OVERHEAD, bytes.fromhex(build)
        )
        self._hello += name.encode()
        self._session = b""
        self._input = bytearray(INPUT_BYTES)
        self._bears_fast = bears_fast
        self._baud = SLOW
        self._understood = 0.0
        self.speeds: list[int] = []

    def unplug(self) -> None:
        """Makes the port vanish."""
        self.ended = True
        os.close(self._end)
        os.close(self.line)

    def reset(self) -> bytes:
        """Forgets everything; returns what a starting board says."""
        self._session = b""
        self._baud = SLOW
        return GREETING

    def run(self) -> None:
        unread = b""
        while not self.ended:
            if self._baud != SLOW and time.monotonic() - self._understood > FALL_BACK_S:
                self._baud = SLOW
            if not select.select([self.line], [], [], 0.02)[0]:
                continue
            unread += os.read(self.line, 4096)
            if not self._speeds_match():
                unread = b""
                os.write(self.line, b"\xff\x00\xa5")
                continue
            while (frame := unread.find(b"\xa5\x5a")) >= 0:
                unread = unread[frame:]
                if len(unread) < 7 or len(unread) < (whole := 11 + int.from_bytes(unread[5:7], "little")):
                    break
                self._serve(unread[2 : whole - 4], unread[whole - 4 : whole])
                unread = unread[whole:]

    def _speeds_match(self) -> bool:
        """Both ends of a pseudo-terminal share its settings, and so the speed that the host has set."""
        host = {termios.B115200: SLOW, termios.B921600: FAST}.get(termios.tcgetattr(self._end)[4])
        return host == self._baud and (self._baud == SLOW or self._bears_fast)

    def _serve(self, content: bytes, crc: bytes) -> None:
        assert zlib.crc32(content).to_bytes(4, "little") == crc
        kind, sequence = content[1], content[2]
        self.served += 1
        answer = self._answer(kind, content[5:])
        spoilt = self._spoil(self, kind, self.frame(kind, sequence, answer))
        if spoilt is not None and not self.ended:
            os.write(self.line, spoilt)
        self._understood = time.monotonic()
        if kind == SET_BAUD and answer == bytes([OK]):
            self._baud = int.from_bytes(content[9:13], "little")
            self.speeds.append(self._baud)

    def frame(self, kind: int, sequence: int, payload: bytes) -> bytes:
        content = struct.pack("<BBBH", self._version, kind | 0x80, sequence, len(payload)) + payload
        return b"\xa5\x5a" + content + zlib.crc32(content).to_bytes(4, "little")

    def _answer(self, kind: int, payload: bytes) -> bytes:
        if kind == HELLO:
            self._session = payload
            return bytes([OK]) + self._hello
        if payload[:4] != self._session:
            return bytes([SESSION])
        arguments = payload[4:]
        if kind == WRITE_INPUT:
            offset = int.from_bytes(arguments[:4], "little")
            self._input[offset : offset + len(arguments) - 4] = arguments[4:]
            return bytes([OK])
        if kind == RUN:
            return struct.pack("<BII", OK, 0 if arguments[0] else CYCLES, 128 if arguments[0] else 0)
        if kind == SET_BAUD:
            return bytes([OK])
        first = int.from_bytes(arguments[:-2], "little")
        count = int.from_bytes(arguments[-2:], "little")
        if kind == READ_OUTPUT:
            output = bytes(-byte % 256 for byte in self._input[:OUTPUT_BYTES])
            return bytes([OK]) + output[first : first + count]
        return bytes([OK]) + struct.pack(f"<{count}I", *STEP_CYCLES[first : first + count])


@contextmanager
def plugged_in(board: SimulatedBoard) -> Iterator[SimulatedBoard]:
    """The board, answering; gone in the end."""
    board.start()
    try:
        yield board
    finally:
        ended = board.ended
        board.ended = True
        board.join()
        if not ended:
            board.unplug()


def slowly(board: SimulatedBoard, kind: int, reply: bytes) -> None:
    """Sends a reply a few bytes at a time."""
    for start in range(0, len(reply), 7):
        os.write(board.line, reply[start : start + 7])
        time.sleep(0.005)
