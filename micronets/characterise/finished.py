"""Networks that an interrupted characterisation has measured already, so that the next one goes on after them."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from micronets.architecture import Architecture
from micronets.atomic import write_json
from micronets.boards import Board
from micronets.characterise.samples import LayerSample, NetworkSample
from micronets.checkpoint import fingerprint
from micronets.stage_file import DAMAGE

Measured = tuple[NetworkSample, list[LayerSample]]

_PACKAGE = Path(__file__).parents[1]
_DECIDING = tuple(
    _PACKAGE / name
    for name in ("characterise", "compiler", "csrc", "emulator", "export", "firmware", "linking", "profile", "timing")
)


class Finished:
    """A folder with a file for every network; one that was made of anything else counts as absent."""

    def __init__(self, folder: Path, board: Board, optimise: str):
        self._folder = folder
        self._facts = {"board": asdict(board), "optimise": optimise, "sources": _sources()}

    def get(self, architecture: Architecture, seed: int, measure: Callable[[], Measured | None]) -> Measured | None:
        """What is in the folder, or else what `measure` gives, which is kept; None: the network is too large."""
        path = self._folder / f"{architecture.name}.json"
        key = fingerprint(architecture=architecture.to_json(), seed=seed, **self._facts)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["fingerprint"] == key:
                if content["network"] is None:
                    return None
                return NetworkSample(**content["network"]), [LayerSample(**layer) for layer in content["layers"]]
        except (OSError, *DAMAGE):
            pass
        found = measure()
        content = {"fingerprint": key, "network": None, "layers": []}
        if found is not None:
            network, layers = found
            content |= {"network": asdict(network), "layers": [asdict(layer) for layer in layers]}
        write_json(path, content)
        return found

    def remove(self) -> None:
        """Once all are measured and written elsewhere."""
        shutil.rmtree(self._folder, ignore_errors=True)


@lru_cache
def _sources() -> str:
    """Of the compiler, its kernels and what measures them."""
    digest = hashlib.sha256()
    for folder in _DECIDING:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".c", ".h", ".py", ".yaml"):
                digest.update(path.relative_to(_PACKAGE.parent).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
