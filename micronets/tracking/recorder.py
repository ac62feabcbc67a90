"""What events become in MLflow: a run for each model, found again by its folder, and in it one for each stage.

Recording an event twice leaves what recording it once does, so that a journal can be sent again from any place.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micronets.tracking.description import describe
from micronets.tracking.journal import Event
from micronets.tracking.model_version import register, tag_version
from micronets.tracking.store import alone, artifact_location
from micronets.tracking.view import show_costs, show_runs

_PARENT, _NAME, _NOTE = "mlflow.parentRunId", "mlflow.runName", "mlflow.note.content"
_STAGES = ("data", "supernet", "search", "teacher", "train", "export", "firmware", "profile", "report", "spot", "seeds")
_TEACHER, _SEEDS = "teacher", "seeds"
"""Stages whose runs are no model's: what others learn from, and the mean of models that differ by their seed."""
_SECTIONS = {
    word: _STAGES.index("search" if word == "budget" else word)
    for word in ("data", "search", "budget", "train", "export", "firmware", "profile")
}
"""Parameters of a model by the first word of their names: the place in `_STAGES` of the stage that they decide."""
_MOST_AT_ONCE = 50


class Recorder:
    """Records the events of one journal after another.

    Args:
        client: `MlflowClient` of the store.
    """

    def __init__(self, client: Any):
        self._client = client
        self._begun: Event = {}
        self._run = self._parent = ""
        self._superseded = False

    def begin(self, event: Event) -> None:
        """The run that all following events belong to, created where it is missing."""
        if event == self._begun:
            return
        with alone(event["results"]):
            parent = self._parent_for(event)
            self._parent = parent.info.run_id
            self._run = self._run_for(event, parent.info.experiment_id)
        self._superseded = not self._run
        if not self._superseded:
            self._client.update_run(self._parent, status="RUNNING")
            params = event["parameters"]
            self._batch(self._run, params=params, tags=event["tags"])
            own = {} if event["stage"] == _TEACHER else _of_model(params)
            tags = event["tags"] | ({"seed": params["seed"]} if "seed" in params else {})
            self._batch(self._parent, params=own, tags=tags)
        self._begun = event

    def record(self, event: Event) -> None:
        """Any event after the first; those of a stage that has been run anew since are left out."""
        if not self._superseded and event["kind"] != "begin":
            getattr(self, f"_record_{event['kind']}")(event)

    def _record_metrics(self, event: Event) -> None:
        self._batch(self._run, metrics=event["values"], time_ms=event["time_ms"], step=event["step"])

    def _record_summary(self, event: Event) -> None:
        self._batch(self._run, metrics=event["values"], time_ms=event["time_ms"])
        self._batch(self._parent, metrics=event["values"], time_ms=event["time_ms"])
        tag_version(self._client, self._begun["task"], self._parent, event["values"])
        with alone(self._begun["results"]):
            show_costs(self._client, self._experiment(self._begun["task"]), event["values"])

    def _record_artifact(self, event: Event) -> None:
        path, run = Path(event["path"]), self._parent if event["to_model"] else self._run
        if path.is_dir():
            self._client.log_artifacts(run, str(path), os.path.join(event["folder"], path.name))
        elif path.is_file():
            self._client.log_artifact(run, str(path), event["folder"] or None)

    def _record_dataset(self, event: Event) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(event["name"], event["digest"][:36], "local", f'{{"uri": "{event["source"]}"}}')
        tags = [InputTag("mlflow.data.context", "training"), InputTag("content_hash", event["digest"])]
        self._client.log_inputs(self._parent, [DatasetInput(dataset, tags)])

    def _record_model(self, event: Event) -> None:
        if Path(event["path"]).is_file():
            register(self._client, self._client.get_run(self._parent), event)

    def _record_tags(self, event: Event) -> None:
        self._batch(self._parent, tags=event["values"])

    def _record_end(self, event: Event) -> None:
        self._client.set_terminated(self._run, event["status"], event["time_ms"])
        parent = self._client.get_run(self._parent)
        self._batch(self._parent, tags={_NOTE: describe(parent.data)})
        self._client.set_terminated(self._parent, event["status"], event["time_ms"])

    def model_run(self, results: str | os.PathLike, task: str, model: str, begun_ms: int | None = None) -> Any:
        """The newest run of the model, created where it is missing, as begun then or now; the caller is alone."""
        folder = str((Path(results) / task / model).absolute())
        experiment = self._experiment(task)
        runs = self._client.search_runs(
            [experiment],
            f"tags.folder = '{folder}' and tags.stage = 'model'",
            max_results=1,
            order_by=["attributes.start_time DESC"],
        )
        if runs:
            return runs[0]
        tags = {"task": task, "model": model, "folder": folder, "stage": "model", **_names(model, "model")}
        return self._client.create_run(experiment, start_time=begun_ms, tags=tags)

    def _parent_for(self, event: Event) -> Any:
        """The model's run; a new one where the configuration has changed since, so that the two can be compared."""
        run = self.model_run(event["results"], event["task"], event["model"], event["time_ms"])
        kind = self._kind(run, event["stage"].split()[0])
        if kind != run.data.tags.get("kind"):
            self._batch(run.info.run_id, tags=_names(event["model"], kind))
            run = self._client.get_run(run.info.run_id)
        if event["stage"] == _TEACHER:  # trained under parameters of its own, which are not the model's
            return run
        known, new = run.data.params, _of_model(event["parameters"])
        if all(known.get(key, value) == value for key, value in new.items()):
            return run
        if event["time_ms"] < run.info.start_time:  # sent late: the configuration has changed after it
            return run
        place = 0 if event["stage"] == _SEEDS else _STAGES.index(event["stage"].split()[0])
        tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
        tags |= _names(event["model"], kind) | {"follows": run.info.run_id}
        later = self._client.create_run(run.info.experiment_id, start_time=event["time_ms"], tags=tags)
        params = {key: value for key, value in known.items() if _SECTIONS.get(key.split(".")[0], 9) < place}
        self._batch(later.info.run_id, params=params)
        self._client.log_inputs(later.info.run_id, run.inputs.dataset_inputs if run.inputs else [])
        self._batch(run.info.run_id, tags={"superseded_by": later.info.run_id})
        return later

    def _kind(self, run: Any, stage: str) -> str:
        """What a model's run is of once a stage has begun: a teacher's until the network is trained as a model, too."""
        if stage == _SEEDS:
            return _SEEDS
        if stage in _STAGES[_STAGES.index("train") :]:
            return "model"
        if stage != _TEACHER:
            return run.data.tags["kind"]
        inside = f"tags.`{_PARENT}` = '{run.info.run_id}' and tags.stage = 'train'"
        return "model" if self._client.search_runs([run.info.experiment_id], inside, max_results=1) else _TEACHER

    def _run_for(self, event: Event, experiment: str) -> str:
        """The stage's run, continued or new; empty where the stage has been run anew since."""
        found = self._client.search_runs(
            [experiment], f"tags.`{_PARENT}` = '{self._parent}' and tags.stage = '{event['stage']}'"
        )
        mine = [run for run in found if event["id"] in run.data.tags.get("journal", "").split(",")]
        if mine:
            return mine[0].info.run_id
        newer = [run for run in found if int(run.data.tags.get("begun_ms", 0)) > event["time_ms"]]
        if newer:  # sent late: the beginning of what went on afterwards, or something that has been run anew since
            goes_on = newer[0].data.tags.get("fingerprint") == event["fingerprint"] and not event["finished"]
            return newer[0].info.run_id if goes_on else ""
        own = {"journal": event["id"], "begun_ms": str(event["time_ms"])}
        for run in found:
            open_still = run.info.status != "FINISHED" or event["keep"]
            if open_still and run.data.tags.get("fingerprint") == event["fingerprint"]:
                self._client.update_run(run.info.run_id, status="RUNNING")
                journals = f"{run.data.tags.get('journal', '')},{event['id']}"
                self._batch(run.info.run_id, tags=own | {"journal": journals})
                return run.info.run_id
        for run in found:
            self._client.delete_run(run.info.run_id)
        tags = {_PARENT: self._parent, _NAME: event["stage"], "stage": event["stage"], "kind": "stage", **own}
        tags |= {"fingerprint": event["fingerprint"]}
        return self._client.create_run(experiment, start_time=event["time_ms"], tags=tags).info.run_id

    def _experiment(self, task: str) -> str:
        name = f"micronets-{task}"
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return found.experiment_id
        experiment = self._client.create_experiment(name, artifact_location=artifact_location(name))
        show_runs(self._client, experiment, task)
        return experiment

    def _batch(
        self,
        run: str,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        time_ms: int = 0,
        step: int = 0,
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        now_ms = time_ms or int(time.time() * 1000)
        numbers = [Metric(key, value, now_ms, step) for key, value in (metrics or {}).items()]
        parameters = [Param(*item) for item in (params or {}).items()]
        marks = [RunTag(*item) for item in (tags or {}).items()]
        for first in range(0, max(len(numbers), len(parameters), len(marks)), _MOST_AT_ONCE):
            part = slice(first, first + _MOST_AT_ONCE)
            self._client.log_batch(run, metrics=numbers[part], params=parameters[part], tags=marks[part])


def _of_model(parameters: Mapping[str, str]) -> dict[str, str]:
    """Those that stand at the model's run: of the configuration's sections, the budget, and the seed."""
    return {key: value for key, value in parameters.items() if key == "seed" or _is_configured(key)}


def _is_configured(key: str) -> bool:
    section, dot, _ = key.partition(".")
    return bool(dot) and section in _SECTIONS


def _names(model: str, kind: str) -> dict[str, str]:
    return {_NAME: f"teacher {model}" if kind == _TEACHER else model, "kind": kind}
