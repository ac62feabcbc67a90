"""Progress of long work as log lines with an estimate of the time left.

Lines, not a moving bar: several jobs share one terminal, and a log file should read well too.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def format_duration(seconds: float) -> str:
    """`75` → `1 min 15 s`; hours and minutes from one hour up."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    if seconds >= 60:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds} s"


class Progress:
    """Counts units of work and logs at most one line per `interval_s`, and always the last one.

    Args:
        logger: where the lines go.
        what: what is counted, e.g. `clips`.
        total: units in all.
        done: units that an earlier, interrupted run has finished; they do not count for the speed.
        interval_s: least seconds between two lines.
    """

    def __init__(self, logger: logging.Logger, what: str, total: int, done: int = 0, interval_s: float = 5.0):
        self._logger = logger
        self._what = what
        self._total = total
        self._done = done
        self._first = done
        self._interval_s = interval_s
        self._start = time.monotonic()
        self._last_line = self._start

    def advance(self, units: int = 1, note: str = "") -> None:
        """Adds finished units; `note` is appended to the line (e.g. the current accuracy)."""
        self._done += units
        now = time.monotonic()
        finished = self._done >= self._total
        if not finished and now - self._last_line < self._interval_s:
            return
        self._last_line = now
        elapsed = now - self._start
        here = max(self._done - self._first, 1)
        left = elapsed / here * (self._total - self._done)
        tail = f"done in {format_duration(elapsed)}" if finished else f"{format_duration(left)} left"
        self._logger.info("%d/%d %s%s, %s", self._done, self._total, self._what, f", {note}" if note else "", tail)


def track(items: Iterable[Item], logger: logging.Logger, what: str, total: int) -> Iterator[Item]:
    """Yields the items and logs the progress through them."""
    progress = Progress(logger, what, total)
    for item in items:
        yield item
        progress.advance()
