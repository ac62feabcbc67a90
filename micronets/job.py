"""What every job of the workflow does around its stage: log, own its output alone, end with its workflow."""

import contextlib
import fcntl
import logging
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import psutil

from micronets import output_folder
from micronets.atomic import OWN_FILES, refuse_foreign_files
from micronets.credentials import MaskingFormatter
from micronets.errors import MicronetsError
from micronets.interruption import GOES_ON, Interrupted, interruptible
from micronets.output_folder import LIST
from micronets.progress import format_duration
from micronets.system_errors import sentence
from micronets.terminal import STARTED, TerminalLines

logger = logging.getLogger("micronets")


LOCK = ".workflow.lock"
"""Of a results folder: locked by the workflow that works on it, and there since one has claimed it."""
SNAKEMAKE_FOLDER = ".snakemake"
"""In the working folder: what Snakemake knows of runs."""
_claims: list[IO[str]] = []
WORKFLOW_VARIABLE = "MICRONETS_WORKFLOW_PROCESS"
"""Of the environment: the number of the process that starts the jobs of a workflow."""


def claim(results: str | os.PathLike, names: Iterable[str] = ()) -> None:
    """Makes this process the only workflow on a results folder, until it ends, however it ends.

    What lies in the folder stays, but what the workflow itself writes there is replaced when it is made anew. So a
    folder that no workflow has claimed yet must not hold anything of that name, and folders that are replaced as a
    whole must hold nothing else.

    Args:
        names: of what the workflow writes in the folder.

    Raises MicronetsError where another one is at work, or others' files are in the way.
    """
    path = Path(results) / LOCK
    if not path.exists():
        for name in names:
            if os.path.lexists(path.with_name(name)):
                raise MicronetsError(
                    f"The results folder {results} holds {name}, which no workflow has written; move it away, or "
                    f"choose another folder with --config results=<folder>."
                )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open(path, "a+", encoding="utf-8")
    except OSError as error:
        raise MicronetsError(
            f"The results folder {results} cannot be written to ({error.strerror}); choose another one with "
            f"--config results=<folder>."
        ) from error
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.seek(0)
        owner = stream.read().strip()
        stream.close()
        raise MicronetsError(
            f"Another workflow ({owner}) works on the results folder {results}; wait for it to end, or stop it, or "
            f"choose another folder with --config results=<folder>."
        ) from None
    try:
        _refuse_foreign_files(Path(results))
    except MicronetsError:
        stream.close()
        raise
    stream.truncate(0)
    _claims.append(stream)
    try:
        stream.write(f"process {os.getpid()} on {platform.node()}")
        stream.flush()
    except OSError as error:
        raise MicronetsError(sentence(error, [results]) or f"{path} cannot be written: {error.strerror}.") from error


def check_working_folder() -> None:
    """Raises MicronetsError where Snakemake could not keep its account of a run, the folder `.snakemake`."""
    folder = Path.cwd()
    try:
        (folder / SNAKEMAKE_FOLDER).mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / SNAKEMAKE_FOLDER):
            pass
    except OSError as error:
        raise MicronetsError(
            f"The working folder {folder} cannot be written to ({error.strerror}), and Snakemake keeps its account of "
            "runs there; mend that, or work in another one with --directory <folder>."
        ) from error


def _refuse_foreign_files(results: Path) -> None:
    """Snakemake deletes such folders before any job could look into them."""
    for place, _, files in os.walk(results):
        if OWN_FILES in files:
            refuse_foreign_files(Path(place))
        if LIST in files:
            output_folder.refuse_foreign_files(Path(place))


@contextlib.contextmanager
def job(name: str, log: str | os.PathLike) -> Iterator[None]:
    """Runs the body of a `with` as one job.

    Log lines go to the file `log` and, marked with `name`, to the terminal. A MicronetsError becomes one line and exit
    status 1; any other exception becomes one as well and leaves its traceback in `log`. What libraries write to
    standard error goes to `log` alone. While the body runs, no other job with this log does, not even one left over
    from a killed workflow; and when this job's own workflow is killed, or asked to end, the job ends too instead of
    working on unseen.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(log_to(Path(log), name))
        except OSError as error:
            place = Path(log).parent
            print(f"[{name}] {sentence(error, [place]) or error}", file=sys.stderr)
            sys.exit(1)
        _end_with_parent()
        with _alone(Path(log)):
            start = time.monotonic()
            logger.info(STARTED)
            try:
                with interruptible():
                    yield
                logger.info("finished in %s", format_duration(time.monotonic() - start))
            except Interrupted:
                logger.error(GOES_ON)
                _end_children()
                os._exit(1)  # whatever threads are still at
            except MicronetsError as error:
                logger.error("%s", error)
                sys.exit(1)
            except Exception as error:
                known = sentence(error, _places(Path(log)))
                if known is not None:
                    logger.exception("%s", known)
                else:
                    logger.exception("It failed unexpectedly (%s); the traceback is in %s.", _told(error), log)
                sys.exit(1)


def _places(log: Path) -> list[Path]:
    """Folders that a job writes to."""
    places = [log.parent, Path.cwd()]
    with contextlib.suppress(OSError):
        places.append(Path(tempfile.gettempdir()))
    return places


def _told(error: Exception) -> str:
    """An exception's kind and the first line of what it says."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


@contextlib.contextmanager
def log_to(path: Path, name: str) -> Iterator[None]:
    """Log lines go to the file `path` and, marked with `name`, to the terminal; standard error goes to `path` alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    file = logging.FileHandler(path, mode="a", encoding="utf-8")
    file.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(message)s"))
    with _standard_error_to(path) as stream:
        terminal = logging.StreamHandler(stream)
        terminal.setFormatter(TerminalLines(name))
        logging.basicConfig(level=logging.WARNING, handlers=[file, terminal], force=True)
        logging.captureWarnings(True)
        logger.setLevel(logging.INFO)
        yield


@contextlib.contextmanager
def _standard_error_to(path: Path) -> Iterator[IO[str]]:
    """Leads standard error into a file, for what libraries in C++ write there cannot be stopped otherwise; yields what
    standard error was."""
    sys.stderr.flush()
    with open(os.dup(2), "w", encoding="utf-8", buffering=1) as usual, open(path, "ab") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield usual
        finally:
            sys.stderr.flush()
            os.dup2(usual.fileno(), 2)


@contextlib.contextmanager
def _alone(log: Path) -> Iterator[None]:
    """Holds a lock beside the log; the kernel releases it however the process ends."""
    with open(log.with_suffix(".lock"), "w", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.warning("The same job of an earlier run is still at work; waiting for it to end.")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _end_with_parent() -> None:
    parent = os.getppid()
    workflow = os.environ.get(WORKFLOW_VARIABLE, "")

    def is_alive() -> bool:
        """The workflow may have been killed while this process was still importing: then another is its parent."""
        return os.getppid() == parent and (not workflow.isdecimal() or psutil.pid_exists(int(workflow)))

    def watch() -> None:
        while is_alive():
            time.sleep(0.5)
        logger.error("Its workflow has ended, so this job ends too; run the same command to go on.")
        _end_children()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _end_children() -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
