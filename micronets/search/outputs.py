"""What a search leaves behind: the network, how it was found, and the course of the search."""

import csv
import io
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np

import micronets
from micronets.architecture import Architecture
from micronets.atomic import write_json, write_text
from micronets.costs import Costs, costs
from micronets.search.budget import Budget
from micronets.search.evolution import Candidate
from micronets.search.halving import Trained
from micronets.search.loop import SearchEpoch
from micronets.search.one_shot import OneShotEpoch
from micronets.search.space import Choice, SearchSpace


@dataclass(frozen=True)
class Found:
    """What a strategy gives.

    Attributes:
        choice: of the network, which fits the budget.
        probabilities: of every decision's options, float64 (options,): learnt, or how often the best took them.
        candidates: all networks that were scored with shared weights.
        finalists: what became of the networks that were trained alone.
    """

    choice: Choice
    probabilities: Sequence[np.ndarray]
    history: Sequence[SearchEpoch] | Sequence[OneShotEpoch] = ()
    candidates: Sequence[Candidate] = ()
    finalists: Sequence[Trained] = ()


def write_outputs(
    found: Found, space: SearchSpace, budget: Budget, directory: Path, name: str, facts: dict[str, Any]
) -> Architecture:
    """Writes `history.csv`, `search.json` and, last, `found.json`, the architecture.

    Args:
        facts: more for `search.json`: strategy, board, seed.
    """
    architecture = space.architecture(name, found.choice)
    write_history(directory / "history.csv", found.history)
    report = _report(found, space, budget, costs(architecture))
    write_json(directory / "search.json", {**report, **facts, "versions": versions()})
    architecture.save(directory / "found.json")
    return architecture


def versions() -> dict[str, str]:
    """Of what decides a search's result."""
    return {
        "micronets": micronets.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def _report(found: Found, space: SearchSpace, budget: Budget, exact: Costs) -> dict[str, Any]:
    return {
        "budget": budget.to_json(),
        "costs": _costs_json(exact),
        "decisions": [
            {
                "name": decision.name,
                "options": list(decision.options),
                "probabilities": [round(float(value), 6) for value in part],
                "chosen": decision.options[index],
            }
            for decision, part, index in zip(space.decisions, found.probabilities, found.choice, strict=True)
        ],
        "candidates": [
            {
                "generation": candidate.generation,
                "use": round(candidate.use, 4),
                "loss": round(candidate.score.loss, 6),
                "accuracy": round(candidate.score.accuracy, 6),
                "values": [d.options[index] for d, index in zip(space.decisions, candidate.choice, strict=True)],
            }
            for candidate in found.candidates
        ],
        "finalists": [asdict(trained) for trained in found.finalists],
    }


def _costs_json(exact: Costs) -> dict[str, float]:
    return {
        "weights": exact.weights,
        "macs": exact.macs,
        "ops": exact.ops,
        "paper_ops": exact.paper_ops,
        "flash_bytes": exact.flash_bytes,
        "sram_bytes": exact.sram_bytes,
    }


def epoch_metrics(epoch: SearchEpoch | OneShotEpoch) -> dict[str, float]:
    """The figures of an epoch, by name."""
    return {key: value for key, value in asdict(epoch).items() if isinstance(value, float)}


def write_history(path: Path, history: Sequence[SearchEpoch] | Sequence[OneShotEpoch]) -> None:
    """A line for every epoch; the header alone where there was none."""
    text = io.StringIO()
    kind = type(history[0]) if history else OneShotEpoch
    writer = csv.DictWriter(text, [entry.name for entry in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    write_text(path, text.getvalue())
