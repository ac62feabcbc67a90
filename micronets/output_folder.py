"""Folders that a user names for our files: what others put there, or changed, is never deleted or overwritten.

A hidden list of what was written, which `sha256sum -c` reads, tells our files from others'.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from micronets.atomic import LITTER, partial_directory, write_text
from micronets.errors import OutputError

LIST = ".micronets.sha256"

_Digests = dict[str, set[str]]
"""Digests that a file of ours may have by its path in the folder; two while it is being replaced."""


@contextlib.contextmanager
def output_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yields an empty folder to write to; on success its files move to `path`, or none does.

    Files of an earlier call that are not written again go. All others stay: one that is in the way, and one of ours
    that has been changed since, are refused. A call that was interrupted is mended by the next one.

    Raises:
        OutputError: such a file is there, `path` is no folder, or it cannot be written; the sentence names it.
    """
    path = Path(path)
    folder = path.resolve()
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{path} is not a folder; name another one for the output.")
    listed = _read_list(folder) if folder.exists() else {}
    _refuse_changed(path, listed)
    with contextlib.ExitStack() as stack:
        try:
            # Inside a folder that is there: it may be a file system of its own.
            parent = folder if folder.exists() else folder.parent
            parent.mkdir(parents=True, exist_ok=True)
            fresh = stack.enter_context(partial_directory(parent, folder.name))
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written ({error.filename}: {error.strerror}); name another folder."
            ) from error
        yield fresh
        written = {name: {digest} for name, digest in _digests_of(fresh).items()}
        if folder.exists():
            _refuse_others(path, folder, listed, written)
            _move(fresh, folder, listed, written)
        else:
            _write_list(fresh, written)
            os.rename(fresh, folder)


def listed_files(folder: Path) -> list[str]:
    """Paths, in a folder of `output_folder`, of what was written there; raises OutputError for a damaged list."""
    return list(_read_list(folder))


def refuse_foreign_files(folder: Path) -> None:
    """Raises OutputError where a folder of `output_folder` holds a file that was not written there, or was changed."""
    listed = _read_list(folder)
    _refuse_changed(folder, listed)
    for name in _digests_of(folder):
        half_written = name.startswith(f".{folder.name}.") and ".partial/" in name  # by a call that was killed
        if name not in listed and Path(name).name not in (LIST, *LITTER) and not half_written:
            raise OutputError(
                f"{folder / name} was not written by the workflow, which replaces {folder} as a whole; "
                f"move that file away."
            )


def _refuse_changed(path: Path, listed: _Digests) -> None:
    for name, digests in listed.items():
        if os.path.lexists(path / name) and _digest(path / name) not in digests:
            raise OutputError(
                f"{path / name} was changed since it was written here; move it away, or name another folder."
            )


def _refuse_others(path: Path, folder: Path, listed: _Digests, written: _Digests) -> None:
    for name in written:
        ours = listed.get(name, set()) | written[name]
        if os.path.lexists(folder / name) and _digest(folder / name) not in ours:
            raise OutputError(
                f"{path / name} is in the way and was not written by micronets; move it away, or name another folder."
            )
        for parent in list(PurePosixPath(name).parents)[:-1]:
            if os.path.lexists(folder / parent) and not (folder / parent).is_dir():
                raise OutputError(f"{path / parent} is in the way; move it away, or name another folder.")


def _move(fresh: Path, folder: Path, listed: _Digests, written: _Digests) -> None:
    both = {name: listed.get(name, set()) | written.get(name, set()) for name in (*listed, *written)}
    _write_list(folder, both)
    for name in written:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh / name, folder / name)
    for name in listed.keys() - written.keys():
        if _digest(folder / name) in listed[name]:
            (folder / name).unlink()
            for parent in list(PurePosixPath(name).parents)[:-1]:
                with contextlib.suppress(OSError):  # it holds more
                    (folder / parent).rmdir()
    _write_list(folder, written)


def _digests_of(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): _digest(file) for file in files}


def _digest(path: Path) -> str:
    """SHA-256 in hexadecimal; empty for what is no plain file."""
    if path.is_symlink() or not path.is_file():
        return ""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_list(folder: Path) -> _Digests:
    try:
        text = (folder / LIST).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{folder / LIST} cannot be read; remove it, or name another folder.") from error
    listed: _Digests = {}
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or len(digest) != 64:
            raise OutputError(f"{folder / LIST} is damaged; remove it, or name another folder.")
        listed.setdefault(name, set()).add(digest)
    return listed


def _write_list(folder: Path, digests: _Digests) -> None:
    lines = sorted((name, digest) for name in digests for digest in digests[name])
    write_text(folder / LIST, "".join(f"{digest}  {name}\n" for name, digest in lines))
