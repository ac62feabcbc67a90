"""Compiler, binutils and emulator that are gone, fail in the middle, are killed or hang: stand-ins on the PATH."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.faults.record import Case
from tests.faults.small_run import SmallRun, call, snakemake

PART = "Compiler and emulator"
_GCC, _QEMU = "arm-none-eabi-gcc", "qemu-system-arm"
_FAILS_AT = """#!/bin/sh
echo call >> "{counter}"
if [ "$(wc -l < "{counter}")" -ge {count} ]; then {then}; fi
exec {tool} "$@"
"""


def tool_cases(run: SmallRun) -> list[Case]:
    """All cases of this part; after each, the same command without the fault ends as an undisturbed run."""
    dies = "echo 'internal compiler error: Killed' >&2; exit 4"
    listed: dict[str, Callable[[Path], str]] = {}
    for tool, stage in ((_GCC, "firmware"), ("arm-none-eabi-nm", "profile"), (_QEMU, "profile")):
        listed[f"{tool} is gone"] = lambda place, t=tool, s=stage: _case(run, place, s, _without(place, t), "apt-get")
    for name, then, part in (
        (f"{_GCC} fails at its fifth file", dies, "internal compiler error"),
        (f"{_GCC} is killed at its fifth file", "kill -9 $$", "was ended by SIGKILL"),
    ):
        listed[name] = lambda place, then=then, part=part: _case(
            run, place, "firmware", _failing(place, _GCC, 5, then), part
        )
    real = shutil.which(_QEMU)
    for name, then, part, options in (
        (f"{_QEMU} fails at once", "echo 'no such machine' >&2; exit 1", "The emulator ended with code 1", ()),
        (
            f"{_QEMU} is killed while it runs",
            f'{real} "$@" & sleep 0.1; kill -9 $!; kill -9 $$',
            "The emulator was ended by SIGKILL",
            (),
        ),
        (
            f"{_QEMU} hangs",
            "exec sleep 300",
            "did not end within 2 s",
            ("--config", "kws__profile__timeout_s=2"),
        ),
    ):
        listed[name] = lambda place, then=then, part=part, options=options: _case(
            run, place, "profile", _failing(place, _QEMU, 1, then), part, options
        )
    return [Case(PART, name, act) for name, act in listed.items()]


def _case(
    run: SmallRun, place: Path, stage: str, make_path: Callable[[], str], part: str, options: tuple[str, ...] = ()
) -> str:
    results = run.copy(place, cut_from=stage)
    told = call(snakemake(*options), place, PATH=make_path()).told(part)
    ended = call(snakemake(), place)
    assert ended.status == 0, ended.text[-2000:]
    run.check_same(results)
    return told


def _without(place: Path, tool: str) -> Callable[[], str]:
    def make() -> str:
        folder = place / "bin"
        folder.mkdir()
        for each in reversed(os.environ["PATH"].split(os.pathsep)):
            for path in Path(each).iterdir() if Path(each).is_dir() else ():
                link = folder / path.name
                link.unlink(missing_ok=True)
                link.symlink_to(path)
        (folder / tool).unlink()
        return str(folder)

    return make


def _failing(place: Path, tool: str, count: int, then: str) -> Callable[[], str]:
    def make() -> str:
        folder = place / "bin"
        folder.mkdir()
        script = _FAILS_AT.format(counter=place / "calls", count=count, then=then, tool=shutil.which(tool))
        (folder / tool).write_text(script, encoding="utf-8")
        (folder / tool).chmod(0o755)
        return f"{folder}{os.pathsep}{os.environ['PATH']}"

    return make
