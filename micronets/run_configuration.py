"""What a run does, as `micronets.configuration.resolve` has found it: its tasks, their sections and their models."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from micronets.architecture import Architecture
from micronets.costs import costs
from micronets.merging import merge
from micronets.published import PUBLISHED, published_architecture
from micronets.resources import UNKNOWN_MOPS, Work
from micronets.runtime import build_name, runtimes_of
from micronets.search.options import epochs_of_search

MODEL_SECTIONS = ("search", "train", "export", "firmware", "profile", "evaluate", "resources")
"""Sections that a model may override; the others are shared by all models of a task."""

_OF_A_BUDGET = ("board", "max_mops", "budget")
"""Keys of a `search` section in which searches that share their weights may differ."""

Section = dict[str, Any]


def teacher_of(train: Section) -> str:
    """Name of the network whose logits a student with this `train` section learns from; empty: none but its own."""
    distillation = train["distillation"]
    if distillation["weight"] == 0 or distillation.get("from_float", False):
        return ""
    return train["teacher"]["architecture"]


@dataclass(frozen=True)
class ModelConfiguration:
    """One network.

    Attributes:
        architecture: its layers, where they are known by its name or given in a file; None: it is searched, or has been
            trained elsewhere.
        architecture_path: that file, an `architecture.json`; empty: none.
        tflite_path: the file of a network that has been trained elsewhere; empty: it is trained here.
        published: the published network that it is; empty: none.
        seed: of its search and training.
        group: of a sweep's model, its name without the seed; otherwise empty.
        boards: names of the boards it is built for.
        builds: its firmwares' folders (see `runtime.build_name`), one for each board and runtime.
        sections: the sections of `MODEL_SECTIONS` with this model's own keys merged in.
    """

    name: str
    architecture: Architecture | None
    architecture_path: str
    tflite_path: str
    published: str
    seed: int
    group: str
    boards: tuple[str, ...]
    sections: Mapping[str, Section]

    @property
    def mops(self) -> float:
        """Operations of an inference in millions; of a network to be searched, what the search allows."""
        if self.architecture is not None:
            return costs(self.architecture).ops / 1e6
        return self.sections["search"]["max_mops"] or UNKNOWN_MOPS

    @property
    def builds(self) -> tuple[str, ...]:
        runtimes = runtimes_of(self.sections["firmware"])
        return tuple(build_name(board, runtime) for board in self.boards for runtime in runtimes)


@dataclass(frozen=True)
class TaskConfiguration:
    """One task: its sections as they hold for every model without keys of its own, and its models by name."""

    name: str
    sections: Mapping[str, Section]
    models: Mapping[str, ModelConfiguration]

    def section(self, name: str, model: str | None = None) -> Section:
        """The section of a configured model, or the task's own where the model is None or not configured."""
        if model is not None and model in self.models and name in MODEL_SECTIONS:
            return self.models[model].sections[name]
        return self.sections[name]

    @property
    def teachers(self) -> tuple[str, ...]:
        """Names of all networks that teach a configured one, sorted."""
        names = {teacher_of(model.sections["train"]) for model in self.trained}
        return tuple(sorted(names - {""}))

    @property
    def trained(self) -> tuple[ModelConfiguration, ...]:
        """The models that are trained here."""
        return tuple(model for model in self.models.values() if not model.tflite_path)

    @cached_property
    def supernets(self) -> dict[str, tuple[ModelConfiguration, ...]]:
        """The searches that share one supernet's weights, differing in nothing of their search but boards and budget;
        by the name of the one of most operations."""
        sharing: dict[str, list[ModelConfiguration]] = {}
        for model in self.trained:
            search = model.sections["search"]
            if model.architecture is None and search.get("share_weights"):
                same = {key: value for key, value in search.items() if key not in _OF_A_BUDGET}
                sharing.setdefault(json.dumps([model.seed, same], sort_keys=True), []).append(model)
        return {max(members, key=lambda model: model.mops).name: tuple(members) for members in sharing.values()}

    @cached_property
    def supernet_of(self) -> dict[str, str]:
        """Whose weights a search goes on with, by its model's name; those that learn their own are left out."""
        return {model.name: name for name, members in self.supernets.items() for model in members}

    @property
    def groups(self) -> dict[str, dict[str, Section]]:
        """Of a sweep's models that differ by their seed alone, by the name that they share: the sections that decide
        what becomes of them."""
        found: dict[str, dict[str, Section]] = {}
        for model in self.models.values():
            searched = model.architecture is None
            names = [
                name for name in ("search", "train", "export", "firmware", "profile") if searched or name != "search"
            ]
            if model.group:
                found.setdefault(model.group, {name: model.sections[name] for name in names})
        return found

    @property
    def teacher_section(self) -> Section:
        """The task's `train` section as it holds for teachers: their own keys in place of the students', and keys
        that do not matter to them at fixed values, so that changing those does not train a teacher anew."""
        train = self.sections["train"]
        own = {key: value for key, value in train["teacher"].items() if key != "architecture"}
        neutral = {
            "quantised_epochs": 0,
            "quantised_learning_rate": 0.0,
            "weight_bits": 8,
            "activation_bits": 8,
            "distillation": {"weight": 0.0, "temperature": 1.0},
        }
        return {**merge(train, own), **neutral, "teacher": {}}

    def work(self, stage: str, network: str, examples: int) -> Work:
        """What `search` or `train` of a model, or the training of a `supernet` or a `teacher`, comes to with so many
        examples."""
        if stage == "supernet":
            epochs = self.section("search", network)["epochs"]
        elif stage == "search":
            epochs = epochs_of_search(self.section("search", network))
        else:
            train = self.teacher_section if stage == "teacher" else self.section("train", network)
            epochs = train["float_epochs"] + train["quantised_epochs"]
        if network in PUBLISHED:
            mops = costs(published_architecture(network)).ops / 1e6
        else:
            mops = self.models[network].mops
        return Work(epochs, examples, mops)


