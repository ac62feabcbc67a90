"""The external programs: Arm's cross compiler with its binutils, the emulator, the host's C compiler."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from micronets.errors import BuildError, ConfigurationError

DEBIAN_PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "arm-none-eabi-g++": "gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib",
    "arm-none-eabi-nm": "binutils-arm-none-eabi",
    "arm-none-eabi-objdump": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "setpriv": "util-linux",
    "cc": "gcc libc6-dev",
}

_FPU_HARD = "-mfloat-abi=hard"
_CORE_FLAGS = {
    "cortex-m0plus": ("-mcpu=cortex-m0plus", "-mfloat-abi=soft"),
    "cortex-m3": ("-mcpu=cortex-m3", "-mfloat-abi=soft"),
    "cortex-m4": ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", _FPU_HARD),
    "cortex-m7": ("-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", _FPU_HARD, "-DMN_DUAL_ISSUE=1"),
    "cortex-m33": ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", _FPU_HARD),
    # Turning loops into counted ones, GCC 12.2 at -Os forgets what it knows of the counter after the loop, and so wrote
    # a word too many where a loop by twos is followed by a test for the odd one.
    "cortex-m55": ("-mcpu=cortex-m55", _FPU_HARD, "-fno-branch-count-reg"),
}


def core_flags(core: str) -> tuple[str, ...]:
    """Compiler flags that choose the instruction set; raises ConfigurationError for a core that is not known."""
    if core not in _CORE_FLAGS:
        raise ConfigurationError(f"Unknown core {core!r}; known are {', '.join(_CORE_FLAGS)}.")
    return ("-mthumb", *_CORE_FLAGS[core])


def find_tool(name: str) -> str:
    """Path of an installed program; raises BuildError naming the Debian packages where it is missing."""
    path = shutil.which(name)
    if path is None:
        raise BuildError(f"{name} is not installed; install it with: apt-get install {DEBIAN_PACKAGES[name]}")
    return path


def run_tool(name: str, arguments: Sequence[str | Path], directory: Path | None = None) -> str:
    """Runs a program to its end and returns what it printed.

    Raises:
        BuildError: it is missing, or it failed; carries what it printed to stderr.
    """
    command = [find_tool(name), *map(str, arguments)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{name} failed:\n{done.stderr.strip()}")
    return done.stdout
