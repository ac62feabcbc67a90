"""A Slurm of one node on the loopback interface, in a folder that goes with it: munged, slurmctld and slurmd."""

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sinfo", "sbatch", "srun", "squeue", "scancel", "scontrol")
WAIT_S = 60.0
CANCEL_S = 30.0
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

CONFIGURATION = """
ClusterName=micronets
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
ReturnToService=2
KillWait=10
SchedulerParameters=bf_interval=5,sched_interval=5,defer
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=main Default=YES Nodes={host} MaxTime=1440 State=UP
PartitionName=minute Nodes={host} MaxTime=1 State=UP
"""


class Cluster:
    """Runs from construction to `close`; `environment` leads Slurm's commands to it.

    Raises RuntimeError, with what its daemons logged, where the node does not come up.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="micronets-slurm-"))
        path = f"{self.folder / 'bin'}:{SEARCHED}"
        self.environment = {**os.environ, "PATH": path, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self._host = socket.gethostname().split(".")[0]
        self._daemons: list[subprocess.Popen[bytes]] = []
        try:
            self._configure()
            self._start_munged()
            self._start("slurmctld", "-D", "-i")
            self._start("slurmd", "-D", "-N", self._host)
            self._wait_for_state("idle")
        except BaseException:
            self.close()
            raise

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def drain(self) -> None:
        """Lets the node take no further job."""
        self.ask("scontrol", "update", f"NodeName={self._host}", "State=DRAIN", "Reason=test")

    def resume(self) -> None:
        """Lets it take jobs again."""
        self.ask("scontrol", "update", f"NodeName={self._host}", "State=RESUME")

    def close(self) -> None:
        """Ends jobs and daemons and removes the folder."""
        self._cancel_jobs()
        for daemon in reversed(self._daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cancel_jobs(self) -> None:
        """What a failed test has left would outlive the daemons."""
        end = time.monotonic() + CANCEL_S
        with contextlib.suppress(subprocess.SubprocessError):
            self.ask("scancel", f"--user={getpass.getuser()}")
            while self.ask("squeue", "--noheader") and time.monotonic() < end:
                time.sleep(0.5)

    def _configure(self) -> None:
        for name in ("state", "spool", "bin"):
            (self.folder / name).mkdir()
        with open("/proc/meminfo", encoding="utf-8") as stream:
            memory_kib = int(stream.readline().split()[1])
        text = CONFIGURATION.format(
            folder=self.folder,
            host=self._host,
            user=getpass.getuser(),
            controller_port=_free_port(),
            node_port=_free_port(),
            cpus=os.cpu_count(),
            memory_mb=memory_kib // 1024 - 500,
        )
        (self.folder / "slurm.conf").write_text(text, encoding="utf-8")
        # Snakemake's plugins take Slurm's variables out of a job, and srun in it would ask /etc/slurm.
        srun = self.folder / "bin" / "srun"
        srun.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.folder / "slurm.conf"} exec {shutil.which("srun")} "$@"\n', encoding="utf-8"
        )
        srun.chmod(0o755)

    def _start_munged(self) -> None:
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        files = ("key-file", "munge.key"), ("pid-file", "munge.pid"), ("seed-file", "munge.seed"), ("log-file", "m.log")
        options = [f"--{option}={self.folder / name}" for option, name in files]
        self._start("munged", "--foreground", "--force", f"--socket={self.folder / 'munge.socket'}", *options)
        _wait_until((self.folder / "munge.socket").exists, "munged made no socket")

    def _start(self, program: str, *arguments: str) -> None:
        path = shutil.which(program, path=SEARCHED)
        assert path is not None
        with open(self.folder / f"{program}.out", "wb") as output:
            self._daemons.append(
                subprocess.Popen(
                    [path, *arguments],
                    env=self.environment,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )

    def _wait_for_state(self, state: str) -> None:
        def is_there() -> bool:
            asked = subprocess.run(
                ["sinfo", "--noheader", "--format=%t"], env=self.environment, capture_output=True, text=True
            )
            return state in asked.stdout.split()

        try:
            _wait_until(is_there, f"the node is not {state}")
        except RuntimeError as error:
            logs = [path.read_text("utf-8", "replace")[-2000:] for path in sorted(self.folder.glob("*.log"))]
            raise RuntimeError("\n".join([str(error), *logs])) from None


def is_installed() -> bool:
    """Whether all programs of Slurm and munge are there."""
    return all(shutil.which(program, path=SEARCHED) for program in PROGRAMS)


def _wait_until(condition, what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(what)
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
