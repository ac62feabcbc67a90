"""The search stage: a prepared dataset and a board in, an architecture that fits the board out."""

import hashlib
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from micronets.architecture import Architecture
from micronets.backend import limit_threads, make_deterministic
from micronets.boards import find_board
from micronets.checkpoint import fingerprint
from micronets.costs import costs
from micronets.data.dataset import TrainingBatches
from micronets.search.budget import OPS_PER_MOP, Budget
from micronets.search.examples import open_examples
from micronets.search.loop import SearchEpoch
from micronets.search.one_shot import OneShotEpoch
from micronets.search.options import SearchOptions
from micronets.search.outputs import epoch_metrics, versions, write_outputs
from micronets.search.planned_memory import with_planned_memory
from micronets.search.problem import search_problem
from micronets.search.space import SearchSpace
from micronets.search.strategy import Checkpoints, Search, find

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
    shared_weights: str | os.PathLike | None = None,
    sink: MetricSink | None = None,
) -> None:
    """Searches one network; an interrupted call, repeated, goes on after the last finished epoch.

    Writes into `directory`: `history.csv` (a line per epoch: `SearchEpoch` or `OneShotEpoch`), `search.json` (budget,
    exact costs, every decision with its probabilities, all networks that were scored or trained alone, seed, versions)
    and, last, `found.json`, the architecture, which `micronets.fit` then measures.

    Args:
        section: the `search` section of the configuration.
        name: of the architecture.
        threads: cores to compute on.
        shared_weights: the `supernet.npz` of `micronets.search.shared_weights.train_supernet`, where the search does
            not learn its own.
        sink: receives the metrics of every epoch.

    Raises:
        ConfigurationError: the board is unknown, or no network of the search space fits it.
        MicronetsError: the dataset is damaged.
    """
    options = SearchOptions.from_section(section)
    examples = open_examples(dataset_directory, options, seed, threads)
    space, budget = search_problem(options, examples.input_shape, examples.classes)
    budget = with_planned_memory(space, budget, [find_board(name) for name in options.boards], seed)
    limit_threads(threads)
    search_space(
        space,
        budget,
        options,
        examples.batches,
        examples.input_range,
        Path(directory),
        seed,
        name=name,
        facts=examples.facts,
        shared_weights=None if shared_weights is None else Path(shared_weights),
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
    shared_weights: Path | None = None,
    sink: MetricSink | None,
) -> Architecture:
    """`search` without the dataset: finds a network by two sequences of batches and writes the outputs.

    Args:
        batches: of the weights and of the decisions.
        facts: whatever else decides the result (JSON-serialisable); a checkpoint of other facts is not continued.
        shared_weights: as in `search`.
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
    if shared_weights is not None:
        facts["shared_weights"] = hashlib.sha256(shared_weights.read_bytes()).hexdigest()
    checkpoints = Checkpoints(directory, fingerprint(**facts))

    def finish_epoch(epoch: SearchEpoch | OneShotEpoch) -> None:
        if sink is not None:
            sink.log_metrics(epoch_metrics(epoch), epoch.epoch)

    work = Search(space, budget, options, batches, input_range, seed, checkpoints, finish_epoch, shared_weights)
    found = find(work)
    settled = {"strategy": list(options.strategy), "boards": list(options.boards), "seed": seed}
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
    checkpoints.remove()
    return architecture
