import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from micronets.boards import find_board
from micronets.errors import BoardError
from micronets.hardware.flashing import flash

pytestmark = pytest.mark.emulator

BOARD = find_board("nucleo-f446re")
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a tool into an otherwise empty PATH; it notes its arguments, and then runs a line of shell."""
    folder = tmp_path / "bin"
    folder.mkdir()
    objcopy = shutil.which("arm-none-eabi-objcopy")
    assert objcopy
    (folder / "arm-none-eabi-objcopy").symlink_to(objcopy)
    monkeypatch.setenv("PATH", str(folder))

    def put(tool: str, then: str = "exit 0") -> Path:
        notes = tmp_path / f"{tool}.txt"
        script = folder / tool
        script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {notes}\n{then}\n', encoding="utf-8")
        script.chmod(0o755)
        return notes

    return put


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    """A program of one word at the start of the flash."""
    path = tmp_path / "board.elf"
    options = ["-mcpu=cortex-m4", "-nostdlib", "-Wl,-Ttext=0x08000000,-e,0x08000000", "-x", "assembler", "-"]
    subprocess.run(["arm-none-eabi-gcc", *options, "-o", path], input=b".word 0x12345678\n", check=True)
    return path


def arguments(notes: Path) -> list[str]:
    return notes.read_text(encoding="utf-8").splitlines()


@pytest.fixture(autouse=True)
def built_first(elf: Path) -> None:
    """Compiles with the PATH as it is."""


def test_no_tool(install: Install, elf: Path) -> None:
    with pytest.raises(BoardError, match=r"None of .* installed \(pyocd, openocd, st-flash\); install one"):
        flash(BOARD, elf)


def test_pyocd_first(install: Install, elf: Path) -> None:
    notes = install("pyocd")
    install("openocd", "exit 1")
    assert flash(BOARD, elf) == "pyocd"
    assert arguments(notes) == ["load", "--target", "stm32f446retx", "--format", "elf", str(elf)]


def test_openocd(install: Install, elf: Path) -> None:
    notes = install("openocd")
    assert flash(BOARD, elf) == "openocd"
    expected = ["-f", "interface/stlink.cfg", "-f", "target/stm32f4x.cfg"]
    assert arguments(notes) == [*expected, "-c", f"program {{{elf}}} verify reset exit"]


def test_st_flash_gets_the_memory_image(install: Install, elf: Path) -> None:
    notes = install("st-flash")
    assert flash(BOARD, elf) == "st-flash"
    *options, image, address = arguments(notes)
    assert (options, address) == (["--reset", "write"], "0x8000000")
    assert Path(image).read_bytes() == (0x12345678).to_bytes(4, "little")


def test_a_tool_that_fails(install: Install, elf: Path) -> None:
    install("pyocd", 'echo "one"; echo "No probe found" >&2; exit 3')
    with pytest.raises(BoardError, match=r"pyocd could not program nucleo-f446re \(one \| No probe found\); .*pack"):
        flash(BOARD, elf)


def test_a_tool_that_hangs(install: Install, elf: Path) -> None:
    install("openocd", f"exec {shutil.which('sleep', path=os.defpath)} 60")
    with pytest.raises(BoardError, match="openocd did not program nucleo-f446re within 0.2 s"):
        flash(BOARD, elf, limit_s=0.2)


def test_a_board_without_support(install: Install, elf: Path) -> None:
    with pytest.raises(BoardError, match="no support for corstone-300 itself"):
        flash(find_board("corstone-300"), elf)


def test_a_tool_that_does_not_know_the_board_is_not_used(install: Install, elf: Path) -> None:
    install("pyocd")
    notes = install("openocd")
    board = replace(BOARD, hardware=replace(BOARD.hardware, pyocd=""))
    assert flash(board, elf) == "openocd"
    assert notes.is_file()
