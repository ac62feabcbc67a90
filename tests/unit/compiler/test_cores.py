"""The table of cores, against what GCC itself makes of its flags, and against the boards."""

import subprocess

import pytest

from micronets.boards import find_board, load_boards
from micronets.compiler.cores import CORES, Extension, find_core
from micronets.errors import ConfigurationError


def macros(flags) -> set[str]:
    """What GCC predefines with these flags."""
    command = ["arm-none-eabi-gcc", *flags, "-E", "-dM", "-x", "c", "/dev/null"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[1] for line in found.splitlines()}


@pytest.mark.emulator
@pytest.mark.parametrize("core", CORES.values(), ids=CORES)
def test_gcc_agrees_on_the_extension(core):
    found = macros(core.gcc_flags)
    assert ("__ARM_FEATURE_DSP" in found) == (core.extension is not Extension.NONE)
    assert ("__ARM_FEATURE_MVE" in found) == (core.extension is Extension.HELIUM)


def test_every_board_has_a_core_that_is_known():
    assert {find_board(name).core for name in load_boards()} == set(CORES)


def test_an_unknown_core_is_named():
    with pytest.raises(ConfigurationError, match="Unknown core 'z80'; known are cortex-m0plus, cortex-m3"):
        find_core("z80")
