"""Where runs are recorded: the store's address, its client, and its creation, one process at a time."""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from micronets.atomic import atomic_file
from micronets.credentials import masked

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

STORE_VARIABLE = "MLFLOW_TRACKING_URI"
_SQLITE = "sqlite:///"


def store_uri(configured: str = "") -> str:
    """The tracking URI: as configured, else of the environment, else `mlflow.db` in the working directory (which
    `mlflow ui` started there shows)."""
    return configured or os.environ.get(STORE_VARIABLE) or f"{_SQLITE}{Path('mlflow.db').absolute()}"


def client() -> Any:
    """MLflow's client of the store, which is created where it is a file that is not there yet."""
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    if store_uri().startswith(_SQLITE):
        _create_database(Path(store_uri().removeprefix(_SQLITE)))
    return MlflowClient(store_uri())


def _create_database(path: Path) -> None:
    """Makes a SQLite store that is not there yet, whole or not at all: a process that ends while MLflow creates its
    tables would leave a database that no other could open."""
    from mlflow import MlflowClient

    if path.exists():
        return
    with alone(path.parent):
        if not path.exists():
            with atomic_file(path) as beside:
                MlflowClient(f"{_SQLITE}{beside}").search_experiments(max_results=1)


def artifact_location(experiment: str) -> str | None:
    """Of an experiment in a database that is a file: a folder beside it; None where the server decides."""
    if not store_uri().startswith(_SQLITE):
        return None
    return (Path(store_uri().removeprefix(_SQLITE)).parent / "mlruns" / experiment).absolute().as_uri()


@contextlib.contextmanager
def alone(results: str | os.PathLike) -> Iterator[None]:
    """One process at a time: concurrent creation of a fresh SQLite store or of an experiment fails or doubles it."""
    path = Path(results) / ".tracking.lock"
    if store_uri().startswith(_SQLITE):
        database = Path(store_uri().removeprefix(_SQLITE))
        path = database.with_name(f".{database.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def failure(error: Exception) -> str:
    """In a sentence, without passwords."""
    reason = error
    while isinstance(reason.__cause__, Exception):
        reason = reason.__cause__
    lines = str(reason).splitlines() or [type(reason).__name__]
    return masked(f"The tracking store {store_uri()} fails ({lines[0][:200]}); going on without it.")
