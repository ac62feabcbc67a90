"""Folders of results that lack some of their files count as absent, so that the next run makes them anew."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from micronets import atomic, output_folder
from micronets.job import LOCK

_NOTE = "dataset.json"
"""The file whose presence says that its folder is whole."""


def forget_incomplete(results: str | os.PathLike, pretend: bool = False) -> list[str]:
    """Deletes what says that folders are whole, where files that were written to them are gone.

    Does nothing while another workflow works on the results: what it is writing is not whole yet.

    Args:
        pretend: only tells.

    Returns:
        A sentence for every such folder.

    Raises OutputError where somebody else's file lies in a folder that would go.
    """
    lock = Path(results) / LOCK
    if not lock.is_file():
        return []
    with open(lock, encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        said = []
        for folder, missing in _incomplete(Path(results)):
            said.append(f"{folder} lacks {missing}, which was deleted; it is made anew.")
            if not pretend:
                _forget(folder)
        return said


def _incomplete(results: Path) -> Iterator[tuple[Path, str]]:
    for place, folders, files in os.walk(results):
        folder = Path(place)
        if atomic.OWN_FILES in files:
            # What lies deeper is made by whoever reads it, where it is not there.
            names = [name for name in atomic.own_files(folder) if "/" not in name]
        elif output_folder.LIST in files:
            names = output_folder.listed_files(folder)
        else:
            continue
        folders.clear()
        is_known_absent = _NOTE in names and _NOTE not in files
        missing = sorted(name for name in names if not os.path.lexists(folder / name))
        if missing and not is_known_absent:
            yield folder, missing[0]


def _forget(folder: Path) -> None:
    if (folder / _NOTE).exists():
        (folder / _NOTE).unlink()
        return
    if (folder / atomic.OWN_FILES).exists():
        atomic.refuse_foreign_files(folder)
    else:
        output_folder.refuse_foreign_files(folder)
    shutil.rmtree(folder)
