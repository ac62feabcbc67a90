"""Jobs that Slurm has accepted and will never start: it says so in a column that nobody looks at."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable

INTERVAL_S = 20.0
_TIMEOUT_S = 15.0
_FORMAT = "%i|%r|%k|%Z"
"""Of squeue: the job's number, the reason for which it waits, its comment, its working directory."""

_TIME = (
    "lower the default resource max_runtime of your profile below the partition's limit, or choose another partition"
)
_SIZE = "lower max-threads or the default resource max_mem_mb of your profile, or choose another partition"
_ACCOUNT = "correct slurm_account, slurm_partition or the QOS under default-resources in your profile"
_REMEDIES = {
    "PartitionTimeLimit": _TIME,
    "AssocMaxWallDurationPerJobLimit": _TIME,
    "QOSMaxWallDurationPerJobLimit": _TIME,
    "PartitionNodeLimit": _SIZE,
    "PartitionConfig": _SIZE,
    "BadConstraints": _SIZE,
    "AssocMaxCpuPerJobLimit": _SIZE,
    "AssocMaxMemPerJob": _SIZE,
    "AssocMaxGRESPerJob": _SIZE,
    "QOSMaxCpuPerJobLimit": _SIZE,
    "QOSMaxMemoryPerJob": _SIZE,
    "QOSMaxGRESPerJob": _SIZE,
    "AccountNotAllowed": _ACCOUNT,
    "InvalidAccount": _ACCOUNT,
    "InvalidQOS": _ACCOUNT,
    "QOSNotAllowed": _ACCOUNT,
    "PartitionDown": "choose another partition, or ask who runs the cluster",
    "PartitionInactive": "choose another partition, or ask who runs the cluster",
    "JobHeldAdmin": "ask who runs the cluster",
    "JobHeldUser": "release it with scontrol release",
}
"""Slurm's reasons for which a job waits until somebody changes something, and what to change."""


class PendingJobs:
    """Tells of every job submitted from a folder that cannot start, once for each reason.

    Args:
        folder: the working directory of the workflow.
        tell: is given a sentence.
    """

    def __init__(self, folder: str, tell: Callable[[str], None]):
        self._folder = os.path.realpath(folder)
        self._tell = tell
        self._told: set[tuple[str, str]] = set()

    def read(self, squeue: str) -> None:
        """Takes in what squeue prints in this module's format."""
        for line in squeue.splitlines():
            number, reason, comment, folder = [*line.split("|", 3), "", "", ""][:4]
            if reason not in _REMEDIES or os.path.realpath(folder) != self._folder or (number, reason) in self._told:
                continue
            self._told.add((number, reason))
            self._tell(
                f"Slurm will not start job {number} ({comment}): {reason}; {_REMEDIES[reason]}. "
                f"It waits until then; scancel {number} ends it."
            )

    def watch(self) -> None:
        """Asks squeue again and again, in a thread that ends with the process."""
        threading.Thread(target=self._ask, name="pending-jobs", daemon=True).start()

    def _ask(self) -> None:
        command = ["squeue", "--noheader", "--states=PENDING", f"--user={os.getuid()}", f"--format={_FORMAT}"]
        while True:
            time.sleep(INTERVAL_S)
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                asked = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
                self.read(asked.stdout)
