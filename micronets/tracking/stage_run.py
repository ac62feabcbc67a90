"""What a stage says of itself, as events in a journal."""

import importlib.metadata
import os
import platform
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from micronets.checkpoint import fingerprint
from micronets.stage_file import read_json
from micronets.tracking.follower import is_followed
from micronets.tracking.journal import Event, Journal
from micronets.tracking.sender import Sender

_PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert", "tflite-micro")
_LONGEST_VALUE = 6000


def record_data(results: str, task: str, models: Iterable[str], description: str | os.PathLike) -> None:
    """Records the prepared dataset that `description` (dataset.json) tells of as the stage `data` of each model, and as
    an input of the model's run, with its content hash; the next stage sends it."""
    facts = read_json(description, "dataset")
    scalars = {key: value for key, value in _flatten(facts) if not isinstance(value, list)}
    if "seed" in scalars:  # the models' seeds are others
        scalars["data_seed"] = scalars.pop("seed")
    for model in models:
        with StageRun(results, task, model, "data", scalars, keep=True, sends=False) as run:
            run.log_artifacts(description)
            run.log_dataset(f"{task}-{facts.get('source', {}).get('kind', 'data')}", facts["content_hash"], description)
            run.set_tags({"data_hash": facts["content_hash"]})


def record_export(
    run: "StageRun",
    metrics: Mapping[str, Any],
    metrics_path: str | os.PathLike,
    model: str | os.PathLike,
    ends: Iterable[Any],
) -> None:
    """Records an exported file: its scores at the model's run, and itself, registered with its signature.

    Args:
        metrics: what `metrics_path` holds (see `micronets.export.stage.check`).
        model: the .tflite file.
        ends: its input and output, each with `dtype` and `shape`.
    """
    metric = metrics["metric"]
    scores = {name: found[metric]["value"] for name, found in metrics["scores"].items() if metric in found}
    run.log_summary(model_scores(metric, scores))
    run.log_artifacts(metrics_path)
    run.log_artifacts(model, to_model=True)
    inputs, outputs = ((end.dtype.name, end.shape) for end in ends)
    run.log_model(model, inputs, outputs)


class StageRun:
    """The nested run of one stage of one model; a context manager.

    A run that was interrupted under the same parameters is continued, any other earlier run of the stage is deleted in
    favour of this one. Nothing here waits for the store, and nothing is lost with it: see `journal`.

    Args:
        results: folder of all outputs; with `task` and `model` it identifies the model's run.
        stage: name of the nested run, e.g. `train` or `profile nucleo-f446re`.
        parameters: the configuration of the stage; nested mappings become dotted names, and these stand at the model's
            run as well.
        keep: continue even a finished run of the same parameters.
        sends: whether to send it now, where no tracking process does; otherwise the next stage does.
    """

    def __init__(
        self,
        results: str,
        task: str,
        model: str,
        stage: str,
        parameters: Mapping[str, Any],
        keep: bool = False,
        sends: bool = True,
    ):
        self._results = results
        self._where = {"task": task, "model": model, "stage": stage}
        self._parameters = {key: str(value)[:_LONGEST_VALUE] for key, value in _flatten(parameters)}
        self._keep, self._sends = keep, sends
        self._journal: Journal | None = None
        self._sender: Sender | None = None

    def __enter__(self) -> "StageRun":
        followed = is_followed(self._results)
        self._journal = Journal.create(self._results, **self._where, followed=followed)
        versions = {"python": platform.python_version(), **_versions(_PACKAGES), **_commit()}
        self._add(
            {
                "kind": "begin",
                "id": uuid.uuid4().hex,
                **self._where,
                "results": str(Path(self._results).absolute()),
                "parameters": self._parameters,
                "fingerprint": fingerprint(parameters=self._parameters),
                "keep": self._keep,
                "tags": versions,
                "time_ms": _now_ms(),
            }
        )
        if self._sends and not followed:
            self._sender = Sender(self._journal, self._results)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._add({"kind": "end", "status": "FINISHED" if kind is None else "FAILED", "time_ms": _now_ms()})
        if self._sender is not None:
            self._sender.finish()
        elif self._journal is not None:
            self._journal.close()

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Records numbers (anything else is left out); `step` is the epoch."""
        self._add({"kind": "metrics", "values": _numbers(metrics), "step": step, "time_ms": _now_ms()})

    def log_summary(self, metrics: Mapping[str, float]) -> None:
        """Records numbers here and in the model's own run, where they stand beside those of other models."""
        self._add({"kind": "summary", "values": _numbers(metrics), "time_ms": _now_ms()})

    def log_artifacts(self, *paths: str | os.PathLike, folder: str = "", to_model: bool = False) -> None:
        """Copies files, or whole folders under their own names, into the run, or the model's own; missing ones are left
        out. `folder` is where to in it."""
        for path in map(Path, paths):
            self._add({"kind": "artifact", "path": str(path.absolute()), "folder": folder, "to_model": to_model})

    def log_dataset(self, name: str, digest: str, source: str | os.PathLike) -> None:
        """Makes a dataset an input of the model's run."""
        self._add({"kind": "dataset", "name": name, "digest": digest, "source": str(Path(source).absolute())})

    def log_model(
        self, path: str | os.PathLike, inputs: tuple[str, Iterable[int]], outputs: tuple[str, Iterable[int]]
    ) -> None:
        """Registers a .tflite file under the task's name; `inputs` and `outputs` are dtype and shape of its tensors."""
        ends = {"inputs": [inputs[0], list(inputs[1])], "outputs": [outputs[0], list(outputs[1])]}
        self._add({"kind": "model", "path": str(Path(path).absolute()), **ends})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Tags the model's own run, e.g. with the content hash of the data."""
        self._add({"kind": "tags", "values": {key: str(value) for key, value in tags.items()}})

    def _add(self, event: Event) -> None:
        assert self._journal is not None, "use it in a with statement"
        self._journal.append(event)
        if self._sender is not None:
            self._sender.notify()


def model_scores(metric: str, scores: Mapping[str, float]) -> dict[str, float]:
    """Scores by who computed them as metrics of a model: that of the firmware's arithmetic, which is TFLM's, under the
    score's own name, others behind it, e.g. `accuracy`, `accuracy_litert`, `accuracy_float`."""
    return {metric if name == "tflm" else f"{metric}_{name}": value for name, value in scores.items()}


def _now_ms() -> int:
    return int(time.time() * 1000)


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in metrics.items() if isinstance(value, int | float)}


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _versions(packages: Iterable[str]) -> dict[str, str]:
    versions = {}
    for package in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
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
