"""How MLflow's pages show the runs: those of models and of means over seeds, the newest first, with columns that say
something as soon as it is known."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

_SHARED_VIEW = "micronets"
_COLUMNS = (
    "search.max_mops",
    "search.epochs",
    "train.float_epochs",
    "train.learning_rate",
    "train.weight_bits",
    "train.activation_bits",
    "seed",
)
_FILTER = "tags.kind != 'stage' AND tags.kind != 'teacher'"
_TAG = f"mlflow.sharedViewState.{_SHARED_VIEW}"
_COSTS = ("latency_ms", "flash_bytes", "ram_bytes")
_QUERY = f"viewStateShareKey={_SHARED_VIEW}"
_MOST_COLUMNS = 40
"""A tag holds 5,000 characters."""
DEFAULT_SERVER = "http://127.0.0.1:5000"
"""Where `mlflow ui` listens."""


def show_runs(client: Any, experiment: str, task: str) -> None:
    """Makes an experiment's page one of models that are trained, and keeps a view with useful columns in it; those of
    costs come with the first of a board (`show_costs`)."""
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
            f"metrics.`{'auc' if task == 'ad' else 'accuracy'}`",
            *(f"params.`{name}`" for name in _COLUMNS),
        ],
        "runsExpanded": {},
        "runsPinned": [],
        "runsHidden": [],
    }
    client.set_experiment_tag(experiment, "mlflow.experimentKind", "custom_model_development")
    client.set_experiment_tag(experiment, _TAG, json.dumps(view))
    note = f"Networks of the task {task}. Link to the view: /#/experiments/{experiment}/runs?{_QUERY}"
    client.set_experiment_tag(experiment, "mlflow.note.content", note)


def show_costs(client: Any, experiment: str, metrics: Iterable[str]) -> None:
    """Adds to the view the costs among these metrics, behind the columns of metrics that it has; the caller is alone.

    Costs on other runtimes than our own have a second slash in their names and are left to the reader to choose.
    """
    tag = client.get_experiment(experiment).tags.get(_TAG)
    if tag is None:  # somebody has removed it
        return
    view = json.loads(tag)
    columns = view["selectedColumns"]
    costs = [name for name in metrics if name.count("/") == 1 and name.rpartition("/")[2] in _COSTS]
    new = [column for column in (f"metrics.`{name}`" for name in costs) if column not in columns]
    if new and len(columns) + len(new) <= _MOST_COLUMNS:
        place = next((i for i, column in enumerate(columns) if column.startswith("params.")), len(columns))
        columns[place:place] = new
        client.set_experiment_tag(experiment, _TAG, json.dumps(view))


def links(client: Any, store: str, tasks: Iterable[str]) -> dict[str, str]:
    """The address of each task's runs, without passwords: at the server that the store is, or where `mlflow ui` shows a
    file; none of a task that has no experiment yet."""
    server = DEFAULT_SERVER
    if store.startswith("http"):
        parts = urlsplit(store.rstrip("/"))
        server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    found = {task: client.get_experiment_by_name(f"micronets-{task}") for task in tasks}
    return {
        task: f"{server}/#/experiments/{quote(experiment.experiment_id)}/runs?{_QUERY}"
        for task, experiment in found.items()
        if experiment is not None
    }
