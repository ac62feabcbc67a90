"""The tasks: what can be learnt. A further task is a further module here and a file beside it.

docs/add_a_task.md shows how.
"""

import importlib
import os
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from micronets.architecture import Shape
from micronets.data.dataset import Dataset
from micronets.errors import ConfigurationError, DataError
from micronets.stage_file import read_json, reading
from micronets.tasks._task import Task

__all__ = ["Task", "dataset_description", "find_task", "open_dataset", "task_names"]


@cache
def task_names() -> tuple[str, ...]:
    """Names of all tasks, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def find_task(name: str) -> Task:
    """The task of a name.

    Raises:
        ConfigurationError: there is no such task.
    """
    if name not in task_names():
        raise ConfigurationError(f"there is no task {name!r}; there are {', '.join(task_names())}")
    return importlib.import_module(f"{__name__}.{name}").TASK


def open_dataset(
    directory: str | os.PathLike, input_shape: Shape, features: Mapping[str, Any] | None = None
) -> Dataset:
    """The prepared dataset of whatever task, for networks of one input shape; see `Task.open`.

    Raises DataError where it is missing, incomplete or damaged, or cannot serve such networks.
    """
    directory = Path(directory)
    return find_task(dataset_description(directory)["task"]).open(directory, input_shape, features)


def dataset_description(directory: str | os.PathLike) -> dict[str, Any]:
    """What dataset.json says: of every task at least `task`, `labels`, `counts`, `seed`, `source`, `content_hash`.

    Raises DataError where there is none, or it is damaged.
    """
    path = Path(directory, "dataset.json")
    if not path.is_file():
        raise DataError(f"{directory} holds no prepared dataset (no dataset.json); run the data stage: snakemake data")
    description = read_json(path, "dataset")
    with reading(path):
        if description["task"] not in task_names():
            raise ValueError(f"there is no task {description['task']!r}")
    return description
