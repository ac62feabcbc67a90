"""The counting plugin of the emulator: built on first use, its output read."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from micronets.cache import cache_folder
from micronets.csrc import CSRC
from micronets.errors import EmulatorError
from micronets.linking.firmware import Firmware
from micronets.linking.machines import find_machine
from micronets.linking.symbols import Symbol
from micronets.linking.toolchain import run_tool

_SOURCES = tuple(CSRC / "plugin" / name for name in ("counter.c", "qemu_plugin_api.h", "range.h"))
_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden")


def build_plugin(directory: Path | None = None) -> Path:
    """The plugin as a shared library, compiled unless the directory holds the one of these very sources.

    Args:
        directory: where it is kept; without one, the user's cache.

    Raises BuildError where the host has no C compiler.
    """
    directory = cache_folder() if directory is None else directory
    digest = hashlib.sha256(" ".join(_FLAGS).encode())
    for source in _SOURCES:
        digest.update(source.read_bytes())
    library = directory / f"counter-{digest.hexdigest()[:16]}.so"
    if library.is_file():
        return library
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        beside = Path(temporary) / library.name
        run_tool("cc", [*_FLAGS, _SOURCES[0], "-o", beside])
        os.replace(beside, library)
    return library


class BlockCount(NamedTuple):
    """How often the instructions in [start, end) ran in one layer, and the flow then did not go on at `end`."""

    layer: int
    start: int
    end: int
    instructions: int
    executed: int
    taken: int


class AccessCount(NamedTuple):
    """Memory accesses of the instruction at `address` in one layer, by the memory they went to.

    An instruction that transfers several words counts one access for each.
    """

    layer: int
    address: int
    flash_loads: int
    ram_loads: int
    other_loads: int
    flash_stores: int
    ram_stores: int
    other_stores: int


@dataclass(frozen=True)
class Counts:
    """What the plugin has counted.

    A layer index equal to the number of layers stands for the firmware's entry itself, outside its layers.

    Attributes:
        inferences: instructions of every finished inference.
        unfinished_layer: layer in which the program ended, None where it ended outside an inference.
        blocks, accesses: summed over all inferences; `accesses` and `BlockCount.taken` only with detail.
    """

    inferences: tuple[int, ...]
    unfinished_layer: int | None
    blocks: tuple[BlockCount, ...]
    accesses: tuple[AccessCount, ...]


def plugin_argument(firmware: Firmware, symbols: dict[str, Symbol], output: Path, detail: bool) -> str:
    """Value of QEMU's `-plugin` option."""
    memories = find_machine(firmware.board)
    invoke = symbols[firmware.entry]
    settings = {
        "output": _escape(output),
        "detail": "on" if detail else "off",
        "invoke": f"{invoke.address:x}:{invoke.address + invoke.size_bytes:x}",
        "returned": f"{symbols['invoke_returned'].address:x}",
        "flash": f"{memories.flash_origin:x}:{memories.flash_origin + memories.flash_bytes:x}",
        # Up to the end of the arena, which lies last: what is beyond is not the program's.
        "ram": f"{memories.ram_origin:x}:{symbols['bss_end'].address:x}",
        "layers": ":".join(f"{symbols[layer].address:x}" for layer in firmware.layers),
    }
    return ",".join([f"file={_escape(build_plugin())}", *(f"{key}={value}" for key, value in settings.items())])


def _escape(path: Path) -> str:
    """QEMU splits options at commas; a doubled one stands for itself."""
    return str(path).replace(",", ",,")


def read_counts(path: Path) -> Counts:
    """Reads what the plugin wrote; raises EmulatorError where the file is missing or torn."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise EmulatorError("The counting plugin left no counts; the emulator was killed or cannot load it.") from error
    if not lines or lines[-1] != "end":
        raise EmulatorError("The counting plugin's output is incomplete: the emulator was killed while it wrote.")
    inferences = []
    unfinished = None
    # The emulator may translate one block several times.
    blocks: dict[tuple[int, int, int], BlockCount] = {}
    accesses: dict[tuple[int, int], AccessCount] = {}
    for line in lines[:-1]:
        kind, *words = line.split()
        if kind == "inference":
            inferences.append(int(words[0]))
        elif kind == "unfinished":
            unfinished = int(words[0])
        elif kind == "block":
            place = int(words[0]), int(words[1], 16), int(words[2], 16)
            block = BlockCount(*place, *map(int, words[3:]))
            if before := blocks.get(place):
                executed, taken = block.executed + before.executed, block.taken + before.taken
                block = block._replace(executed=executed, taken=taken)
            blocks[place] = block
        elif kind == "access":
            layer, address = int(words[0]), int(words[1], 16)
            numbers = map(int, words[2:])
            if seen := accesses.get((layer, address)):
                numbers = map(sum, zip(numbers, seen[2:], strict=True))
            accesses[layer, address] = AccessCount(layer, address, *numbers)
    return Counts(
        tuple(inferences),
        unfinished,
        tuple(sorted(blocks.values())),
        tuple(sorted(accesses.values())),
    )
