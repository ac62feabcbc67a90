"""Every check in a process of its own, so that one that crashes or hangs is a finding and not the campaign's end."""

import multiprocessing
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from micronets.firmware.fuzz.oracle import RefusedByTflm

Check = Callable[[str, int, Path], str | None]

_LONGEST_CHECK_S = 300.0


@dataclass(frozen=True)
class Result:
    kind: str
    seed: int
    problem: str | None = None
    refused: bool = False
    """TFLM does not run the model, so nothing was compared."""


def run_isolated(check: Check, kind: str, seed: int, *, longest_s: float = _LONGEST_CHECK_S) -> Result:
    """What `check`, a function of a module, says, or how its process ended without saying anything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["micronets.firmware.fuzz.checks"])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, check, kind, seed))
    process.start()
    sender.close()
    try:
        if receiver.poll(longest_s):
            return receiver.recv()
        return Result(kind, seed, f"no answer within {longest_s:g} s")
    except EOFError:
        process.join()
        return Result(kind, seed, f"the process ended with status {process.exitcode}")
    finally:
        process.kill()
        process.join()
        receiver.close()


def _run(sender: Connection, check: Check, kind: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        try:
            result = Result(kind, seed, check(kind, seed, Path(directory)))
        except RefusedByTflm:
            result = Result(kind, seed, refused=True)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding
            result = Result(kind, seed, f"{type(error).__name__}: {error}")
    sender.send(result)
