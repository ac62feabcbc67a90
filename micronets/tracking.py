"""Records runs in MLflow; the only module that knows it.

One run per model, found again by its folder in the results; nested in it, one run per stage. Recording never stops
a job: when the store fails, one warning is logged and the job goes on unrecorded.
"""

import contextlib
import fcntl
import importlib.metadata
import json
import logging
import os
import platform
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from micronets.checkpoint import fingerprint
from micronets.credentials import masked

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")

logger = logging.getLogger(__name__)

STORE_VARIABLE = "MLFLOW_TRACKING_URI"
_PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert", "tflite-micro")
_DRAIN_S = 60.0
_PARENT = "mlflow.parentRunId"
_NAME = "mlflow.runName"


def store_uri(configured: str = "") -> str:
    """The tracking URI: as configured, else of the environment, else `mlflow.db` in the working directory (which
    `mlflow ui` started there shows)."""
    return configured or os.environ.get(STORE_VARIABLE) or f"sqlite:///{Path('mlflow.db').absolute()}"


def prepare_store(results: str, models: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """Creates the store, an experiment per task and a run per model where they are missing.

    Args:
        results: folder of all outputs.
        models: names of the models by task.

    Returns the run ids by task and model; empty, after a warning, where the store cannot be reached.
    """
    try:
        client = _client()
        with _lock(results):
            return {
                task: {model: _model_run(client, results, task, model) for model in names}
                for task, names in models.items()
            }
    except Exception as error:
        _warn(error)
        return {}


def record_data(results: str, task: str, models: Iterable[str], description: str | os.PathLike) -> None:
    """Records the prepared dataset that `description` (dataset.json) tells of as the stage `data` of each model, and
    its content hash as a tag of the model's run."""
    facts = json.loads(Path(description).read_text(encoding="utf-8"))
    scalars = {key: value for key, value in _flatten(facts) if not isinstance(value, list)}
    for model in models:
        with StageRun(results, task, model, "data", scalars, keep=True) as run:
            run.log_artifacts(description)
            run.set_tags({"data_hash": facts["content_hash"]})


class StageRun:
    """The nested run of one stage of one model; a context manager.

    A run that was interrupted under the same parameters is continued, any other earlier run of the stage is deleted
    in favour of this one. Everything is written by a thread of its own, in order, so that no call waits for the store.

    Args:
        results: folder of all outputs; with `task` and `model` it identifies the model's run.
        stage: name of the nested run, e.g. `train` or `profile nucleo-f446re`.
        parameters: the configuration of the stage; nested mappings become dotted names.
        keep: continue even a finished run of the same parameters.
    """

    def __init__(
        self,
        results: str,
        task: str,
        model: str,
        stage: str,
        parameters: Mapping[str, Any],
        keep: bool = False,
    ):
        self._results, self._task, self._model, self._stage = results, task, model, stage
        self._parameters = {key: str(value)[:6000] for key, value in _flatten(parameters)}
        self._versions = {"python": platform.python_version(), **_versions(_PACKAGES), **_commit()}
        self._keep = keep
        self._client: Any = None
        self._run = self._parent = ""
        self._writer = _Writer()

    def __enter__(self) -> "StageRun":
        self._writer.submit(self._start)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        status = "FINISHED" if kind is None else "FAILED"
        self._writer.submit(lambda: self._end(status))
        self._writer.drain(_DRAIN_S)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Records numbers (anything else is left out); `step` is the epoch."""
        now_ms = int(time.time() * 1000)
        numbers = {key: float(value) for key, value in metrics.items() if isinstance(value, int | float)}
        self._writer.submit(lambda: self._log_metrics(self._run, numbers, now_ms, step))

    def log_summary(self, metrics: Mapping[str, float]) -> None:
        """Records numbers here and in the model's own run, where they stand beside those of other models."""
        now_ms = int(time.time() * 1000)
        numbers = {key: float(value) for key, value in metrics.items() if isinstance(value, int | float)}
        self._writer.submit(lambda: self._log_metrics(self._run, numbers, now_ms, 0))
        self._writer.submit(lambda: self._log_metrics(self._parent, numbers, now_ms, 0))

    def log_artifacts(self, *paths: str | os.PathLike) -> None:
        """Copies files, or whole folders under their own names, into the run; missing ones are left out."""
        for path in map(Path, paths):
            if path.is_dir():
                self._writer.submit(partial(self._log_folder, path))
            elif path.is_file():
                self._writer.submit(partial(self._log_file, path))

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Tags the model's own run, e.g. with the content hash of the data."""
        for key, value in tags.items():
            self._writer.submit(partial(self._set_tag, key, str(value)))

    def _log_folder(self, path: Path) -> None:
        self._client.log_artifacts(self._run, str(path), path.name)

    def _log_file(self, path: Path) -> None:
        self._client.log_artifact(self._run, str(path))

    def _set_tag(self, key: str, value: str) -> None:
        self._client.set_tag(self._parent, key, value)

    def _start(self) -> None:
        from mlflow.entities import Param, RunTag

        self._client = _client()
        with _lock(self._results):
            self._parent = _model_run(self._client, self._results, self._task, self._model)
            self._run = self._continued_or_new()
        self._client.update_run(self._parent, status="RUNNING")
        params = [Param(key, value) for key, value in self._parameters.items()]
        tags = [RunTag(key, value) for key, value in self._versions.items()]
        self._client.log_batch(self._run, params=params, tags=tags)
        if "seed" in self._parameters:
            tags.append(RunTag("seed", self._parameters["seed"]))
        for tag in tags:
            self._client.set_tag(self._parent, tag.key, tag.value)

    def _continued_or_new(self) -> str:
        mark = fingerprint(parameters=self._parameters)
        experiment = self._client.get_run(self._parent).info.experiment_id
        found = self._client.search_runs(
            [experiment], f"tags.`{_PARENT}` = '{self._parent}' and tags.stage = '{self._stage}'"
        )
        for run in found:
            unfinished = run.info.status != "FINISHED"
            if (unfinished or self._keep) and run.data.tags.get("fingerprint") == mark:
                self._client.update_run(run.info.run_id, status="RUNNING")
                return run.info.run_id
        for run in found:
            self._client.delete_run(run.info.run_id)
        tags = {_PARENT: self._parent, _NAME: self._stage, "stage": self._stage, "fingerprint": mark}
        return self._client.create_run(experiment, tags=tags).info.run_id

    def _log_metrics(self, run: str, numbers: Mapping[str, float], now_ms: int, step: int) -> None:
        from mlflow.entities import Metric

        self._client.log_batch(run, metrics=[Metric(key, value, now_ms, step) for key, value in numbers.items()])

    def _end(self, status: str) -> None:
        self._client.set_terminated(self._run, status)
        self._client.set_terminated(self._parent, status)


class _Writer:
    """Runs calls one after another in a thread; the first that fails is warned of and ends the writing."""

    def __init__(self) -> None:
        self._calls: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._failed = False
        try:
            import mlflow  # noqa: F401  here, because two threads importing large packages at once may fail
        except ImportError as error:
            self._fail(error)
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], None]) -> None:
        if not self._failed:
            self._calls.put(call)

    def drain(self, timeout_s: float) -> None:
        self._calls.put(None)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            logger.warning("The tracking store is slow; what it has not taken in %g s is not recorded.", timeout_s)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            if self._failed:
                continue
            try:
                call()
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failed = True
        _warn(error)


