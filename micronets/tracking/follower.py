"""Sends what all jobs of a workflow write, from one process, so that jobs need neither MLflow nor the store."""

import fcntl
import os
import time

from micronets.tracking.journal import Journal, folder, waiting
from micronets.tracking.recorder import Recorder
from micronets.tracking.sender import END_S, Sending, send

_LOCK = ".follower.lock"
_PAUSE_S = 1.0
_ROUND_S = 20.0


def is_followed(results: str | os.PathLike) -> bool:
    """Whether a follower is at work on a results folder, as far as this machine sees its lock."""
    try:
        with open(folder(results) / _LOCK, encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is none, or the file system knows no locks
        return False
    return False


class Follower(Sending):
    """Sends all journals of a results folder, those that are being written as well, until it is told to finish.

    Raises OSError where its lock cannot be taken: another one is at work, or the folder cannot be written.
    """

    def __init__(self, results: str | os.PathLike):
        path = folder(results) / _LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = open(path, "w", encoding="utf-8")  # noqa: SIM115  held until this process ends
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise
        super().__init__(results, _PAUSE_S)

    def finish(self, timeout_s: float = END_S) -> None:
        super().finish(timeout_s)
        self._lock.close()

    def _round(self, recorder: Recorder) -> bool:
        """Sends what there is of every journal; one that fails does not keep others from it."""
        failed, end = None, time.monotonic() + _ROUND_S
        for journal in waiting(self._results):
            try:
                self._follow(journal, recorder)
            except FileNotFoundError:  # another process has sent it
                continue
            except Exception as error:
                failed = error
                if time.monotonic() > end:
                    break
        if failed is not None:
            raise failed
        return False

    def _follow(self, journal: Journal, recorder: Recorder) -> None:
        with journal.held(following=True) as mine:
            if not mine or send(journal, recorder):
                return
        with journal.held() as abandoned:  # its job was killed
            if abandoned and not send(journal, recorder):
                journal.settle()
