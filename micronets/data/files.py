"""Finds files of users below a folder, whatever they are called."""

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from micronets.errors import DataError

logger = logging.getLogger(__name__)

RECORDINGS = frozenset(
    ".wav .wave .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64 "  # that libsndfile reads
    ".m4a .mp4 .aac .wma .amr .3gp .webm".split()  # and recordings that the user must be told of
)


def files_below(folder: Path, suffixes: Collection[str]) -> list[str]:
    """Paths (relative, with `/`, sorted) of the files with one of the suffixes, in whatever case, in the folder and the
    folders in it; links are followed, and what begins with a dot is hidden, as on the disks of a Mac (`._1.wav`).

    A line in the log counts the other files.
    """
    found: list[str] = []
    others: Counter[str] = Counter()
    for path in _visible(folder):
        suffix = os.path.splitext(path)[1].lower()
        if suffix in suffixes:
            found.append(path)
        else:
            others[suffix or "without a suffix"] += 1
    if others:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
        logger.info("left out in %s, as other kinds of files: %s", shown(str(folder)), kinds)
    return sorted(found)


def has_files_below(folder: Path, suffixes: Collection[str]) -> bool:
    """Whether `files_below` would find any."""
    return any(os.path.splitext(path)[1].lower() in suffixes for path in _visible(folder))


def folders_in(root: Path) -> dict[str, Path]:
    """The folders right below `root` by name, sorted, but hidden ones.

    Raises DataError for a name that is no text, which no label can be.
    """
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    for folder in folders:
        if not folder.name.isprintable():
            raise DataError(f"the name of the folder {shown(str(folder))} is no text in UTF-8; rename it")
    return {folder.name: folder for folder in folders}


def shown(path: str) -> str:
    """The path as text that can be written anywhere; bytes that are no UTF-8 as \\x.."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _visible(folder: Path) -> Iterator[str]:
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield Path(os.path.relpath(os.path.join(place, name), folder)).as_posix()
