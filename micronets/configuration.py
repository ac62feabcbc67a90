"""The configuration of a run: defaults merged with the user's keys, validated, and one object per task and model.

A key that holds for the whole run and is left out has the default of `schemas/config.schema.yaml`. Precedence of the
others, from weak to strong: micronets/tasks/<task>.yaml, top-level sections of the same names in the given
configuration, sections under the task's name, sections under the model's name. `models` is replaced, not merged.
Every mistake ends in one ConfigurationError of one sentence that names the key and the remedy.
"""

import copy
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from micronets import model_checks, resources
from micronets.architecture import Shape
from micronets.boards import find_board, use_own_boards
from micronets.data.options import from_mapping, schema_of
from micronets.errors import ConfigurationError
from micronets.keyword_spotter.options import SpotOptions
from micronets.merging import expand, merge
from micronets.published import PUBLISHED, published_architecture
from micronets.run_configuration import (
    MODEL_SECTIONS,
    Configuration,
    ModelConfiguration,
    Section,
    TaskConfiguration,
    teacher_of,
)
from micronets.runtime import TFLM, runtimes_of
from micronets.schema import check, closest, with_defaults
from micronets.search.options import SearchOptions
from micronets.sweep import points
from micronets.target import EMULATOR, serial_port
from micronets.tasks import find_task
from micronets.yaml_file import once_per_version, read_yaml

_PACKAGE = Path(str(files("micronets")))
SCHEMAS = _PACKAGE / "schemas"
TASKS = _PACKAGE / "tasks"

GLOBAL_KEYS = (
    "tasks",
    "boards",
    "boards_file",
    "seed",
    "results",
    "mlflow",
    "model",
    "task",
    "characterise",
    "paper",
    "container",
)
SECTIONS = ("data", "search", "train", "export", "firmware", "profile", "report", "evaluate", "spot", "resources")
SOME_TASKS_SECTIONS = ("spot",)
"""Sections that only those tasks have whose defaults name them."""
RESERVED = ("data", "report", "evaluate", "spot", "supernets", "teachers", "download", "logs", "benchmarks")
"""Folders beside those of the models, so not names for models."""


def resolve(given: Mapping[str, Any]) -> Configuration:
    """Merges `given` (config/config.yaml and what the user set) with the tasks' defaults and checks everything.

    Makes the boards of `boards_file` known to this process and those it starts.

    Raises ConfigurationError. Paths are taken relative to the working directory.
    """
    _check_names(given)
    given = expand(given)
    available = sorted(path.stem for path in TASKS.glob("*.yaml"))
    _check_top_level(given, available)
    stated = {key: given[key] for key in GLOBAL_KEYS if key in given}
    general = check(with_defaults(stated, _schema("config")), _schema("config"), "")
    _check_results(general["results"])
    for name in general["tasks"]:
        if name not in available:
            raise ConfigurationError(f"tasks: unknown task {name!r}; {closest(name, available)}.")
    _use_boards_file(general["boards_file"])
    for board in general["boards"]:
        model_checks.known_board("boards", board)
    for board in general["characterise"]["boards"]:
        model_checks.known_board("characterise.boards", board)
    _check_released(general["paper"]["released"])
    _check_evaluated(general, available)
    names = [general["task"]] if general["task"] else general["tasks"]
    _check_shared(given, names)
    tasks = {name: _resolve_task(name, given, tuple(general["boards"]), general["seed"]) for name in names}
    configuration = Configuration(
        tasks=tasks,
        boards=tuple(general["boards"]),
        seed=general["seed"],
        results=general["results"],
        store=general["mlflow"]["store"],
        model=general["model"],
        container=general["container"],
        characterise=general["characterise"],
        paper=general["paper"],
        resources=_resources(given),
    )
    model_checks.check_names(configuration.searched, configuration.given, configuration.trained_elsewhere)
    return configuration


def _check_names(given: Mapping[Any, Any], where: str = "") -> None:
    """Every name is text, also where YAML reads something else."""
    for name, value in given.items():
        if not isinstance(name, str):
            place = f"{where} has" if where else "The configuration has"
            raise ConfigurationError(
                f"{place} the name {name!r}, which is no text; put it in quotes, as YAML wants it of no, yes, on, off "
                "and numbers."
            )
        if isinstance(value, Mapping):
            _check_names(value, f"{where}.{name}" if where else name)


def _check_results(path: str) -> None:
    """A path that Snakemake takes for nothing but a path."""
    if any(character in "{}" or not character.isprintable() for character in path) or path != path.strip():
        raise ConfigurationError(
            f"results is {path!r}, but must be a path without braces, control characters, and blanks at its ends."
        )


def _check_released(folder: str) -> None:
    """The default need not be there; a folder that somebody names must."""
    default = _schema("config")["properties"]["paper"]["properties"]["released"]["default"]
    if folder not in ("", default) and not Path(folder).is_dir():
        raise ConfigurationError(
            f"paper.released: there is no folder {folder}; correct the path, or leave the key out."
        )


