"""The search stage: a prepared dataset and a board in, an architecture that fits the board out."""

import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from micronets.architecture import Architecture
from micronets.backend import limit_threads, make_deterministic
from micronets.checkpoint import Checkpoint, fingerprint
from micronets.costs import costs
from micronets.data.dataset import TrainingBatches
from micronets.search.budget import OPS_PER_MOP, Budget
from micronets.search.evolution import Candidate, ranked
from micronets.search.loop import SearchEpoch, SearchLoop
from micronets.search.one_shot import OneShotEpoch, OneShotSearch
from micronets.search.options import SearchOptions
from micronets.search.outputs import Found, versions, write_outputs
from micronets.search.problem import search_problem
from micronets.search.repair import Move, repair
from micronets.search.sampling import Sampler
from micronets.search.space import Choice, SearchSpace
from micronets.search.supernets import supernet_of
from micronets.tasks import dataset_description, find_task, open_dataset

logger = logging.getLogger(__name__)

_BEST_SHARE = 0.25
"""Of the networks that evolution has scored, those whose options are counted."""


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

    Writes into `directory`: `history.csv` (a line per epoch: `SearchEpoch` or `OneShotEpoch`), `search.json` (budget,
    exact costs, every decision with its probabilities, what the repair changed, all networks that were scored, seed,
    versions) and, last, `found.json`, the architecture, which `micronets.fit` then measures.

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


@dataclass(frozen=True)
class Search:
    """What every strategy works with.

    Attributes:
        batches: of the weights, and of the decisions or for scoring; of disjoint parts of the training split.
        on_epoch: called with every finished epoch.
    """

    space: SearchSpace
    budget: Budget
    options: SearchOptions
    batches: tuple[TrainingBatches, TrainingBatches]
    input_range: tuple[float, float]
    seed: int
    checkpoint: Checkpoint
    on_epoch: Callable[[SearchEpoch | OneShotEpoch], None]


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
    """`search` without the dataset: finds a network by two sequences of batches and writes the outputs.

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
    facts = {**facts, "options": asdict(options), "budget": asdict(budget), "seed": seed, "versions": versions()}
    facts |= {"space": [type(space).__name__, asdict(space)], "input_range": input_range}
    checkpoint = Checkpoint(directory / "checkpoint.npz", fingerprint(**facts))

    def finish_epoch(epoch: SearchEpoch | OneShotEpoch) -> None:
        if sink is not None:
            values = {key: value for key, value in asdict(epoch).items() if isinstance(value, float)}
            sink.log_metrics(values, epoch.epoch)

    work = Search(space, budget, options, batches, input_range, seed, checkpoint, finish_epoch)
    found = STRATEGIES[options.strategy](work)
    settled = {"strategy": options.strategy, "board": options.board, "seed": seed}
    architecture = write_outputs(found, space, budget, directory, name, settled)
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
    checkpoint.remove()
    return architecture


def by_gradients(work: Search) -> Found:
    """Differentiable architecture search: the most probable network, made to fit."""
    supernet = supernet_of(work.space, work.input_range)
    loop = SearchLoop(supernet, work.options, work.budget, *work.batches, work.seed, work.checkpoint, work.on_epoch)
    loop.run()
    probabilities = supernet.decisions.probabilities()
    learnt = supernet.decisions.most_probable()
    choice, moves = repair(work.space, probabilities, work.budget, learnt)
    _log_repair(moves)
    return Found(choice, learnt, probabilities, moves, loop.history)


def by_evolution(work: Search) -> Found:
    """One-shot search: shared weights first, then the best of the networks that evolution scores with them."""
    supernet = supernet_of(work.space, work.input_range)
    one_shot = OneShotSearch(
        supernet, work.options, work.budget, *work.batches, work.seed, work.checkpoint, work.on_epoch
    )
    choice = one_shot.run()
    shares = _shares(work.space, one_shot.candidates)
    return Found(choice, choice, shares, history=one_shot.history, candidates=one_shot.candidates)


def by_chance(work: Search) -> Found:
    """The control: one network drawn at random that uses the budget; nothing is trained."""
    choice = Sampler(work.space, work.budget, np.random.default_rng(work.seed)).draw()
    certain = [np.eye(len(d.options))[index] for d, index in zip(work.space.decisions, choice, strict=True)]
    return Found(choice, choice, certain)


STRATEGIES: dict[str, Callable[[Search], Found]] = {
    "dnas": by_gradients,
    "evolution": by_evolution,
    "random": by_chance,
}


def _shares(space: SearchSpace, candidates: list[Candidate]) -> list[np.ndarray]:
    """How often the best networks take every option, float64 (options,) per decision."""
    best: list[Choice] = [candidate.choice for candidate in ranked(candidates)]
    best = best[: max(round(_BEST_SHARE * len(best)), 1)]
    return [
        np.bincount([choice[place] for choice in best], minlength=len(decision.options)) / len(best)
        for place, decision in enumerate(space.decisions)
    ]


def _log_repair(moves: tuple[Move, ...]) -> None:
    if not moves:
        logger.info("the most probable network fits; nothing to repair")
        return
    logger.info("the most probable network does not fit; repaired:")
    for move in moves:
        logger.info("  %s", move)
