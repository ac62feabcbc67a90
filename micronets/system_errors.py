"""What the machine denies a job, in a sentence: space on a disk, permission, memory, a folder for temporary files."""

import errno
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

_GOES_ON = "then run the same command again: it goes on from where it was"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_LEAST_FREE_BYTES = 1 << 16
"""Where a disk has less, what has failed to be written there failed for that reason, whatever it said."""
_KILLED = ("TerminatedWorkerError", "BrokenProcessPool")
_NOT_MAPPED = "failed to map segment"
"""What loading a library says where there is no memory for it."""
_NO_TEMPORARY_FOLDER = "No usable temporary directory"


def sentence(error: BaseException, folders: Iterable[str | os.PathLike]) -> str | None:
    """What is wrong with the machine, where that is why `error` was raised, and the remedy; None for any other reason.

    Args:
        folders: that the job writes to: an error that says no more than that writing failed is explained by them.
    """
    places = [Path(folder) for folder in folders]
    for cause in _chain(error):
        found = _of_one(cause, places)
        if found is not None:
            return found
    return full_disk(places)


def full_disk(folders: Iterable[str | os.PathLike]) -> str | None:
    """A sentence where one of the folders lies on a disk without space."""
    for folder in folders:
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue
        if free < _LEAST_FREE_BYTES:
            return f"There is no space left on the disk of {folder}; free some, {_GOES_ON}."
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [cause for cause in (each.__cause__, each.__context__) if cause is not None]


def _of_one(error: BaseException, folders: list[Path]) -> str | None:
    ran_out = isinstance(error, MemoryError) or (isinstance(error, ImportError) and _NOT_MAPPED in str(error))
    if ran_out or type(error).__name__ in _KILLED:
        what = "Memory ran out" if ran_out else "One of the job's processes was killed"
        return (
            f"{what}, most likely because the job needs more memory than there is; close other programs, or run with "
            f"fewer jobs at a time (snakemake --cores 1), {_GOES_ON}."
        )
    if not isinstance(error, OSError):
        return None
    name = os.fspath(error.filename) if isinstance(error.filename, str | os.PathLike) else ""
    place = name or (str(folders[0]) if folders else "the results")
    if _NO_TEMPORARY_FOLDER in str(error):
        return f"There is no folder for temporary files; make one and name it: export TMPDIR=<folder>, {_GOES_ON}."
    if error.errno in _FULL:
        return f"There is no space left on the disk of {place}; free some, {_GOES_ON}."
    if error.errno == errno.EFBIG:
        return f"{place} would be larger than a file may be here; raise the limit (ulimit -f), {_GOES_ON}."
    if error.errno == errno.EROFS:
        return f"{place} lies on a disk that is read-only; choose another folder with --config results=<folder>."
    if error.errno in (errno.EACCES, errno.EPERM) and name:
        return f"You may not use {name}; have yourself permitted (chmod u+rw {shlex.quote(name)}), {_GOES_ON}."
    if error.errno == errno.EMFILE:
        return f"Too many files are open at a time; raise the limit (ulimit -n 4096), {_GOES_ON}."
    if error.errno == errno.ENOMEM:
        return f"Memory ran out; run with fewer jobs at a time (snakemake --cores 1), {_GOES_ON}."
    if error.errno == errno.EIO:
        return f"The disk of {place} fails to read or write; see to it (dmesg), {_GOES_ON}."
    return None
