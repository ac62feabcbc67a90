"""Finds files of users below a folder, whatever they are called."""

import logging
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
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
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not _is_hidden(entry.name))
    for folder in folders:
        if not folder.name.isprintable():
            raise DataError(f"the name of the folder {shown(str(folder))} is no text in UTF-8; rename it")
    return {folder.name: folder for folder in folders}


def files_beside(root: Path, folders: Collection[str], suffixes: Collection[str]) -> Counter[str]:
    """How many files with one of the suffixes lie below `root`, but in none of the folders, by where: the name of a
    folder in `root`, or empty right in it."""
    found: Counter[str] = Counter()
    for entry in root.iterdir():
        if entry.is_dir() and entry.name not in folders and not _is_hidden(entry.name):
            found[shown(entry.name)] += sum(os.path.splitext(path)[1].lower() in suffixes for path in _visible(entry))
        elif entry.is_file() and entry.suffix.lower() in suffixes and not _is_hidden(entry.name):
            found[""] += 1
    return +found


def check_case(root: Path, names: Iterable[str]) -> None:
    """Raises DataError where two folders differ in upper and lower case alone, which are one class to most people."""
    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(name.casefold(), name)
        if other != name:
            raise DataError(
                f"{shown(str(root))} has the folders {other} and {name}, which differ in case alone; put the "
                "files of one into the other, or rename it"
            )


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
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in files:
            if not _is_hidden(name) and not _is_special(os.path.join(place, name)):
                yield Path(os.path.relpath(os.path.join(place, name), folder)).as_posix()


def _is_hidden(name: str) -> bool:
    """Begins with a dot, or is what a Mac adds to an archive."""
    return name.startswith(".") or name == "__MACOSX"


def _is_special(path: str) -> bool:
    """A pipe, socket or device: opening one may wait for ever."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False  # told when it is read
