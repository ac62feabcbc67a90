"""Nothing listens or connects: every system call of one run that has to do with networks, by strace."""

import re
import shutil
from collections import Counter
from pathlib import Path

from tests.faults.record import Case
from tests.faults.small_run import SmallRun, call, snakemake

PART = "Connections"
_TOLD = ("connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg")
_LOOPBACK = ('"::1"', '"127.0.0.1"')
_SLURM = {"scontrol", "sacct", "sacctmgr", "sinfo", "squeue"}
"""Where they are installed Snakemake's plugin starts them when it is loaded, and they look for their server."""
_CALL = re.compile(r"^(?:\d+ +)?(?:[\d.]+ )?(\w+)\((.*)$")


def connection_cases(run: SmallRun) -> list[Case]:
    """One run through all stages."""
    name = "a run through all stages under strace -f -e trace=network,execve"
    return [Case(PART, name, lambda place: _case(run, place))]


def _case(run: SmallRun, place: Path) -> str:
    assert shutil.which("strace"), "strace is not installed; install it with: apt-get install strace"
    place.mkdir()
    trace = place / "trace"
    trace.mkdir()
    tracer = ["strace", "-ff", "--seccomp-bpf", "-e", "trace=network,execve", "-o", str(trace / "process")]
    ended = call([*tracer, *snakemake()], place)
    assert ended.status == 0, ended.text[-3000:]
    run.check_same(place / "results")
    calls: Counter[str] = Counter()
    foreign, sockets, slurm = [], 0, 0
    for path in trace.iterdir():
        text = path.read_text(encoding="utf-8", errors="replace")
        if _SLURM & {Path(name).name for name in re.findall(r'execve\("([^"]+)"', text)}:
            slurm += 1
            continue
        internet: dict[str, bool] = {}  # by descriptor, whose numbers are used again
        for line in text.splitlines():
            match = _CALL.match(line)
            if match is None or match[1] == "execve":
                continue
            calls[match[1]] += 1
            sockets += match[1] == "socket" and "AF_INET" in match[2]
            if match[1] == "socket":
                internet[line.rpartition("= ")[2]] = "AF_INET" in match[2]
            used = internet.get(match[2].split(",")[0], False) or "AF_INET" in match[2]
            # urllib3 binds a port of the loopback, and nothing listens there, to know whether there is IPv6.
            tried = match[1] == "bind" and any(address in line for address in _LOOPBACK)
            if match[1] in _TOLD and used and not tried:
                foreign.append(line[:160])
    assert not foreign, f"{len(foreign)} calls reach for a network: {foreign[:5]}"
    processes = sum(1 for _ in trace.iterdir())
    return (
        f"{processes} processes and threads made {sum(calls.values())} calls that have to do with sockets; none "
        f"connected, listened or sent on an internet address ({sockets} such sockets were made and left unused). "
        f"Not counted: {slurm} commands of Slurm that its plugin starts"
    )
