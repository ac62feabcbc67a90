"""How much of a machine a job takes: what a cluster is asked for, from `micronets/resources.yaml`."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNKNOWN_EXAMPLES = 100_000
"""Training examples assumed of a dataset that is not there yet; by the time a job is submitted it is."""
UNKNOWN_MOPS = 50.0
"""Size assumed of a network whose search knows no limit of operations."""

_DEFAULTS_FILE = Path(__file__).with_name("resources.yaml")


@dataclass(frozen=True)
class Work:
    """What decides how long a training takes.

    Attributes:
        epochs: passes over the training split.
        examples: in one epoch.
        mops: operations of one inference in millions (2 x MACs).
    """

    epochs: int = 0
    examples: int = 0
    mops: float = 0.0


@dataclass(frozen=True)
class Limits:
    """The most that one job may ask for; None: no limit."""

    memory_mb: int | None = None
    minutes: int | None = None


def defaults_file() -> Path:
    """Resources of every stage, of all tasks."""
    return _DEFAULTS_FILE


def minutes(stage: Mapping[str, Any], work: Work, attempt: int = 1, limits: Limits = Limits()) -> int:
    """Running time to ask for, in minutes.

    Args:
        stage: its entry in the section `resources`.
        attempt: 1 for the first; a job that ran out of time gets more.
    """
    of_one_ms = stage.get("ms_per_example", 0) + stage.get("ms_per_mop", 0) * work.mops
    wanted = math.ceil(attempt * (stage["minutes"] + work.epochs * work.examples * of_one_ms / 60_000))
    return wanted if limits.minutes is None else min(wanted, limits.minutes)


def memory_mb(stage: Mapping[str, Any], work: Work, attempt: int = 1, limits: Limits = Limits()) -> int:
    """Memory to ask for, in MB; see `minutes`."""
    wanted = math.ceil(attempt * (stage["memory_mb"] + work.examples * stage.get("kb_per_example", 0) / 1000))
    return wanted if limits.memory_mb is None else min(wanted, limits.memory_mb)


def training_examples(dataset: Path) -> int:
    """Examples of the training split as dataset.json tells; `UNKNOWN_EXAMPLES` where there is no such file yet, or it
    is damaged, of which its reader says more."""
    try:
        count = json.loads(dataset.read_text(encoding="utf-8"))["counts"]["training"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return UNKNOWN_EXAMPLES
    return count if type(count) is int and count >= 0 else UNKNOWN_EXAMPLES
