"""The state of an interrupted training, to go on from the last finished epoch."""

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micronets.atomic import atomic_file

logger = logging.getLogger(__name__)


def fingerprint(**facts: Any) -> str:
    """A hash of everything that decides how a training goes on; JSON-serialisable facts only."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class Checkpoint:
    """One file with arrays and notes, replaced atomically; of another fingerprint, or not whole, it counts as absent.

    Args:
        path: a `.npz` file outside the declared outputs of a workflow, which are deleted before a rerun.
    """

    def __init__(self, path: str | os.PathLike, fingerprint: str):
        self.path = Path(path)
        self._fingerprint = fingerprint

    def save(self, groups: Mapping[str, Sequence[np.ndarray]], notes: dict[str, Any]) -> None:
        """Saves lists of arrays by group name, and JSON-serialisable notes."""
        arrays = {
            f"{group}/{index:05d}": np.asarray(member)
            for group, members in groups.items()
            for index, member in enumerate(members)
        }
        header = json.dumps({"fingerprint": self._fingerprint, "notes": notes, "digest": _digest(arrays)})
        with atomic_file(self.path) as beside:
            named: dict[str, Any] = {"header": np.frombuffer(header.encode(), np.uint8), **arrays}
            np.savez(beside, **named)

    def load(self) -> tuple[dict[str, list[np.ndarray]], dict[str, Any]] | None:
        """Groups and notes as saved; None, where it must be after a warning, if there is nothing to go on from."""
        if not self.path.exists():
            return None
        try:
            with open(self.path, "rb") as stream, np.load(stream) as archive:
                arrays = {key: archive[key] for key in sorted(archive.files)}
            header = json.loads(arrays.pop("header").tobytes())
            if header["fingerprint"] != self._fingerprint:
                return None
            whole = header["digest"] == _digest(arrays)
        except Exception as error:  # whatever zipfile, numpy and json make of damaged bytes
            logger.debug("%s: %r", self.path, error)
            whole = False
        if not whole:
            logger.warning("The checkpoint %s is damaged and counts as absent; this phase starts anew.", self.path)
            return None
        groups: dict[str, list[np.ndarray]] = {}
        for key, array in arrays.items():
            groups.setdefault(key.split("/")[0], []).append(array)
        return groups, header["notes"]

    def remove(self) -> None:
        """Deletes the file once the training is complete."""
        self.path.unlink(missing_ok=True)


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    """A hash over names, types, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
