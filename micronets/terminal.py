"""What a run of the workflow shows in the terminal: a line when a job starts, lines of progress, a line when it ends.

Snakemake's own account of every job goes to its log file alone. Nothing here imports Snakemake: it logs by the standard
library, each record with its `event`.
"""

import itertools
import logging
import textwrap
import time
from pathlib import Path

from micronets.credentials import masked
from micronets.progress import format_duration
from micronets.system_errors import full_disk

LINE_LENGTH = 120
STARTED = "started"
"""The first line of every job."""

_SNAKEMAKE = "snakemake.logging"
_STREAM_HANDLER = "DefaultStreamHandler"
_HIDDEN_EVENTS = {
    "workflow_started",
    "run_info",
    "resources_info",
    "job_info",
    "job_started",
    "job_finished",
    "job_error",
    "group_info",
    "group_error",
    "shellcmd",
}
_CHATTER = (
    "Assuming unrestricted",
    "Building DAG",
    "Using shell",
    "Provided c",
    "Provided r",
    "Rules claiming",
    "Conda environments: ignored",
    "Singularity containers: ignored",
    "Select jobs",
    "Execute ",
    "Removing output files of failed job",
    "Shutting down",
    "Exiting because a job execution failed",
    "Terminating processes on user request",
    "Complete log",
    "Elapsed time",
)
# A job's failure as Snakemake tells it, twice: that a command of its own making ended with 1.
_OF_A_FAILED_JOB = ("CalledProcessError", "At least one job did not complete successfully")


class TerminalLines(logging.Formatter):
    """Lines of one job, marked with its name; those longer than a terminal is wide are broken, but for errors and
    warnings, which are to be found and copied whole."""

    def __init__(self, name: str):
        super().__init__()
        self._mark = f"[{name}]"

    def format(self, record: logging.LogRecord) -> str:
        text = masked(f"{self._mark} {record.getMessage()}")
        if record.levelno >= logging.WARNING:
            return text
        indent = " " * (len(self._mark) + 1)
        wrapped = (
            textwrap.wrap(line, LINE_LENGTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
            for line in text.splitlines()
        )
        return "\n".join("\n".join(parts) for parts in wrapped)


class WorkflowLines(logging.Filter):
    """Lets through what of Snakemake's records belongs in the terminal, and remembers the jobs that failed."""

    def __init__(self) -> None:
        super().__init__()
        self._failed: dict[int, tuple[str, list[str]]] = {}

    def remember(self, record: logging.LogRecord) -> None:
        """Notes a job that has failed, or has succeeded after all."""
        said = record.__dict__  # Snakemake's own fields beside the standard ones
        event = said.get("event")
        if event == "job_error":
            self._failed[said["jobid"]] = said["rule_name"], list(said["log"])
        elif event == "job_finished":
            self._failed.pop(said["job_id"], None)  # it was tried again

    def filter(self, record: logging.LogRecord) -> bool:
        self.remember(record)
        event = str(record.__dict__.get("event") or "")
        text = str(record.msg)
        if event in _HIDDEN_EVENTS or any(part in text for part in _OF_A_FAILED_JOB):
            return False
        return not text.startswith(_CHATTER)

    def failures(self) -> list[str]:
        """For every failed job its sentence, the last error in its log, and where that log is."""
        lines = []
        for rule, logs in self._failed.values():
            log = logs[0] if logs else ""  # others are tables
            lines.append(_last_error(Path(log)) or _unexplained(rule, Path(log)))
            lines += [f"Log: {log}"] if log else []
        return lines


class WorkflowProgress(logging.Formatter):
    """Snakemake's count of steps, with the time since the start; all else as `usual` has it."""

    def __init__(self, usual: logging.Formatter):
        super().__init__()
        self._usual = usual
        self._start = time.monotonic()

    def format(self, record: logging.LogRecord) -> str:
        said = record.__dict__
        if said.get("event") != "progress":
            return self._usual.format(record)
        return f"{said['done']} of {said['total']} steps done after {format_duration(time.monotonic() - self._start)}"


def _unexplained(rule: str, log: Path) -> str:
    """Of a job that left no error in its log: it was killed, or had no room to write one."""
    full = full_disk([log.parent, Path.cwd()])
    return full or (
        f"A job of the rule {rule} ended without saying why; where memory ran out, run with fewer jobs at a time "
        "(snakemake --cores 1)."
    )


def _last_error(log: Path) -> str:
    """What the last line of level ERROR in a job's log says; empty where the job, since it started, wrote none."""
    if not log.is_file():
        return ""
    lines = reversed(log.read_text(encoding="utf-8", errors="replace").splitlines())
    of_this_run = itertools.takewhile(lambda line: not line.endswith(f" INFO {STARTED}"), lines)
    return next((line.split(" ERROR ", 1)[1] for line in of_this_run if " ERROR " in line), "")


class _Listener(logging.Handler):
    """Hears of failed jobs, whatever is shown."""

    def __init__(self, lines: WorkflowLines):
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.remember(record)


def quieten_snakemake(hides: bool = True) -> WorkflowLines:
    """Has the Snakemake of this process show in the terminal only what `WorkflowLines` lets through.

    Args:
        hides: otherwise everything is shown, and failures are only remembered.
    """
    lines = WorkflowLines()
    logging.getLogger(_SNAKEMAKE).addHandler(_Listener(lines))
    for handler in logging.getLogger(_SNAKEMAKE).handlers if hides else ():
        if handler.name == _STREAM_HANDLER:
            handler.addFilter(lines)
            handler.setFormatter(WorkflowProgress(handler.formatter or logging.Formatter()))
    return lines