def _resources(given: Mapping[str, Any]) -> Section:
    merged = merge(_read_yaml(resources.defaults_file()), given.get("resources", {}))
    return check(merged, _schema("task"), "resources", ("$defs", "resources"))


def _check_evaluated(general: Section, available: list[str]) -> None:
    model, task = general["model"], general["task"]
    if task and task not in available:
        raise ConfigurationError(f"task: unknown task {task!r}; {closest(task, available)}.")
    if model and not task:
        raise ConfigurationError("model is a file to evaluate, but task does not say on what; add task=<name>.")
    if model and not Path(model).is_file():
        raise ConfigurationError(f"model: there is no file {model}; give the path of a .tflite file.")


def _check_top_level(given: Mapping[str, Any], tasks: list[str]) -> None:
    allowed = [*GLOBAL_KEYS, "models", "sweep", *SECTIONS, *tasks]
    for key, value in given.items():
        if key not in allowed:
            raise ConfigurationError(f"Unknown configuration key {key!r}; {closest(key, allowed)}.")
        if key not in GLOBAL_KEYS and not isinstance(value, Mapping):
            raise ConfigurationError(f"{key} must be a mapping of keys to values, not {value!r}.")


def _check_shared(given: Mapping[str, Any], tasks: list[str]) -> None:
    """Networks and folders of data belong to one task, so that they cannot be given for several at once."""
    given_for_all = {key: key in given for key in ("models", "sweep")}
    given_for_all |= {"data.path": bool(given.get("data", {}).get("path"))}
    for key in (key for key, there in given_for_all.items() if there and len(tasks) > 1):
        raise ConfigurationError(
            f"{key} would hold for all of the tasks {', '.join(tasks)}; write {tasks[0]}.{key} for one of them, or run "
            f"one alone with tasks=[{tasks[0]}]."
        )


def _resolve_task(name: str, given: Mapping[str, Any], boards: tuple[str, ...], seed: int) -> TaskConfiguration:
    merged = merge({"resources": _read_yaml(resources.defaults_file())}, _read_yaml(TASKS / f"{name}.yaml"))
    own = [key for key in SECTIONS if key in merged or key not in SOME_TASKS_SECTIONS]
    top_level = {key: value for key, value in given.items() if key in ("models", "sweep", *own)}
    schema = _task_schema(name)
    groups = {}
    for layer in (top_level, given.get(name, {})):
        models = layer.get("models", {} if layer.get("sweep") else merged["models"])
        merged = {**merge(merged, layer), "models": copy.deepcopy(models)}
    sweeps = check(merged.pop("sweep", {}), schema, f"{name}.sweep", ("properties", "sweep"))
    for sweep, content in sweeps.items():
        for point in points(f"{name}.sweep.{sweep}", sweep, content):
            if point.name in merged["models"]:
                raise ConfigurationError(f"{name}.sweep.{sweep} makes a second model called {point.name}; rename one.")
            merged["models"][point.name] = point.keys
            groups[point.name] = point.group
    merged = check(merged, schema, name)
    sections = {key: merged[key] for key in own}
    _check_data(name, sections["data"])
    _check_options(name, sections)
    models = {
        model: _resolve_model(name, model, {"seed": seed, **(own or {})}, sections, boards, groups.get(model, ""))
        for model, own in merged["models"].items()
    }
    task = TaskConfiguration(name, sections, models)
    for model in task.trained:
        _check_teacher(task, model)
        if "spot" in sections:
            _check_spot(task, model.name)
    return task


def _resolve_model(
    task: str, name: str, own: Section, sections: Mapping[str, Section], boards: tuple[str, ...], group: str
) -> ModelConfiguration:
    key = f"{task}.models.{name}"
    if name in RESERVED:
        raise ConfigurationError(f"{key}: a model cannot be called {name!r}; choose another name.")
    published = model_checks.published_network(name, own)
    path = "" if published else own.get("architecture", "")
    architecture = model_checks.known_architecture(key, name, own, boards)
    merged = {section: merge(sections[section], own.get(section, {})) for section in MODEL_SECTIONS}
    schema = _task_schema(task)
    for section in (each for each in MODEL_SECTIONS if each in own):  # the task's own sections have been checked
        merged[section] = check(merged[section], schema, f"{key}.{section}", ("properties", section))
    _check_options(task, merged, f"models.{name}.")
    built_for = tuple(own.get("boards", boards))
    tflite = own.get("tflite", "")
    files = {"architecture_path": path, "tflite_path": tflite}
    origin = {"published": published, "seed": own["seed"], "group": group}
    model = ModelConfiguration(name, architecture, **files, **origin, boards=built_for, sections=merged)
    target = merged["profile"].get("target", EMULATOR)
    for board in model.boards:
        model_checks.known_board(f"{key}.boards", board)
        if TFLM in runtimes_of(merged["firmware"]):
            model_checks.check_tflm(f"{key}.firmware.tflm", merged["firmware"], board)
        if serial_port(target) is not None and find_board(board).hardware is None:
            raise ConfigurationError(
                f"{key}.profile.target is {target!r}, but there is no support for {board} itself, only for its "
                "emulator; choose another board, or emulator."
            )
        if architecture is not None:
            train = merged["train"]
            decided = architecture.with_precision(train["weight_bits"], train.get("activation_bits", 8))
            model_checks.check_fits(key, decided, board)
    if tflite:
        model_checks.check_tflite(task, key, tflite, merged["evaluate"], sections["data"])
        return model
    if architecture is not None:
        model_checks.check_input(task, key, architecture)
    if architecture is None or not architecture.reconstructs:
        model_checks.check_classes(task, key, sections["data"])
    if path and architecture is not None and not architecture.reconstructs:
        model_checks.check_outputs(task, f"{key}.architecture", architecture, sections["data"])
    if architecture is None:
        model_checks.check_search(task, f"{key}.search", merged["search"], sections["data"])
    return model


