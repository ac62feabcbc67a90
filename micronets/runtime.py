"""What runs a network on a board: C of our compiler, or TensorFlow Lite Micro's interpreter."""

from collections.abc import Mapping
from typing import Any

MICRONETS = "micronets"
TFLM = "tflm"


def runtimes_of(firmware: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the runtimes that a section `firmware` of the configuration asks for."""
    return tuple(firmware.get("runtimes", (MICRONETS,)))


def options_of(firmware: Mapping[str, Any], runtime: str) -> dict[str, Any]:
    """What a section `firmware` says to one runtime: `optimise`, and for TFLM `library` and `include`.

    Without what it says to the other, so that changing that does not build this one anew.
    """
    options = {"optimise": firmware["optimise"]}
    return options if runtime == MICRONETS else {**options, "library": "", "include": "", **firmware.get("tflm", {})}


def build_name(board: str, runtime: str) -> str:
    """Folder of a firmware and its profile below that of its model: the board, for TFLM with a folder in it."""
    return board if runtime == MICRONETS else f"{board}/{runtime}"


def split_build_name(name: str) -> tuple[str, str]:
    """Board and runtime of `build_name`."""
    board, _, runtime = name.partition("/")
    return board, runtime or MICRONETS
