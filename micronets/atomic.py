"""Outputs that are either whole or absent: write beside, then rename."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from micronets.errors import OutputError

OWN_FILES = ".micronets.files"
"""In a directory that is replaced as a whole: the paths of our files in it, each ended by a null character."""

LITTER = (OWN_FILES, ".snakemake_timestamp", ".DS_Store", "Thumbs.db", "desktop.ini")
"""Names of files that belong to nobody: left by Snakemake and by file managers in whatever folder they open."""


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a path beside `path` to write to; on success it is synced to disk and renamed to `path`.

    On an exception, what was written is removed and `path` stays as it was. The name beside keeps the suffix
    (numpy and others append their own otherwise).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent, f".{path.stem}.", f".partial{path.suffix}")
    beside = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield beside
        with open(beside, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def partial_directory(folder: Path, name: str) -> Iterator[Path]:
    """Yields an empty directory in `folder`, for what shall become `name`; it is gone afterwards unless renamed."""
    _remove_leftovers(folder, f".{name}.", ".partial")
    partial = folder / f".{name}.{os.getpid()}.partial"
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def atomic_directory(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a fresh directory beside `path`; on success it takes the place of `path`.

    For a directory inside a folder of ours; for one that a user names there is `output_folder`.

    Raises:
        OutputError: somebody else's file lies in `path` and would be lost; the sentence names it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_foreign_files(path)
    with partial_directory(path.parent, path.name) as beside:
        yield beside
        _list_own_files(beside, sorted(_files(beside)))
        if path.exists():
            refuse_foreign_files(path)
            old = path.with_name(f".{path.name}.{os.getpid()}-old.partial")
            os.replace(path, old)  # a directory that is being deleted must not be taken for a whole one
            os.replace(beside, path)
            shutil.rmtree(old)
        else:
            os.replace(beside, path)


def refuse_foreign_files(directory: Path) -> None:
    """Raises OutputError where a file in a directory of `atomic_directory` is somebody else's."""
    try:
        own = set(own_files(directory))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in _files(directory):
        if name not in own and Path(name).name not in LITTER:
            raise OutputError(
                f"{directory / name} was not written by the workflow, which replaces {directory} as a whole; "
                f"move that file away."
            )


def own_files(directory: Path) -> list[str]:
    """Paths, in a directory of `atomic_directory`, of what was written there; raises OSError where there is no list."""
    text = (directory / OWN_FILES).read_text(encoding="utf-8", errors="surrogateescape")
    return [name for name in text.split("\0") if name]


def add_own_file(directory: Path, name: str) -> None:
    """Says of a file in a directory of `atomic_directory`, made later than the others, that it is ours."""
    _list_own_files(directory, [name])


def _list_own_files(directory: Path, names: Iterable[str]) -> None:
    with open(directory / OWN_FILES, "a", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write("".join(f"{name}\0" for name in names))


def _files(directory: Path) -> Iterator[str]:
    """Paths below `directory` of everything but folders, and but what `atomic_file` is writing."""
    for place, folders, files in os.walk(directory):
        links = (folder for folder in folders if os.path.islink(os.path.join(place, folder)))
        for name in (*files, *links):
            if not (name.startswith(".") and ".partial" in name):
                yield os.path.relpath(os.path.join(place, name), directory)


def _remove_leftovers(folder: Path, prefix: str, suffix: str) -> None:
    """Removes what killed processes, or an earlier write of this one, left half-written beside a path."""
    for leftover in folder.iterdir():
        name = leftover.name
        if not (name.startswith(prefix) and name.endswith(suffix)):
            continue
        process = name[len(prefix) : len(name) - len(suffix)].removesuffix("-old")
        if process.isdecimal() and (int(process) == os.getpid() or not _alive(int(process))):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with atomic_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Writes bytes atomically."""
    with atomic_file(path) as beside:
        beside.write_bytes(content)


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Writes JSON atomically, with sorted keys, so that equal content gives equal bytes."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")
