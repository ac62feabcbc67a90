"""The external programs: Arm's cross compiler with its binutils, the emulator, the host's C compiler."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from micronets.compiler.cores import find_core
from micronets.errors import BuildError

DEBIAN_PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "arm-none-eabi-g++": "gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib",
    "arm-none-eabi-nm": "binutils-arm-none-eabi",
    "arm-none-eabi-objdump": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "setpriv": "util-linux",
    "cc": "gcc libc6-dev",
    "gcc": "gcc libc6-dev",
}


_SHOWN_LINES = 20


def core_flags(core: str) -> tuple[str, ...]:
    """Compiler flags that choose the instruction set; raises ConfigurationError for a core that is not known."""
    return find_core(core).gcc_flags


def find_tool(name: str) -> str:
    """Path of an installed program; raises BuildError naming the Debian packages where it is missing."""
    path = shutil.which(name)
    if path is None:
        raise BuildError(f"{name} is not installed; install it with: apt-get install {DEBIAN_PACKAGES[name]}")
    return path


def run_tool(name: str, arguments: Sequence[str | Path], directory: Path | None = None) -> str:
    """Runs a program to its end and returns what it printed.

    Raises:
        BuildError: it is missing, or it failed; carries the first lines of what it printed to stderr.
    """
    command = [find_tool(name), *map(str, arguments)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        raise BuildError(
            f"{name} was ended by {signal.Signals(-done.returncode).name}; where memory ran out, close other programs, "
            "and run the same command again."
        )
    if "No space left on device" in done.stderr:
        raise BuildError(
            f"{name} found no space left on the disk of {directory or Path.cwd()}; free some, and run the same command "
            "again."
        )
    if done.returncode != 0:
        said = " | ".join(done.stderr.strip().splitlines()[:_SHOWN_LINES]) or "it printed nothing"
        raise BuildError(f"{name} ended with code {done.returncode}: {said}")
    return done.stdout