def _client() -> Any:
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return MlflowClient(store_uri())


def _model_run(client: Any, results: str, task: str, model: str) -> str:
    """The id of the model's run, created where it is missing; the caller holds the lock."""
    name = f"micronets-{task}"
    found = client.get_experiment_by_name(name)
    if found is None:
        local = store_uri().startswith("sqlite:")
        location = (Path(store_uri().removeprefix("sqlite:///")).parent / "mlruns" / name).absolute().as_uri()
        experiment = client.create_experiment(name, artifact_location=location if local else None)
    else:
        experiment = found.experiment_id
    folder = str((Path(results) / task / model).absolute())
    runs = client.search_runs([experiment], f"tags.folder = '{folder}' and tags.stage = 'model'", max_results=1)
    if runs:
        return runs[0].info.run_id
    tags = {_NAME: model, "task": task, "model": model, "folder": folder, "stage": "model"}
    return client.create_run(experiment, tags=tags).info.run_id


@contextlib.contextmanager
def _lock(results: str) -> Iterator[None]:
    """One process at a time: concurrent creation of a fresh SQLite store or of an experiment fails or doubles it."""
    path = Path(results) / ".tracking.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _versions(packages: Iterable[str]) -> dict[str, str]:
    versions = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions


def _commit() -> dict[str, str]:
    """The checkout's commit, marked `-dirty` where tracked files differ from it; empty outside a checkout."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        result = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return {"git_commit": result.stdout.strip()} if result.returncode == 0 else {}


def _warn(error: Exception) -> None:
    lines = str(error).splitlines() or [type(error).__name__]
    sentence = f"The tracking store {store_uri()} fails ({lines[0][:200]}); going on without recording."
    logger.warning("%s", masked(sentence))
