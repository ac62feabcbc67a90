"""Latencies that others have published: what cycle models are fitted to and judged by."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from micronets.errors import ConfigurationError

LATENCIES_FILE = Path(__file__).with_name("published_latencies.yaml")
_SECONDS = {"ms": lambda figure: figure / 1e3, "per_s": lambda figure: 1 / figure}


@dataclass(frozen=True)
class MeasuredBoard:
    """A board that somebody has measured on; not necessarily one of ours."""

    name: str
    core: str
    clock_hz: int


@dataclass(frozen=True)
class Submission:
    """One version of one software on several boards.

    Attributes:
        cycles: measured latency times clock, by board and network.
        estimated_ms: by the Cortex-M4's cycle model from the software's own C code, by board and network.
    """

    software: str
    version: str
    source: str
    cycles: Mapping[str, Mapping[str, float]]
    estimated_ms: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Record:
    """Errors of a model of which the single figures are not kept; shares, 0.1 is 10 %."""

    board: str
    figures: int
    mean_error: float
    worst_error: float


@dataclass(frozen=True)
class PublishedLatencies:
    """All of the file; `macs` by network."""

    boards: Mapping[str, MeasuredBoard]
    macs: Mapping[str, int]
    cortex_m4_record: Record
    submissions: tuple[Submission, ...]


@lru_cache
def load_published_latencies(path: str | os.PathLike = LATENCIES_FILE) -> PublishedLatencies:
    """Raises ConfigurationError where the file is damaged, or names a board or network that it does not describe."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        boards = {name: MeasuredBoard(name, **entry) for name, entry in content["boards"].items()}
        submissions = tuple(_submission(entry, boards, content["networks"]) for entry in content["submissions"])
        return PublishedLatencies(boards, content["networks"], Record(**content["cortex_m4_record"]), submissions)
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is damaged near {error!r}; restore it from the repository.") from error


def _submission(
    entry: Mapping[str, Any], boards: Mapping[str, MeasuredBoard], networks: Mapping[str, int]
) -> Submission:
    (unit,) = entry.keys() & _SECONDS.keys()
    cycles: dict[str, dict[str, float]] = {}
    for board, figures in entry[unit].items():
        clock_hz = boards[board].clock_hz
        cycles[board] = {network: _SECONDS[unit](figure) * clock_hz for network, figure in figures.items()}
        if unknown := figures.keys() - networks.keys():
            raise KeyError(*unknown)
    return Submission(entry["software"], entry["version"], entry["source"], cycles, entry.get("estimated_ms", {}))
