"""Programs a board's flash with whichever tool is installed."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from micronets.boards import Board, Hardware
from micronets.errors import BoardError
from micronets.linking.toolchain import run_tool

LIMIT_S = 120.0


@dataclass(frozen=True)
class Programmer:
    """A tool that programs flash over the board's debug probe, and resets the board.

    Attributes:
        knows: whether it knows the hardware.
        commands: what to run, for an .elf file.
        remedy: what to try where it fails.
    """

    tool: str
    knows: Callable[[Hardware], bool]
    commands: Callable[[Hardware, Path], list[list[str]]]
    remedy: Callable[[Hardware], str]


def _st_flash(hardware: Hardware, elf: Path) -> list[list[str]]:
    image = elf.with_suffix(".bin")
    run_tool("arm-none-eabi-objcopy", ["-O", "binary", elf, image])
    return [["st-flash", "--reset", "write", str(image), f"{hardware.flash_origin:#x}"]]


_CABLE = "check the cable and that no other program uses the probe"
PROGRAMMERS = (
    Programmer(
        "pyocd",
        lambda hardware: bool(hardware.pyocd),
        lambda hardware, elf: [["pyocd", "load", "--target", hardware.pyocd, "--format", "elf", str(elf)]],
        lambda hardware: f"{_CABLE}; pyOCD needs the microcontroller's pack once: pyocd pack install {hardware.pyocd}",
    ),
    Programmer(
        "openocd",
        lambda hardware: bool(hardware.openocd),
        lambda hardware, elf: [
            ["openocd", "-f", "interface/stlink.cfg", "-f", hardware.openocd]
            + ["-c", f"program {{{elf}}} verify reset exit"]
        ],
        lambda hardware: _CABLE,
    ),
    Programmer("st-flash", lambda hardware: True, _st_flash, lambda hardware: _CABLE),
)


def flash(board: Board, elf: Path, *, limit_s: float = LIMIT_S) -> str:
    """Programs and resets the board; returns the tool's name.

    Raises:
        BoardError: there is no support for the board, no tool is installed, or it failed or did not end.
    """
    if board.hardware is None:
        raise BoardError(f"There is no support for {board.name} itself, only for its emulator; use another board.")
    usable = [programmer for programmer in PROGRAMMERS if programmer.knows(board.hardware)]
    programmer = next((each for each in usable if shutil.which(each.tool)), None)
    if programmer is None:
        names = ", ".join(each.tool for each in usable)
        raise BoardError(
            f"None of the tools that program {board.name} is installed ({names}); install one, for instance: "
            "pip install pyocd, or apt-get install openocd."
        )
    for command in programmer.commands(board.hardware, Path(elf).resolve()):
        _run(command, board, programmer.remedy(board.hardware), limit_s)
    return programmer.tool


def _run(command: list[str], board: Board, remedy: str, limit_s: float) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit_s
        )
    except subprocess.TimeoutExpired as error:
        raise BoardError(f"{command[0]} did not program {board.name} within {limit_s:g} s; {remedy}.") from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        raise BoardError(
            f"{command[0]} could not program {board.name} ({' | '.join(lines[-3:]) or 'it printed nothing'}); {remedy}."
        )
