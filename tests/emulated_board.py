"""A board that is not there: QEMU's STM32F405 behind a pseudo-terminal, and a runner of MLPerf Tiny's protocol."""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
LIMIT_S = 60.0


def emulator_command(elf: Path) -> list[str]:
    """Runs a program on the emulated board, its serial port a pseudo-terminal whose name is printed first.

    One instruction takes one nanosecond of virtual time.
    """
    machine = ["qemu-system-arm", "-machine", "netduinoplus2", "-nodefaults", "-display", "none"]
    serial = ["-chardev", "pty,id=line", "-serial", "chardev:line"]
    return [*machine, "-icount", "shift=0", "-kernel", str(elf), *serial]


def printed_port(line: str) -> str:
    """The pseudo-terminal that the emulator's first line names."""
    found = re.search(r"/dev/pts/\d+", line)
    assert found, line
    return found[0]


@contextlib.contextmanager
def emulated_board(elf: Path) -> Iterator[str]:
    """Runs a program; gives the name of its serial port."""
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *emulator_command(elf)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield printed_port(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


class PluggedInBoard:
    """An emulated board that stays, and a programmer for it: a tool called openocd that starts it with a program.

    Args:
        folder: gets `bin/openocd`, and as the board's port the link `ttyACM0`.
        elf: the program that the board comes with; None: it does nothing.
    """

    def __init__(self, folder: Path, elf: Path | None) -> None:
        self.folder = folder
        self.port = folder / "ttyACM0"
        tool = folder / "bin" / "openocd"
        tool.parent.mkdir()
        tool.write_text(
            f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
            "from tests.emulated_board import program\n"
            f"program(Path({str(folder)!r}), sys.argv[-1])\n",
            encoding="utf-8",
        )
        tool.chmod(0o755)
        if elf is None:
            self.port.symlink_to("/dev/null")
        else:
            subprocess.run([tool, "-c", f"program {{{elf}}} verify reset exit"], check=True)

    @property
    def path(self) -> str:
        """A PATH in which the programmer is found."""
        return f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def programs(self) -> list[str]:
        """The programs that the board has been given, in order."""
        return (self.folder / "programs.txt").read_text(encoding="utf-8").splitlines()

    def unplug(self) -> None:
        stop(self.folder)


def program(folder: Path, command: str) -> None:
    """Carries out OpenOCD's command that programs a board: starts the emulated one with that program."""
    found = re.fullmatch(r"program \{(.+)\} verify reset exit", command)
    assert found, command
    stop(folder)
    with open(folder / "programs.txt", "a", encoding="utf-8") as notes:
        notes.write(f"{found[1]}\n")
    said = folder / "said.txt"
    with open(said, "wb") as output:
        board = subprocess.Popen(
            ["timeout", "--signal", "KILL", "300", *emulator_command(Path(found[1]))],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    (folder / "pid").write_text(str(board.pid), encoding="ascii")
    while "/dev/pts/" not in said.read_text(encoding="utf-8"):
        assert board.poll() is None, said.read_text(encoding="utf-8")
        time.sleep(0.01)
    beside = folder / "ttyACM0.new"
    beside.symlink_to(printed_port(said.read_text(encoding="utf-8")))
    beside.replace(folder / "ttyACM0")


def stop(folder: Path) -> None:
    """Ends the board that was started last, if any."""
    pid = folder / "pid"
    if pid.is_file():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(pid.read_text(encoding="ascii")), signal.SIGKILL)
        pid.unlink()


class Runner:
    """Speaks MLPerf Tiny's protocol: commands end in `%`, every answer ends in the line `m-ready`."""

    def __init__(self, port: str) -> None:
        self._line = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._line)
        self._unread = b""

    def close(self) -> None:
        os.close(self._line)

    def synchronise(self) -> None:
        """Waits for the program to have started, and for the answers to all that it heard of before."""
        deadline = time.monotonic() + LIMIT_S
        while b"m-ready\r\n" not in self._unread:
            assert time.monotonic() < deadline, self._unread
            self.send(b"%")
            self._read()
        self.send(b"synchronise%")
        while b"synchronise]\r\nm-ready\r\n" not in self._unread:
            assert time.monotonic() < deadline, self._unread
            self._read()
        self._unread = b""

    def _read(self) -> None:
        if select.select([self._line], [], [], 0.1)[0]:
            self._unread += os.read(self._line, 4096)

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._line, data) :]

    def answer(self) -> list[str]:
        """The lines up to the next `m-ready`, it left out; every line must end in CR LF."""
        lines = []
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            while b"\n" in self._unread:
                line, self._unread = self._unread.split(b"\n", 1)
                assert line.endswith(b"\r"), line
                text = line[:-1].decode("ascii")
                if text == "m-ready":
                    return lines
                lines.append(text)
            self._read()
        raise AssertionError(f"no m-ready after {lines} {self._unread!r}")

    def command(self, text: str) -> list[str]:
        self.send(text.encode("latin-1") + b"%")
        return self.answer()

    def load(self, data: bytes) -> list[str]:
        """Loads an input in as many commands as it takes; returns all lines but the repeated `m-ready`."""
        lines = self.command(f"db load {len(data)}")
        digits = data.hex()
        for start in range(0, len(digits), 76):
            lines += self.command(f"db {digits[start : start + 76]}")
        return lines
