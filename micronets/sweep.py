"""Sweeps: lists of values for some keys of a model make a grid of models with names that say what is what."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from micronets.errors import ConfigurationError
from micronets.merging import merge

BOARD = "board"
"""A key to sweep over that stands for two: the board whose budget is searched for, and the only one built for."""
PRECISION = "precision"
"""A key to sweep over that stands for two: the bits of weights and of activations, as w4a8."""
SEED = "seed"
_PRECISIONS = {
    f"w{weights}a{activations}": {"weight_bits": weights, "activation_bits": activations}
    for weights in (8, 4)
    for activations in (8, 4)
}


@dataclass(frozen=True)
class Point:
    """One model of a sweep.

    Attributes:
        group: its name without the seed; those of one group differ in nothing else.
        keys: what the configuration would say of it under `models`.
    """

    name: str
    group: str
    keys: Mapping[str, Any]


def points(key: str, name: str, sweep: Mapping[str, Any]) -> list[Point]:
    """The models of one sweep: every combination of the lists under `over`, the last one changing fastest.

    Args:
        key: dotted key of the sweep, for messages.
        name: begins the names of its models.
        sweep: keys of a model that all share, and `over`: lists of values by dotted key.

    Raises ConfigurationError where names coincide, or a precision is none.
    """
    shared = {part: value for part, value in sweep.items() if part != "over"}
    over: Mapping[str, list[Any]] = sweep["over"]
    labels = _labels(list(over))
    found = []
    for values in itertools.product(*over.values()):
        chosen = dict(zip(over, values, strict=True))
        if PRECISION in chosen and chosen[PRECISION] not in list(_PRECISIONS):
            raise ConfigurationError(
                f"{key}.over.{PRECISION} has {chosen[PRECISION]!r}, but must be of {', '.join(_PRECISIONS)}."
            )
        parts = {path: f"{labels[path]}{_slug(value)}" for path, value in chosen.items()}
        group = "-".join([name, *(part for path, part in parts.items() if path != SEED and len(over[path]) > 1)])
        seed = [parts[SEED]] if SEED in parts and len(over[SEED]) > 1 else []
        found.append(Point("-".join([group, *seed]), group, _keys(shared, chosen)))
    names = [point.name for point in found]
    for twice in sorted({each for each in names if names.count(each) > 1}):
        raise ConfigurationError(f"{key}.over makes two models called {twice}; remove one of the values.")
    return found


def _keys(shared: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    keys = dict(shared)
    for path, value in chosen.items():
        if path == BOARD:
            addition: Any = {"boards": [value]}
            if "search" in keys:
                addition["search"] = {"board": value}
        elif path == PRECISION:
            bits = _PRECISIONS[value]
            addition = {"train": bits}
            if "search" in keys:
                addition["search"] = {name: [count] for name, count in bits.items()}
        else:
            addition = value
            for part in reversed(path.split(".")):
                addition = {part: addition}
        keys = merge(keys, addition)
    return keys


def _labels(paths: list[str]) -> dict[str, str]:
    """What stands before a value in a name: the last part of its key, or the whole key where that is not enough."""
    last = [path.rpartition(".")[2] for path in paths]
    labels = {path: _slug(end if last.count(end) == 1 else path) for path, end in zip(paths, last, strict=True)}
    return {path: "" if path in (BOARD, PRECISION) else f"{label}-" for path, label in labels.items()}


def _slug(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "-".join(map(_slug, value))
    if isinstance(value, Mapping):
        return "-".join(f"{_slug(key)}-{_slug(part)}" for key, part in value.items())
    return re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-") or "none"
