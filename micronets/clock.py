"""Files of results whose time has not come yet, because the clock was set back or another machine's is ahead."""

import os
import time
from pathlib import Path

_TOLERANCE_S = 2.0


def take_back(results: str | os.PathLike) -> int:
    """Gives all files and folders of results from the future the present time; returns how many.

    What is made from them would seem older than they are otherwise, and so never up to date. Their contents are left to
    the workflow's own checksums.
    """
    now, count = time.time(), 0
    for place, folders, files in os.walk(os.fspath(results)):
        for path in (Path(place, name) for name in (*folders, *files)):
            try:
                if path.lstat().st_mtime > now + _TOLERANCE_S:
                    os.utime(path, (now, now), follow_symlinks=False)
                    count += 1
            except OSError:  # it has just gone, or is not ours to change
                continue
    return count
