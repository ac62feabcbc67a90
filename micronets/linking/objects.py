"""Object files of a program, those of kernels compiled once in a process: every network of a core has the same."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from micronets.csrc import KERNELS
from micronets.linking.toolchain import run_tool

_NETWORK_HEADER = "network.h"

_kept: dict[str, bytes] = {}
_lock = Lock()


def compile_object(
    compiler: str, flags: Sequence[str], includes: Sequence[Path], source: Path, name: str, work: Path
) -> None:
    """Leaves the object file `name` in `work`.

    Args:
        includes: folders of headers.

    Raises:
        BuildError: the compiler is missing or refuses the source.
    """
    key = _key(compiler, flags, includes, source)
    if key in _kept:
        (work / name).write_bytes(_kept[key])
        return
    folders = [f"-I{Path(folder).resolve()}" for folder in includes]
    run_tool(compiler, [*flags, *folders, "-c", source.resolve(), "-o", name], work)
    if key is not None:
        with _lock:
            _kept[key] = (work / name).read_bytes()


def _key(compiler: str, flags: Sequence[str], includes: Sequence[Path], source: Path) -> str | None:
    """Of all that decides the object; None where the source is no kernel, and may ask for the network's header."""
    original = KERNELS / source.name
    text = source.read_bytes()
    if not original.is_file() or original.read_bytes() != text:
        return None
    digest = hashlib.sha256(repr((compiler, *flags, source.name)).encode() + text)
    for folder in includes:
        for header in sorted(Path(folder).glob("*.h")):
            if header.name != _NETWORK_HEADER:
                digest.update(header.name.encode() + header.read_bytes())
    return digest.hexdigest()
