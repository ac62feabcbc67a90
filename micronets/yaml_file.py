"""YAML files, each read once while it stays the same: planning asks for the same few files again for every model."""

import os
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import yaml

Content = TypeVar("Content")
_PACKAGE = Path(__file__).parent
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a file in UTF-8 says. Raises OSError, UnicodeDecodeError and yaml.YAMLError."""
    loader = _FAST_LOADER if _PACKAGE in path.parents else yaml.SafeLoader  # deep nesting kills the fast one's process
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def once_per_version(read: Callable[[Path], Content]) -> Callable[[Path], Content]:
    """Has `read` called anew only when the file has changed; its result is shared, so not to be changed."""

    @lru_cache(maxsize=64)
    def read_version(path: Path, inode: int, mtime_ns: int, size: int) -> Content:
        return read(path)

    @wraps(read)
    def read_once(path: Path) -> Content:
        try:
            found = os.stat(path)
        except OSError:
            return read(path)  # says what is wrong
        return read_version(path.absolute(), found.st_ino, found.st_mtime_ns, found.st_size)

    return read_once
