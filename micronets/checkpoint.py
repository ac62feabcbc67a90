"""The state of an interrupted training, to go on from the last finished epoch."""

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micronets.atomic import atomic_file


def fingerprint(**facts: Any) -> str:
    """A hash of everything that decides how a training goes on; JSON-serialisable facts only."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class Checkpoint:
    """One file with arrays and notes, replaced atomically; a file of another fingerprint counts as absent.

    Args:
        path: a `.npz` file outside the declared outputs of a workflow, which are deleted before a rerun.
    """

    def __init__(self, path: str | os.PathLike, fingerprint: str):
        self.path = Path(path)
        self._fingerprint = fingerprint

    def save(self, groups: Mapping[str, Sequence[np.ndarray]], notes: dict[str, Any]) -> None:
        """Saves lists of arrays by group name, and JSON-serialisable notes."""
        header = json.dumps({"fingerprint": self._fingerprint, "notes": notes})
        arrays: dict[str, Any] = {"header": np.frombuffer(header.encode(), np.uint8)}
        for group, members in groups.items():
            arrays |= {f"{group}/{index:05d}": np.asarray(member) for index, member in enumerate(members)}
        with atomic_file(self.path) as beside:
            np.savez(beside, **arrays)

    def load(self) -> tuple[dict[str, list[np.ndarray]], dict[str, Any]] | None:
        """Groups and notes as saved; None where there is nothing to go on from."""
        try:
            with open(self.path, "rb") as stream, np.load(stream) as archive:
                header = json.loads(archive["header"].tobytes())
                if header["fingerprint"] != self._fingerprint:
                    return None
                groups: dict[str, list[np.ndarray]] = {}
                for key in sorted(archive.files):
                    if key != "header":
                        groups.setdefault(key.split("/")[0], []).append(archive[key])
        except (FileNotFoundError, zipfile.BadZipFile, KeyError, ValueError, EOFError):
            return None
        return groups, header["notes"]

    def remove(self) -> None:
        """Deletes the file once the training is complete."""
        self.path.unlink(missing_ok=True)
