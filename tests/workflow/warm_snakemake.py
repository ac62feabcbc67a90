"""Snakemake with its imports done, which forks for every call: each saves two seconds of a core.

`python -m tests.workflow.warm_snakemake` reads a call a line, a JSON object, and answers its exit status.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class WarmSnakemake:
    """The process, as the tests see it."""

    def __init__(self, repository: Path):
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: Sequence[str], directory: Path, environment: Mapping[str, str], limit_s: int
    ) -> tuple[int, str]:
        """Runs to the end in `directory`; returns the exit status and everything that was printed.

        After `limit_s` seconds it is ended by a signal.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
            call = {
                "arguments": list(arguments),
                "directory": str(directory),
                "environment": dict(environment),
                "output": output.name,
                "limit_s": limit_s,
            }
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline()), output.read()

    def close(self) -> None:
        self._process.communicate()


def _become(call: dict[str, Any], began_with: dict[str, str]) -> None:
    """What a process that was started for the call would find; variables that imports have set stay."""
    os.chdir(call["directory"])
    for name in began_with.keys() - call["environment"].keys():
        os.environ.pop(name, None)
    os.environ.update(call["environment"])
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(call["output"], os.O_WRONLY)
    for stream, target in enumerate((nothing, output, output)):
        os.dup2(target, stream)
    sys.argv[1:] = call["arguments"]
    sys.path[0] = call["directory"]
    signal.alarm(call["limit_s"])


def _serve() -> None:
    began_with = dict(os.environ)
    import snakemake.cli

    import micronets.configuration
    import micronets.missing_builds
    import micronets.slurm
    import micronets.tasks.ad
    import micronets.tasks.kws
    import micronets.tasks.vww
    import micronets.tracking_process  # noqa: F401

    snakemake.cli.get_argument_parser()  # which imports the plugins
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line), began_with)
            snakemake.cli.main()
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
