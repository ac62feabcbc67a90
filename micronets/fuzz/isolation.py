"""Checks in processes of their own, so that one that crashes or hangs is a finding and not the campaign's end."""

import multiprocessing
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from micronets.fuzz.oracle import RefusedByTflm

Check = Callable[[str, int, Path], str | None]

_LONGEST_CHECK_S = 300.0


@dataclass(frozen=True)
class Result:
    kind: str
    seed: int
    problem: str | None = None
    refused: bool = False
    """TFLM does not run the model, so nothing was compared."""


class Worker:
    """A process that carries out one check after another; where it crashes or hangs, another takes its place."""

    def __init__(self, check: Check, *, longest_s: float = _LONGEST_CHECK_S) -> None:
        """`check` is a function of a module, as processes can only be told names."""
        self._check = check
        self._longest_s = longest_s
        self._start()

    def run(self, kind: str, seed: int) -> Result:
        """What the check says, or how its process ended without saying anything."""
        try:
            self._connection.send((kind, seed))
            if self._connection.poll(self._longest_s):
                return self._connection.recv()
            problem = f"no answer within {self._longest_s:g} s"
        except (EOFError, ConnectionError):
            self._process.join()
            problem = f"the process ended with status {self._process.exitcode}"
        self.close()
        self._start()
        return Result(kind, seed, problem)

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._check), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # ready: what it imports is not the check's time


def _serve(connection: Connection, check: Check) -> None:
    try:
        connection.send(None)
        while True:
            connection.send(_result(check, *connection.recv()))
    except (EOFError, ConnectionError):
        # The campaign is over.
        return


def _result(check: Check, kind: str, seed: int) -> Result:
    with tempfile.TemporaryDirectory() as directory:
        try:
            return Result(kind, seed, check(kind, seed, Path(directory)))
        except RefusedByTflm:
            return Result(kind, seed, refused=True)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding
            return Result(kind, seed, f"{type(error).__name__}: {error}")
