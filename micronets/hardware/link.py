"""Requests to the program on a board and their replies, over a line on which anything may go wrong.

A request that gets no reply, or a damaged one, is repeated; what does not mend ends in one sentence.
"""

import contextlib
import logging
import os
import struct
import time
from dataclasses import dataclass

from micronets.errors import BoardError
from micronets.hardware.frames import PAYLOAD_BYTES, VERSION, Frame, FrameReader, Kind, Status, encode
from micronets.hardware.port import Port
from micronets.linking.board_program import BAUD
from micronets.linking.fault import Fault, read_fault

logger = logging.getLogger(__name__)

ATTEMPTS = 4
REPLY_LIMIT_S = 1.5
BROKEN_OFF_S = 0.4
FAST_BAUD = 921_600

_GREETING = b"m-init-done"
_HELLO_REPLY = struct.Struct("<IBIIHI8s")
_RUN_REPLY = struct.Struct("<II")
_WRITE_BYTES = PAYLOAD_BYTES - 8
_READ_BYTES = PAYLOAD_BYTES - 1


class BoardResetError(BoardError):
    """The board started anew in the middle; what it was told before is lost."""


class BoardFaultError(BoardError):
    """The program on the board faulted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("The program on the board faulted.")
        self.fault = fault


@dataclass(frozen=True)
class Identity:
    """What the program on a board says of itself.

    Attributes:
        clock_hz: of the cycle counter.
        internal_clock: the clock comes from an oscillator on the chip, about 1 % off, not from a quartz.
        step_overhead_cycles: what reporting one step adds to an inference.
        build: hexadecimal digits, as `BoardProgram.build`.
    """

    clock_hz: int
    internal_clock: bool
    input_bytes: int
    output_bytes: int
    steps: int
    step_overhead_cycles: int
    build: str
    board: str


class Link:
    """A session with the program on the board behind `port`.

    Attributes:
        repeated: requests that had to be sent again; those that begin a session, when a board may still be starting,
            do not count.
    """

    def __init__(self, port: Port, *, reply_limit_s: float = REPLY_LIMIT_S) -> None:
        self.repeated = 0
        self._port = port
        self._reply_limit_s = reply_limit_s
        self._reader = FrameReader()
        self._session = b""
        self._sequence = 0
        self._fast = False

    def hello(self) -> Identity:
        """Begins a new session.

        Raises:
            BoardError: nothing, or nothing that can be understood, came back in several attempts, or the program
                speaks another version of the protocol.
        """
        self._port.write(b"%")  # ends what may be left of a text command
        self._await_quiet()
        self._session = os.urandom(3) + b"\x01"  # never 0, which is no session
        repeated = self.repeated
        for _ in range(ATTEMPTS):
            try:
                reply = self._request(Kind.HELLO, b"")
                self._reader.text = b""  # a greeting that came before
                break
            except BoardResetError:
                continue  # it has just been flashed and is starting
        else:
            raise BoardError(f"The board on {self._port.name} starts anew again and again; check its power supply.")
        self.repeated = repeated
        if len(reply) < _HELLO_REPLY.size:
            raise BoardError(f"The board on {self._port.name} introduced itself wrongly: {reply.hex()}.")
        clock_hz, source, input_bytes, output_bytes, steps, overhead, build = _HELLO_REPLY.unpack_from(reply)
        name = reply[_HELLO_REPLY.size :].decode("ascii", errors="replace")
        return Identity(clock_hz, bool(source), input_bytes, output_bytes, steps, overhead, build.hex(), name)

    def _await_quiet(self) -> None:
        """Lets the board finish: it has no room for what comes while it sends."""
        deadline = time.monotonic() + self._reply_limit_s
        while (data := self._port.read()) and time.monotonic() < deadline:
            self._reader.feed(data)

    def speed_up(self) -> None:
        """Goes on at eight times the speed; where the line does not bear it, later requests find out and slow down."""
        self._request(Kind.SET_BAUD, struct.pack("<I", FAST_BAUD))
        self._port.set_baud(FAST_BAUD)
        self._fast = True

    def slow_down(self) -> None:
        """Goes back to the speed that a session begins with; a board that does not hear of it does so by itself."""
        if self._fast:
            with contextlib.suppress(BoardError):
                self._request(Kind.SET_BAUD, struct.pack("<I", BAUD))
            self._fast = False
            self._port.set_baud(BAUD)

    def _lost(self, error: BoardError) -> BoardError:
        """At high speed, what seems to be the board's fault may be the line's, or a reset that was not understood."""
        if not self._fast:
            return error
        self._fast = False
        self._port.set_baud(BAUD)
        try:
            self.hello()
        except BoardError:
            return error
        return BoardResetError(f"The board on {self._port.name} was lost at {FAST_BAUD:,} baud.")

    def write_input(self, tensor: bytes) -> None:
        """Hands over one int8 input."""
        for offset in range(0, len(tensor), _WRITE_BYTES):
            self._request(Kind.WRITE_INPUT, struct.pack("<I", offset) + tensor[offset : offset + _WRITE_BYTES])

    def run(self, *, limit_s: float) -> int:
        """Runs one inference; returns its cycles, those of reporting the steps included."""
        return self._run(0, limit_s)[0]

    def run_for_stack(self, *, limit_s: float) -> int:
        """Runs one inference; returns its deepest stack in bytes."""
        return self._run(1, limit_s)[1]

    def read_output(self, count: int) -> bytes:
        """The last inference's int8 output of `count` bytes."""
        parts = []
        for offset in range(0, count, _READ_BYTES):
            size = min(_READ_BYTES, count - offset)
            parts.append(self._sized(Kind.READ_OUTPUT, struct.pack("<IH", offset, size), size))
        return b"".join(parts)

    def read_steps(self, count: int) -> list[int]:
        """Cycles of every step of the last timed inference."""
        cycles: list[int] = []
        while len(cycles) < count:
            size = min(_READ_BYTES // 4, count - len(cycles))
            reply = self._sized(Kind.READ_STEPS, struct.pack("<HH", len(cycles), size), 4 * size)
            cycles += struct.unpack(f"<{size}I", reply)
        return cycles

    def _run(self, measure_stack: int, limit_s: float) -> tuple[int, int]:
        reply = self._request(Kind.RUN, bytes([measure_stack]), limit_s=limit_s)
        if len(reply) != _RUN_REPLY.size:
            raise BoardError(f"The board on {self._port.name} answered wrongly: {reply.hex()}.")
        return _RUN_REPLY.unpack(reply)

    def _sized(self, kind: Kind, arguments: bytes, size: int) -> bytes:
        reply = self._request(kind, arguments)
        if len(reply) != size:
            raise BoardError(f"The board on {self._port.name} answered {len(reply)} bytes instead of {size}.")
        return reply

    def _request(self, kind: Kind, arguments: bytes, *, limit_s: float | None = None) -> bytes:
        """The reply without its status, after as many attempts as it takes.

        `limit_s` is for requests that may take long: a board that is silent for so long, and then answers nothing else
        either, hangs.
        """
        received = self._reader.received_bytes
        for attempt in range(ATTEMPTS):
            if attempt > 0:
                self.repeated += 1
                logger.info("%s did not answer a request; attempt %d of %d", self._port.name, attempt + 1, ATTEMPTS)
            self._sequence = (self._sequence + 1) % 256
            self._port.write(encode(kind, self._sequence, self._session + arguments))
            frame = self._reply(kind, self._sequence, limit_s or self._reply_limit_s)
            if frame is None:
                if limit_s is not None and not self._answers():
                    raise self._lost(
                        BoardError(f"The board on {self._port.name} did not end an inference within {limit_s:g} s.")
                    )
                continue
            status = frame.payload[0] if frame.payload else Status.UNKNOWN
            if status == Status.OK:
                return frame.payload[1:]
            if status == Status.SESSION:
                raise BoardResetError(f"The board on {self._port.name} was reset.")
            if status != Status.DAMAGED:
                raise BoardError(f"The board on {self._port.name} refused a request of kind {kind} (status {status}).")
        raise self._lost(BoardError(self._silence(received)))

    def _answers(self) -> bool:
        """Whether the board answers a request that takes no time."""
        self._sequence = (self._sequence + 1) % 256
        nothing = struct.pack("<IH", 0, 0)
        self._port.write(encode(Kind.READ_OUTPUT, self._sequence, self._session + nothing))
        return self._reply(Kind.READ_OUTPUT, self._sequence, self._reply_limit_s) is not None

    def _silence(self, received: int) -> str:
        count = self._reader.received_bytes - received
        if count == 0:
            return (
                f"The board on {self._port.name} does not answer; check that this is its port, that it is powered, "
                "and that it holds the program built for it."
            )
        return (
            f"What comes from {self._port.name} cannot be understood ({count} bytes, {self._reader.damaged} damaged "
            "frames); check that no other program uses the port, and the cable."
        )

    def _reply(self, kind: Kind, sequence: int, limit_s: float) -> Frame | None:
        """The frame with this sequence number, None where it does not come in time.

        A board says nothing before it replies: when something came, and then nothing more, no reply will come.
        """
        deadline = time.monotonic() + limit_s
        last_byte = time.monotonic()
        while time.monotonic() < deadline:
            data = self._port.read()
            now = time.monotonic()
            frames = self._reader.feed(data)
            if data:
                last_byte = now
                deadline = min(deadline, now + max(self._reply_limit_s, 2 * BROKEN_OFF_S))
            elif self._reader.is_within_frame and now - last_byte > BROKEN_OFF_S:
                frames += self._reader.break_off()
            for frame in frames:
                self._check(frame)
                if frame.kind == kind and frame.sequence == sequence:
                    return frame
            if _GREETING in self._reader.text:
                self._reader.text = b""
                raise BoardResetError(f"The board on {self._port.name} was reset.")
        return None

    def _check(self, frame: Frame) -> None:
        if frame.kind == Kind.FAULT:
            raise BoardFaultError(read_fault(frame.payload))
        if frame.version != VERSION or frame.payload[:1] == bytes([Status.VERSION]):
            raise BoardError(
                f"The program on the board at {self._port.name} speaks version {frame.version} of the protocol, not "
                f"{VERSION}; build and flash it again."
            )
