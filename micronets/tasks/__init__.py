"""The tasks: what can be learnt. A further task is a further module here and a file in config/tasks."""

import importlib
import pkgutil

from micronets.errors import ConfigurationError
from micronets.tasks._task import Task

__all__ = ["Task", "find_task", "task_names"]


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