def _check_teacher(task: TaskConfiguration, model: ModelConfiguration) -> None:
    teacher = teacher_of(model.sections["train"])
    key = f"{task.name}.train.teacher.architecture"
    if teacher and teacher not in PUBLISHED and teacher not in task.models:
        known = [*PUBLISHED, *(name for name in task.models if name not in PUBLISHED)]
        raise ConfigurationError(f"{key}: unknown network {teacher!r}; {closest(teacher, known)}.")
    if teacher in task.models and task.models[teacher].tflite_path:
        raise ConfigurationError(
            f"{key}: {teacher} is a .tflite file, which cannot teach; name another network, or ''."
        )
    if teacher:
        read, taught = _input_shape(task, teacher), _input_shape(task, model.name)
        if read != taught:
            raise ConfigurationError(
                f"{task.name}.models.{model.name} reads inputs of shape {list(taught)}, but its teacher {teacher} "
                f"reads {list(read)}; set the model's train.teacher.architecture to a network of the same input, or ''."
            )


def _input_shape(task: TaskConfiguration, model: str) -> Shape:
    if model in PUBLISHED:
        return published_architecture(model).input_shape
    architecture = task.models[model].architecture
    if architecture is not None:
        return architecture.input_shape
    options = SearchOptions.from_section(task.models[model].sections["search"])
    return options.input_shape or find_task(task.name).input_shape


def _check_data(task: str, data: Section) -> None:
    source, path = data.get("source", ""), data.get("path", "")
    reads = source in ("folder", "folders")
    if reads and not path:
        raise ConfigurationError(f"{task}.data.source is {source}, but {task}.data.path does not say which.")
    if reads and not Path(path).is_dir():
        raise ConfigurationError(f"{task}.data.path: there is no folder {path}; correct the path.")
    if path and Path(path).is_file():
        raise ConfigurationError(f"{task}.data.path: {path} is a file; give a folder.")
    if path and source == "generated":
        raise ConfigurationError(
            f"{task}.data.path is {path}, but {task}.data.source is generated, which reads nothing; set "
            f"{task}.data.source to folder."
        )


def _use_boards_file(path: str) -> None:
    try:
        if path:
            use_own_boards(path)
    except ConfigurationError as error:
        raise ConfigurationError(f"boards_file: {error}") from None


def _task_schema(task: str) -> dict[str, Any]:
    """What micronets/tasks/<task>.yaml may say: the same for all tasks but for the options that are the task's own."""
    about, schema = find_task(task), _schema("task")
    definitions = {
        "data": schema_of(about.data_options),
        "augmentation": schema_of(about.augmentation_options),
        "features": schema_of(about.feature_options),
        "spot": schema_of(SpotOptions),
    }
    defaults = _read_yaml(TASKS / f"{task}.yaml")
    lacking = [name for name in SOME_TASKS_SECTIONS if name not in defaults]
    properties = {name: value for name, value in schema["properties"].items() if name not in lacking}
    return {**schema, "properties": properties, "$defs": {**schema["$defs"], **definitions}}


def _check_options(task: str, sections: Mapping[str, Section], place: str = "") -> None:
    """The limits of the task's own options, which the task knows."""
    about = find_task(task)
    options = [
        (about.data_options, "data", sections.get("data"), ""),
        (about.augmentation_options, "augmentation", sections["search"]["augmentation"], "search."),
        (about.augmentation_options, "augmentation", sections["train"]["augmentation"], "train."),
    ]
    for kind, name, values, before in options:
        try:
            if values is not None:
                from_mapping(kind, values, name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{task}.{place}{before}{error}.") from None


def _check_spot(task: TaskConfiguration, model: str) -> None:
    speech: Any = find_task(task.name)
    hop_ms = speech.features_of(_input_shape(task, model)).hop_ms
    try:
        from_mapping(SpotOptions, task.sections["spot"], "spot").check_hop(hop_ms)
    except ConfigurationError as error:
        raise ConfigurationError(f"{task.name}.{error}.") from None


def _schema(name: str) -> dict[str, Any]:
    return _read_yaml(SCHEMAS / f"{name}.schema.yaml")


@once_per_version
def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        return read_yaml(path)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
