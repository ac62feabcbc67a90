"""A folder of the user's for what is made once and kept: the package itself may not be writable."""

import os
import stat
import tempfile
from functools import lru_cache
from pathlib import Path


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/micronets` or `~/.cache/micronets`; where neither can be written, a temporary folder."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = os.environ.get("HOME", "")
    bases = [Path(base)] if os.path.isabs(base) else [Path(home) / ".cache"] if os.path.isabs(home) else []
    for parent in (*bases, Path(tempfile.gettempdir())):
        folder = parent / ("micronets" if parent in bases else f"micronets-{os.getuid()}")
        if _is_ours(folder):
            return folder
    return _temporary_folder()


def _is_ours(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and nobody else can write to it: what it holds is executed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    foreign = found.st_uid != os.getuid() or bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    return stat.S_ISDIR(found.st_mode) and not foreign and os.access(folder, os.W_OK | os.X_OK)


@lru_cache
def _temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="micronets-"))
