"""The process that sends a workflow's records to MLflow, which neither the workflow nor its jobs need to import."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from micronets.job import job, log_to
from micronets.tracking import Follower, prepare_store, run_links

_END_S = 60.0


class TrackingProcess:
    """Makes the store and a run for every model before jobs start, because they would all make it at once, then sends
    what jobs record while they work. What fails is warned of, and stops nothing.

    Args:
        results: folder of all outputs; the log goes to `logs/tracking.log` in it.
        models: names of the models by task.

    Attributes:
        links: the address of each task's runs; empty where the store cannot be reached.
    """

    def __init__(self, results: str, models: Mapping[str, Iterable[str]]):
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"results": results, "models": models}) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        self.links: dict[str, str] = json.loads(line) if line else {}

    def finish(self) -> None:
        """Waits, for a limited time, until everything is sent."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _main() -> None:
    given = json.loads(sys.stdin.readline())
    log = Path(given["results"]) / "logs" / "tracking.log"
    with job("tracking", log):
        prepared = prepare_store(given["results"], given["models"])
        follower = Follower(given["results"])
        links = run_links(given["models"]) if prepared else {}
    for each in (signal.SIGINT, signal.SIGTERM):  # which are meant for the workflow, who then closes standard input
        signal.signal(each, signal.SIG_IGN)
    with log_to(log, "tracking"):
        print(json.dumps(links), flush=True)
        sys.stdin.read()
        follower.finish()


if __name__ == "__main__":
    _main()
