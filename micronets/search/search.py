"""The search stage: a prepared dataset and a board in, an architecture that fits the board out."""

import csv
import io
import logging
import os
import platform
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

import micronets
from micronets.architecture import Architecture
from micronets.atomic import write_json, write_text
from micronets.backend import limit_threads, make_deterministic
from micronets.checkpoint import Checkpoint, fingerprint
from micronets.costs import Costs, costs
from micronets.data.dataset import TrainingBatches
from micronets.search.budget import OPS_PER_MOP, Budget
from micronets.search.loop import SearchEpoch, SearchLoop
from micronets.search.options import SearchOptions
from micronets.search.problem import search_problem
from micronets.search.repair import Move, repair
from micronets.search.space import Choice, SearchSpace
from micronets.search.supernets import supernet_of
from micronets.tasks import dataset_description, find_task, open_dataset

logger = logging.getLogger(__name__)


class MetricSink(Protocol):
    """Where live metrics go; `micronets.tracking.StageRun` is one."""

    def log_metrics(self, metrics: dict[str, float], step: int) -> None: ...


def search(
    dataset_directory: str | os.PathLike,
    directory: str | os.PathLike,
    section: dict[str, Any],
    seed: int,
    *,
    name: str,
    threads: int,
    sink: MetricSink | None = None,
) -> None:
    """Searches one network; an interrupted call, repeated, goes on after the last finished epoch.

    Writes into `directory`: `architecture.json`, `history.csv` (one line per epoch, see `SearchEpoch`) and
    `search.json` (budget, exact costs, every decision with its probabilities, what the repair changed, seed, versions).

    Args:
        section: the `search` section of the configuration.
        name: of the architecture.
        threads: cores to compute on.
        sink: receives the metrics of every epoch.

    Raises:
        ConfigurationError: the board is unknown, or no network of the search space fits it.
        MicronetsError: the dataset is damaged.
    """
    options = SearchOptions.from_section(section)
    task = find_task(dataset_description(dataset_directory)["task"])
    dataset = open_dataset(dataset_directory, options.input_shape or task.input_shape)
    space, budget = search_problem(options, dataset.input_shape, len(dataset.labels))
    limit_threads(threads)
    parts = dataset.split_indices(1.0 - options.architecture.share, seed)
    # The two sequences of batches augment independently: their seeds differ.
    weight_batches, decision_batches = (
        task.batches(dataset, options.augmentation, 2 * seed + index, options.batch_size, subset=rows, threads=threads)
        for index, rows in enumerate(parts)
    )
    facts = {"data": dataset.content_hash, "threads": threads}
    search_space(
        space,
        budget,
        options,
        (weight_batches, decision_batches),
        dataset.input_range,
        Path(directory),
        seed,
        name=name,
        facts=facts,
        sink=sink,
    )


def search_space(
    space: SearchSpace,
    budget: Budget,
    options: SearchOptions,
    batches: tuple[TrainingBatches, TrainingBatches],
    input_range: tuple[float, float],
    directory: Path,
    seed: int,
    *,
    name: str,
    facts: dict[str, Any],
    sink: MetricSink | None,
) -> Architecture:
    """`search` without the dataset: learns the decisions from two sequences of batches and writes the outputs.

    Args:
        batches: of the weights and of the decisions.
        facts: whatever else decides the result (JSON-serialisable); a checkpoint of other facts is not continued.
    """
    make_deterministic(seed)
    logger.info(
        "%s: at most %d bytes of flash, %d bytes of SRAM, %s operations",
        name,
        budget.flash_bytes,
        budget.sram_bytes,
        "any number of" if budget.max_ops is None else f"{budget.max_ops:,}",
    )
    facts = {**facts, "options": asdict(options), "budget": asdict(budget), "seed": seed, "versions": _versions()}
    facts |= {"space": [type(space).__name__, asdict(space)], "input_range": input_range}
    checkpoint = Checkpoint(directory / "checkpoint.npz", fingerprint(**facts))

    def finish_epoch(epoch: SearchEpoch) -> None:
        if sink is not None:
            values = {key: value for key, value in asdict(epoch).items() if isinstance(value, float)}
            sink.log_metrics(values, epoch.epoch)

    supernet = supernet_of(space, input_range)
    loop = SearchLoop(supernet, options, budget, *batches, seed, checkpoint, finish_epoch)
    loop.run()
    probabilities = supernet.decisions.probabilities()
    learnt = supernet.decisions.most_probable()
    choice, moves = repair(space, probabilities, budget, learnt)
    _log_repair(moves)
    architecture = space.architecture(name, choice)
    exact = costs(architecture)
    logger.info(
        "%s: %d of %d bytes of flash, %d of %d bytes of SRAM, %.1f Mops",
        name,
        exact.flash_bytes,
        budget.flash_bytes,
        exact.sram_bytes,
        budget.sram_bytes,
        exact.ops / OPS_PER_MOP,
    )
    _write_history(directory / "history.csv", loop.history)
    report = _report(space, budget, probabilities, learnt, choice, moves, exact)
    write_json(directory / "search.json", {**report, "board": options.board, "seed": seed, "versions": _versions()})
    architecture.save(directory / "architecture.json")
    checkpoint.remove()
    return architecture


def _log_repair(moves: tuple[Move, ...]) -> None:
    if not moves:
        logger.info("the most probable network fits; nothing to repair")
        return
    logger.info("the most probable network does not fit; repaired:")
    for move in moves:
        logger.info("  %s", move)


def _report(
    space: SearchSpace,
    budget: Budget,
    probabilities: list[np.ndarray],
    learnt: Choice,
    choice: Choice,
    moves: tuple[Move, ...],
    exact: Costs,
) -> dict[str, Any]:
    before = costs(space.architecture("learnt", learnt))
    return {
        "budget": budget.to_json(),
        "costs": _costs_json(exact),
        "costs_before_repair": _costs_json(before),
        "decisions": [
            {
                "name": decision.name,
                "options": list(decision.options),
                "probabilities": [round(float(value), 6) for value in part],
                "learnt": decision.options[first],
                "chosen": decision.options[last],
            }
            for decision, part, first, last in zip(space.decisions, probabilities, learnt, choice, strict=True)
        ],
        "repair": [asdict(move) for move in moves],
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


def _versions() -> dict[str, str]:
    return {
        "micronets": micronets.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def _write_history(path: Path, history: list[SearchEpoch]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(SearchEpoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    write_text(path, text.getvalue())
