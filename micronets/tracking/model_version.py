"""The exported file as a logged model with a signature, registered under the task's name."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micronets.tracking.description import SCORES, describe
from micronets.tracking.journal import Event

_TAGGED = ("latency_ms", "flash_bytes", "ram_bytes")


def register(client: Any, run: Any, event: Event) -> None:
    """A version of the model `micronets-<task>`, unless this file of this run is one already."""
    path = Path(event["path"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    task, model = run.data.tags["task"], run.data.tags["model"]
    name = f"micronets-{task}"
    if any(version.tags.get("sha256") == digest for version in _versions(client, name, run.info.run_id)):
        return
    tags = {"task": task, "model": model, "sha256": digest}
    logged = client.create_logged_model(run.info.experiment_id, model, run.info.run_id, tags, model_type="tflite")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, Path(folder, "model.tflite"))
        _describe(event, logged.model_id, run.info.run_id).save(str(Path(folder, "MLmodel")))
        client.log_model_artifacts(logged.model_id, folder)
    client.finalize_logged_model(logged.model_id, "READY")
    with contextlib.suppress(Exception):  # it is there already
        client.create_registered_model(name, description=f"int8 networks of the task {task}, as .tflite files.")
    scores = {key: f"{run.data.metrics[key]:.4f}" for key in SCORES if key in run.data.metrics}
    client.create_model_version(
        name,
        f"models:/{logged.model_id}",
        run.info.run_id,
        tags=tags | scores,
        description=describe(run.data),
        model_id=logged.model_id,
    )


def tag_version(client: Any, task: str, run: str, figures: Mapping[str, float]) -> None:
    """Sets the run's scores and costs on what is registered of it; nothing where that is not there yet."""
    tags = {name: f"{value:g}" for name, value in figures.items() if name.rpartition("/")[2] in (*SCORES, *_TAGGED)}
    if not tags:
        return
    name = f"micronets-{task}"
    for version in _versions(client, name, run):
        for key, value in tags.items():
            client.set_model_version_tag(name, version.version, key, value)


def _versions(client: Any, name: str, run: str) -> list[Any]:
    return list(client.search_model_versions(f"name = '{name}' and run_id = '{run}'"))


def _describe(event: Event, model_id: str, run: str) -> Any:
    import numpy as np
    from mlflow.models import Model
    from mlflow.models.signature import ModelSignature
    from mlflow.types import Schema, TensorSpec

    def schema(dtype: str, shape: list[int]) -> Any:
        return Schema([TensorSpec(np.dtype(dtype), (-1, *shape[1:]))])

    signature = ModelSignature(inputs=schema(*event["inputs"]), outputs=schema(*event["outputs"]))
    description = Model(run_id=run, signature=signature, model_id=model_id)
    description.add_flavor("tflite", file="model.tflite")
    return description
