"""Sends journals to the store: in a thread while they are written, or all at once."""

import logging
import os
import threading
import time
from abc import ABC, abstractmethod

from micronets.credentials import masked
from micronets.tracking.journal import Journal, folder, unsettle, waiting
from micronets.tracking.recorder import Recorder
from micronets.tracking.store import client, failure, store_uri

logger = logging.getLogger(__name__)

END_S = 30.0
"""How long a job waits for the store when it is done otherwise."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


class Sending(ABC):
    """Sends in a thread, until there is nothing left to send.

    A store that fails is tried again, less and less often; at the end it is not waited for.

    Args:
        results: folder of all outputs.
        pause_s: after which it looks for something to send, if nobody has notified it; None: never.
    """

    def __init__(self, results: str | os.PathLike, pause_s: float | None = None):
        self._results, self._pause_s = results, pause_s
        self._news = threading.Event()
        self._done = threading.Event()
        self._error: Exception | None = None
        self._missing = ""
        try:
            import mlflow  # noqa: F401  here, because two threads importing large packages at once may fail
        except ImportError as error:
            self._missing = str(error)
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """There is something new to send."""
        self._news.set()

    def finish(self, timeout_s: float = END_S) -> None:
        """Waits, for a limited time, until all is sent; otherwise says where what is left has been kept."""
        self._done.set()
        self._news.set()
        self._thread.join(timeout_s)
        late = self._thread.is_alive()
        if self._missing:
            logger.warning("MLflow cannot be imported (%s). %s", self._missing, self._remedy())
        elif self._error is not None:
            logger.warning("%s %s", failure(self._error), self._remedy())
        elif late:
            logger.warning("%s", masked(f"The tracking store {store_uri()} is slow. {self._remedy()}"))

    def _remedy(self) -> str:
        return (
            f"What is to be recorded is kept in {folder(self._results)} and sent by the next run, or by "
            f"micronets track {self._results}."
        )

    def _work(self) -> None:
        if not self._missing:
            self._send()

    def _send(self) -> None:
        recorder, pause_s = Recorder(client()), _FIRST_PAUSE_S
        while True:
            finishing = self._done.is_set()
            self._news.clear()
            try:
                ended = self._round(recorder)
                self._error, pause_s = None, _FIRST_PAUSE_S
            except Exception as error:
                self._error = error
                if self._done.wait(pause_s) and finishing:
                    return
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            if ended or finishing:
                break
            self._news.wait(self._pause_s)
        self._afterwards(recorder)

    @abstractmethod
    def _round(self, recorder: Recorder) -> bool:
        """Sends what there is; returns whether nothing will follow."""

    def _afterwards(self, recorder: Recorder) -> None:  # noqa: B027  a follower has sent everything by then
        """What else is to be sent: nothing, unless a sender of a single journal says so."""


class Sender(Sending):
    """Sends the journal of this job while it is written, then those that earlier jobs could not send."""

    def __init__(self, journal: Journal, results: str | os.PathLike):
        self._journal = journal
        super().__init__(results)

    def _work(self) -> None:
        try:
            super()._work()
        finally:
            self._done.wait()
            self._journal.close()

    def _round(self, recorder: Recorder) -> bool:
        return send(self._journal, recorder)

    def _afterwards(self, recorder: Recorder) -> None:
        """What earlier jobs have left; who fails is left to a later job."""
        for journal in waiting(self._results):
            try:
                with journal.held() as mine:
                    if mine and journal.path != self._journal.path:
                        send(journal, recorder)
            except Exception:
                logger.debug("%s was not sent", journal.path, exc_info=True)
                return


def send(journal: Journal, recorder: Recorder) -> bool:
    """Sends what has not been sent; returns whether the stage has ended, and then the journal is settled."""
    ended = False
    recorder.begin(journal.first())
    for event, place in journal.unsent():
        recorder.record(event)
        journal.mark_sent(place)
        ended = event["kind"] == "end"
    if ended:
        journal.settle()
    return ended


def send_all(results: str | os.PathLike, again: bool = False, timeout_s: float = 600.0) -> tuple[int, int]:
    """Sends everything that waits in a results folder.

    Args:
        again: also what was sent before, for a store that is new.
        timeout_s: after which the rest is left.

    Returns:
        How many journals were sent, and how many are left: a job is at work on them, or the time was over.

    Raises:
        Exception: whatever MLflow raises where the store fails; what was not sent is kept.
    """
    if again:
        unsettle(results)
    recorder, sent, left, end = Recorder(client()), 0, 0, time.monotonic() + timeout_s
    for journal in waiting(results):
        with journal.held() as mine:
            if not mine or time.monotonic() > end:
                left += 1
                continue
            if not send(journal, recorder):  # its job was killed
                journal.settle()
            sent += 1
    return sent, left
