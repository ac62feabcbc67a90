"""Sends audio to the keyword spotter on a board and reads its detections.

The board's side, and what the two say to each other: micronets/csrc/app/keyword_spotter/main_board.c.
"""

import binascii
import logging
import re
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from micronets.boards import Board
from micronets.errors import BoardError
from micronets.hardware.flashing import flash
from micronets.hardware.port import Port, open_port, reserve
from micronets.keyword_spotter.run import hops_of
from micronets.keyword_spotter.score import Detection
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_REQUEST, _REPLY = 0x05, 0xA5
_REPEAT_S = 0.25  # the board asks again every 20 ms; what comes sooner may have crossed the answer
_DETECTED = re.compile(r"detected (.+) at (\d+) ms, average (\d+) %")


def flash_and_listen(
    elf: Path, board: Board, name: str, audio: np.ndarray, hop_samples: int, *, timeout_s: float = 30
) -> list[Detection]:
    """Programs the board behind the serial port `name` with what `build_for_board` has built, and plays audio to it.

    Raises BoardError as `flash`, `open_port` and `listen_on_board`.
    """
    with reserve(name):
        flash(board, elf)
        with open_port(name) as port:
            return listen_on_board(port, audio, hop_samples, timeout_s=timeout_s)


def check_detections(heard: Sequence[Detection], expected: Sequence[Detection], port: str) -> None:
    """Raises BoardError, naming the first difference, where a board has detected other words or at other times."""
    for mine, theirs in zip_longest(heard, expected):
        if (mine and (mine.time_ms, mine.label)) != (theirs and (theirs.time_ms, theirs.label)):
            raise BoardError(
                f"The board behind {port} detected {_told(mine)} where the emulator detected {_told(theirs)}; audio "
                "was lost on the line, or the program on the board is another."
            )


def _told(detection: Detection | None) -> str:
    return "nothing more" if detection is None else f"{detection.label!r} at {detection.time_ms} ms"


def listen_on_board(port: Port, audio: np.ndarray, hop_samples: int, *, timeout_s: float = 30) -> list[Detection]:
    """Plays int16 audio (samples,) to a board that has just started.

    Args:
        timeout_s: limit of the board's silence, which an inference must not exceed.

    Raises:
        BoardError: the board is silent, tells of a fault, or asks for other audio than what comes next.
    """
    hops = hops_of(audio, hop_samples)
    detections = []

    def take(line: str) -> None:
        if line.startswith("e-["):
            raise BoardError(f"The board behind {port.name} reports: {line}.")
        if found := _DETECTED.fullmatch(line):
            detections.append(Detection(int(found[2]), found[1], int(found[3]) / 100))

    talk = _Talk(port, take, timeout_s)
    progress = Progress(logger, f"hops of audio to the board behind {port.name}", len(hops))
    sent_s = 0.0
    number = 0
    while number <= len(hops):
        asked = talk.request()
        if asked == number % 256:
            if number < len(hops):
                port.write(_reply(number, hops[number]))
                progress.advance()
            sent_s = time.monotonic()
            number += 1
        elif asked != (number - 1) % 256:
            raise BoardError(
                f"The board behind {port.name} asks for hop {asked} (modulo 256), but {number % 256} comes next; "
                "reset it and begin anew."
            )
        elif time.monotonic() - sent_s > _REPEAT_S:
            port.write(_reply(number - 1, hops[number - 1]))
            sent_s = time.monotonic()
    return detections


def _reply(number: int, hop: np.ndarray) -> bytes:
    checked = bytes([number % 256]) + hop.astype("<i2").tobytes()
    return bytes([_REPLY]) + checked + binascii.crc_hqx(checked, 0xFFFF).to_bytes(2, "little")


class _Talk:
    """What the board says, taken apart into lines and requests."""

    def __init__(self, port: Port, take: Callable[[str], None], timeout_s: float) -> None:
        self._port = port
        self._take = take
        self._timeout_s = timeout_s
        self._unread = b""

    def request(self) -> int:
        """The lowest byte of the hop's number that the board asks for next; lines before are taken."""
        while True:
            place = self._unread.find(_REQUEST)
            end = self._unread.find(b"\n")
            if end >= 0 and (place < 0 or end < place):
                line, self._unread = self._unread[:end], self._unread[end + 1 :]
                self._take(line.decode("utf-8", errors="replace").strip())
            elif 0 <= place < len(self._unread) - 1:
                number = self._unread[place + 1]
                self._unread = self._unread[place + 2 :]
                return number
            else:
                self._unread += self._wait()

    def _wait(self) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline:
            if read := self._port.read():
                return read
        raise BoardError(
            f"The board behind {self._port.name} has been silent for {self._timeout_s:g} s; does it run the keyword "
            "spotter? Reset it and begin anew."
        )
