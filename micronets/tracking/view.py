"""How MLflow's pages show the runs: those of models, the best first, with columns that say something."""

import json
from typing import Any
from urllib.parse import quote

_SHARED_VIEW = "micronets"
_COLUMNS = (
    "search.max_mops",
    "search.epochs",
    "train.float_epochs",
    "train.learning_rate",
    "train.weight_bits",
    "seed",
)
_FILTER = "tags.kind = 'model'"
DEFAULT_SERVER = "http://127.0.0.1:5000"


def show_runs(client: Any, experiment: str, task: str) -> None:
    """Makes an experiment's page one of models that are trained, and keeps a view with useful columns in it."""
    view = {
        "searchFilter": _FILTER,
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [
            "attributes.`Dataset`",
            "attributes.`Models`",
            *(f"metrics.`{name}`" for name in _metrics(task)),
            *(f"params.`{name}`" for name in _COLUMNS),
        ],
        "runsExpanded": {},
        "runsPinned": [],
        "runsHidden": [],
    }
    client.set_experiment_tag(experiment, "mlflow.experimentKind", "custom_model_development")
    client.set_experiment_tag(experiment, f"mlflow.sharedViewState.{_SHARED_VIEW}", json.dumps(view))
    note = f"Networks of the task {task}. Link to the view: /#/experiments/{experiment}/runs?{link_query()}"
    client.set_experiment_tag(experiment, "mlflow.note.content", note)


def link_query() -> str:
    """What follows `/#/experiments/<id>/runs?` in the address of the view."""
    return f"viewStateShareKey={_SHARED_VIEW}"


def links(client: Any, store: str, tasks: list[str]) -> dict[str, str]:
    """The address of each task's runs, once `mlflow ui` runs, or at the server that the store is."""
    server = store.rstrip("/") if store.startswith("http") else DEFAULT_SERVER
    found = {task: client.get_experiment_by_name(f"micronets-{task}") for task in tasks}
    return {
        task: f"{server}/#/experiments/{quote(experiment.experiment_id)}/runs?{link_query()}"
        for task, experiment in found.items()
        if experiment is not None
    }


def _metrics(task: str) -> tuple[str, ...]:
    score = "auc" if task == "ad" else "accuracy"
    return (score, *(f"nucleo-f446re/{cost}" for cost in ("latency_ms", "flash_bytes", "ram_bytes")))
