"""What was found here, gathered from the files of other stages and of the paper's own jobs."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from micronets.characterise.channels import COUNTS
from micronets.errors import DataError
from micronets.evaluation import Score
from micronets.paper.costs import NetworkCosts
from micronets.report.records import Merit, Model, Results
from micronets.report.sources import read_results

Record = TypeVar("Record")


@dataclass(frozen=True)
class Fit:
    """Latency of a backbone's random networks by their operations, and the networks: (Mops, ms)."""

    networks: int
    r2: float
    mops_per_s: float
    intercept_ms: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Characterisation:
    """Of one board.

    Attributes:
        error_percent: mean error of its latencies.
        fits: by backbone.
        cycles_per_mac: of a 1x1 convolution with so many inputs and outputs.
    """

    board: str
    clock_hz: int
    error_percent: float
    fits: Mapping[str, Fit]
    cycles_per_mac: Mapping[int, float]


@dataclass(frozen=True)
class Here:
    """Everything found here.

    Attributes:
        costs: by network and board.
        results: of the run's tasks, by task.
        released: scores of Arm's files, by network; `released_reasons`: of networks without one, why.
        characterisations: by board.
        budgets: under which a searched network was searched, by task and model.
    """

    costs: Mapping[tuple[str, str], NetworkCosts]
    results: Mapping[str, Results]
    released: Mapping[str, Merit]
    released_reasons: Mapping[str, str]
    characterisations: Mapping[str, Characterisation]
    budgets: Mapping[str, Mapping[str, str]]

    def data(self, task: str) -> str:
        """What a task's scores were measured on, in words."""
        dataset = self.results[task].dataset
        return f"{dataset.source} data, {dataset.clips['testing']:,} examples"

    def is_papers_data(self, task: str) -> bool:
        """Whether the run's data is what the paper's scores were measured on."""
        return task in self.results and self.results[task].dataset.is_papers

    def trained(self, task: str, name: str) -> Merit | None:
        """The score of a network that was trained in this run; None where none of this name was."""
        model = self.model(task, name)
        return None if model is None else model.merit

    def model(self, task: str, name: str) -> Model | None:
        """None where the run has none of this name."""
        models = self.results[task].models if task in self.results else ()
        return next((model for model in models if model.name == name), None)


def gather(
    costs: Iterable[Path],
    tasks: Mapping[str, Mapping[str, Sequence[str]]],
    results: Path,
    released: Mapping[str, Path],
    reasons: Mapping[str, str],
    characterisations: Iterable[Path],
    budgets: Mapping[str, Mapping[str, str]],
) -> Here:
    """Reads all files.

    Args:
        costs: as `measure_costs` writes them.
        tasks: names of the builds by model and task, as the report takes them.
        results: folder of all outputs.
        released: `metrics.json` of the evaluation of Arm's files, by network.
        reasons: why others of Arm's files have no such evaluation, by network.
        characterisations: `characterisation.json` of every board.
        budgets: see `Here`.

    Raises:
        DataError: a file is missing or damaged.
        MicronetsError: as `read_results`.
    """
    found = [_guarded(path, _costs) for path in costs]
    boards = [_guarded(path, _characterisation) for path in characterisations]
    return Here(
        costs={(entry.network, entry.board): entry for entry in found},
        results={task: read_results(task, models, results) for task, models in tasks.items()},
        released={name: _guarded(path, _merit) for name, path in released.items()},
        released_reasons=reasons,
        characterisations={entry.board: entry for entry in boards},
        budgets=budgets,
    )


def _guarded(path: Path, read: Callable[[Path], Record]) -> Record:
    try:
        return read(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is missing or damaged ({type(error).__name__}); delete it and run again.") from error


def _costs(path: Path) -> NetworkCosts:
    return NetworkCosts.from_json(json.loads(path.read_text(encoding="utf-8")))


def _merit(path: Path) -> Merit:
    content = json.loads(path.read_text(encoding="utf-8"))
    return Merit(Score.from_json(content["scores"]["tflm"][content["metric"]]), int(content["test_count"]))


def _characterisation(path: Path) -> Characterisation:
    content = json.loads(path.read_text(encoding="utf-8"))
    fits = {}
    for name, entry in content["backbones"].items():
        with open(path.with_name(f"{name}_networks.csv"), encoding="utf-8", newline="") as stream:
            points = [(int(row["ops"]) / 1e6, float(row["latency_ms"])) for row in csv.DictReader(stream)]
        fits[name] = Fit(entry["networks"], entry["r2"], entry["mops_per_s"], entry["intercept_ms"], tuple(points))
    return Characterisation(
        board=content["board"],
        clock_hz=int(content["clock_hz"]),
        error_percent=100 * content["cycle_model"]["mean_error"],
        fits=fits,
        cycles_per_mac={
            count: content["channels"][str(count)] for count in COUNTS if str(count) in content["channels"]
        },
    )
