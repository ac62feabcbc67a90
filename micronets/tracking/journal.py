"""What a stage has to record, in a file beside the results, so that nothing depends on the store being there.

A journal is appended to line by line, an event each, by the job that writes it, and read by whoever sends it: the
workflow's tracking process, or where there is none the job itself, a later one, or `micronets track`. How far it has
been sent stands beside it. A journal that was sent whole is kept, one for each stage, so that a store that got lost can
be filled anew.
"""

import contextlib
import fcntl
import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

Event = dict[str, Any]
_FOLDER, _SENT = "tracking", "sent"
_SUFFIX = ".jsonl"


class Journal:
    """One journal.

    Args:
        path: of the file, `<stage>-<id>.jsonl` in a folder of its task and model.
    """

    def __init__(self, path: Path):
        self.path = path
        self._stream: IO[str] | None = None

    @classmethod
    def create(cls, results: str | os.PathLike, task: str, model: str, stage: str, followed: bool) -> "Journal":
        """A new one, held by this process until it ends, so that no other sends it meanwhile, but for a follower."""
        name = f"{re.sub(r'[^a-z0-9-]+', '-', stage)}-{uuid.uuid4().hex[:12]}{_SUFFIX}"
        journal = cls(folder(results) / task / model / name)
        journal.path.parent.mkdir(parents=True, exist_ok=True)
        journal._stream = open(journal.path, "a", encoding="utf-8")  # noqa: SIM115  closed at the end of the stage
        fcntl.flock(journal._stream, fcntl.LOCK_SH if followed else fcntl.LOCK_EX)
        return journal

    def append(self, event: Event) -> None:
        """Adds an event, whole or, where the process is killed in the middle, not at all."""
        assert self._stream is not None, "only who created a journal writes it"
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Lets others send what is left."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    @contextlib.contextmanager
    def held(self, following: bool = False) -> Iterator[bool]:
        """Whether this process may send it, which only one does at a time; `following`, while it is written as well."""
        if self._stream is not None:
            yield True
            return
        try:
            with open(self.path, encoding="utf-8") as stream:
                fcntl.flock(stream, (fcntl.LOCK_SH if following else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                yield self.path.exists() and stream.readline().endswith("\n")
        except (BlockingIOError, FileNotFoundError):
            yield False

    def first(self) -> Event:
        """The event that all others belong to, with `finished`: whether the stage has come to its end."""
        with open(self.path, encoding="utf-8") as stream:
            event = json.loads(stream.readline())
            return event | {"finished": any('"status": "FINISHED"' in line for line in stream)}

    def unsent(self) -> Iterator[tuple[Event, int]]:
        """Whole events that have not been sent, each with the place behind it."""
        with open(self.path, "rb") as stream:
            stream.seek(self._sent_bytes())
            while (line := stream.readline()).endswith(b"\n"):
                yield json.loads(line), stream.tell()

    def mark_sent(self, place: int) -> None:
        """Events before this place will not be sent again."""
        beside = self._mark.with_suffix(".new")
        beside.write_text(str(place), encoding="ascii")
        beside.replace(self._mark)

    def settle(self) -> None:
        """Keeps a journal that was sent whole, in the place of an earlier one of the stage."""
        kept = self.path.parent / _SENT / re.sub(r"-[0-9a-f]{12}\.jsonl$", _SUFFIX, self.path.name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(kept)
        self._mark.unlink(missing_ok=True)

    @property
    def _mark(self) -> Path:
        return self.path.with_suffix(".place")

    def _sent_bytes(self) -> int:
        try:
            return int(self._mark.read_text(encoding="ascii"))
        except (OSError, ValueError):  # sending an event twice changes nothing
            return 0


def folder(results: str | os.PathLike) -> Path:
    """Of all journals of a results folder."""
    return Path(results).absolute() / _FOLDER


def waiting(results: str | os.PathLike) -> list[Journal]:
    """Journals that have not been sent whole, the oldest first."""
    paths = folder(results).glob(f"*/*/*{_SUFFIX}")
    return [Journal(path) for path in sorted(paths, key=_age)]


def unsettle(results: str | os.PathLike) -> int:
    """Makes all journals that were sent ones to be sent; returns how many."""
    paths = list(folder(results).glob(f"*/*/{_SENT}/*{_SUFFIX}"))
    for path in sorted(paths, key=_age):
        name = f"{path.stem}-{uuid.uuid4().hex[:12]}{_SUFFIX}"
        path.replace(path.parent.parent / name)
    return len(paths)


def _age(path: Path) -> tuple[float, str]:
    try:
        return path.stat().st_mtime, path.name
    except OSError:
        return 0.0, path.name
