"""Ctrl-C and SIGTERM: jobs end at once, since they go on from their last epoch, and nothing but a sentence is said."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import psutil

GOES_ON = "Interrupted; run the same command to go on."
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_S = 10.0
"""What a job has for leaving no half-written files; what it leaves after being killed counts as absent as well."""


class Interrupted(KeyboardInterrupt):
    """A signal has asked this process to end."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raises Interrupted in the body of a `with` at the first signal; does nothing outside of the main thread.

    Processes that are forked in the body end without a word.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    owner = os.getpid()

    def on_signal(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        if os.getpid() != owner:
            os._exit(128 + number)
        raise Interrupted

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class JobsEnd:
    """Once made, the first signal ends all jobs that this process runs from files in `scripts`, and is raised here.

    Args:
        scripts: part of the path of every job's script.
    """

    def __init__(self, scripts: str):
        self.happened = False
        self._scripts = scripts
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.happened:
            return
        self.happened = True
        jobs = [process for process in psutil.Process().children(recursive=True) if self._is_job(process)]
        threading.Thread(target=_end, args=(jobs,), name="end-jobs", daemon=True).start()
        raise Interrupted

    def _is_job(self, process: psutil.Process) -> bool:
        try:
            return any(self._scripts in argument for argument in process.cmdline())
        except psutil.Error:
            return False


def _end(jobs: list[psutil.Process]) -> None:
    for job in jobs:
        with contextlib.suppress(psutil.Error):
            job.terminate()
    _, alive = psutil.wait_procs(jobs, timeout=_PATIENCE_S)
    for job in alive:
        with contextlib.suppress(psutil.Error):
            for process in [*job.children(recursive=True), job]:
                process.kill()