@dataclass(frozen=True)
class Configuration:
    """Everything a run does.

    Attributes:
        results: folder of all outputs, relative to the working directory.
        store: tracking URI; empty: the default store.
        model: a .tflite file from elsewhere to be evaluated; empty: none.
        container: image that jobs run in under `--software-deployment-method apptainer`; empty: none.
        characterise, paper: the sections of these names.
        resources: the section of this name, for jobs that belong to no task.
    """

    tasks: Mapping[str, TaskConfiguration]
    boards: tuple[str, ...]
    seed: int
    results: str
    store: str
    model: str
    container: str
    characterise: Section
    paper: Section
    resources: Section

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of all models that are searched, in any task, sorted."""
        return self._names(lambda model: model.architecture is None and not model.tflite_path)

    @property
    def given(self) -> tuple[str, ...]:
        """Names of all models whose architecture is a file, in any task, sorted."""
        return self._names(lambda model: bool(model.architecture_path))

    @property
    def trained_elsewhere(self) -> tuple[str, ...]:
        """Names of all models that are a .tflite file, in any task, sorted."""
        return self._names(lambda model: bool(model.tflite_path))

    @property
    def trained(self) -> tuple[str, ...]:
        """Names of all models that are trained here, in any task, sorted."""
        return self._names(lambda model: not model.tflite_path)

    @property
    def published(self) -> tuple[str, ...]:
        """Names of all models, and of all teachers, that are published networks, in any task, sorted."""
        return tuple(sorted({*PUBLISHED, *self._names(lambda model: bool(model.published))}))

    def _names(self, wanted: Callable[[ModelConfiguration], bool]) -> tuple[str, ...]:
        models = (model for task in self.tasks.values() for model in task.models.values())
        return tuple(sorted({model.name for model in models if wanted(model)}))
