"""A serial port that is ours alone, with every failure as one sentence."""

import fcntl
import hashlib
import logging
import os
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import serial

from micronets.errors import BoardError
from micronets.linking.board_program import BAUD

logger = logging.getLogger(__name__)

_POLL_S = 0.05
_FAILURES = (serial.SerialException, OSError, termios.error)
_WRITE_LIMIT_S = 5.0
_WAIT_LIMIT_S = 3600.0
_WAIT_LINE_S = 30.0


class Port(Protocol):
    """What a link needs of a serial port."""

    name: str

    def read(self) -> bytes:
        """What has come in; waits for it a short time, and is empty where nothing came."""
        ...

    def write(self, data: bytes) -> None:
        """Sends all of it."""
        ...

    def set_baud(self, baud: int) -> None:
        """Changes the speed; it begins at `BAUD`."""
        ...


class SerialPort:
    """A port of pySerial."""

    def __init__(self, name: str, device: serial.Serial) -> None:
        self.name = name
        self._device = device

    def read(self) -> bytes:
        try:
            first = self._device.read(1)
            return first + self._device.read(self._device.in_waiting) if first else b""
        except _FAILURES as error:
            raise BoardError(f"{self.name} went away ({error}); is the board still plugged in?") from error

    def write(self, data: bytes) -> None:
        try:
            self._device.write(data)
            self._device.flush()
        except serial.SerialTimeoutException as error:
            raise BoardError(
                f"{self.name} took no data for {_WRITE_LIMIT_S:g} s; unplug the board and plug it in again."
            ) from error
        except _FAILURES as error:
            raise BoardError(f"{self.name} went away ({error}); is the board still plugged in?") from error

    def set_baud(self, baud: int) -> None:
        try:
            self._device.baudrate = baud
        except _FAILURES as error:
            raise BoardError(f"{self.name} does not do {baud:,} baud ({error}).") from error


@contextmanager
def open_port(name: str) -> Iterator[SerialPort]:
    """The port `name` at 115,200 baud. Raises BoardError where it is missing, forbidden or in use."""
    try:
        device = serial.Serial(name, BAUD, timeout=_POLL_S, write_timeout=_WRITE_LIMIT_S, exclusive=True)
    except _FAILURES as error:
        remedy = "plug the board in and name its port in profile.target"
        if isinstance(error, PermissionError) or "Permission denied" in str(error):
            remedy = "add your user to the group that owns it (dialout on Debian)"
        raise BoardError(f"The serial port {name} cannot be opened ({error}); {remedy}.") from error
    with device:
        yield SerialPort(name, device)


@contextmanager
def reserve(name: str, *, wait_limit_s: float = _WAIT_LIMIT_S) -> Iterator[None]:
    """Keeps other jobs of the user from flashing and driving the same board meanwhile; waits for one that does.

    The lock is a file of its own: the port itself may vanish and come back while the board is flashed.

    Raises BoardError where the port is missing, or the other has not ended within the limit.
    """
    if not os.access(name, os.R_OK | os.W_OK):
        what = "you may not use it" if os.path.exists(name) else "it is not there"
        raise BoardError(
            f"The serial port {name} cannot be opened ({what}); plug the board in, name its port in profile.target, "
            "and make sure that your user may use it (group dialout on Debian)."
        )
    digest = hashlib.sha256(os.path.abspath(name).encode()).hexdigest()[:16]
    path = os.path.join(tempfile.gettempdir(), f"micronets-{os.getuid()}-{digest}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, name, wait_limit_s)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, name: str, wait_limit_s: float) -> None:
    begin = time.monotonic()
    next_line_s = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            waited_s = time.monotonic() - begin
        if waited_s >= wait_limit_s:
            raise BoardError(f"Another job has been using {name} for {wait_limit_s:g} s; stop it, or run this later.")
        if waited_s >= next_line_s:
            logger.info("waiting for another job that uses %s", name)
            next_line_s += _WAIT_LINE_S
        time.sleep(_POLL_S)
