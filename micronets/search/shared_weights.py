"""The supernet stage: weights that several searches share, trained once for all of their budgets."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from micronets.backend import limit_threads, make_deterministic
from micronets.boards import find_board
from micronets.checkpoint import Checkpoint, fingerprint
from micronets.data.dataset import TrainingBatches
from micronets.network import Range
from micronets.search.budget import Budget
from micronets.search.examples import open_examples
from micronets.search.one_shot import OneShotEpoch, OneShotTraining
from micronets.search.options import SearchOptions
from micronets.search.outputs import epoch_metrics, versions, write_history
from micronets.search.planned_memory import with_planned_memory
from micronets.search.problem import search_problem
from micronets.search.search import MetricSink
from micronets.search.space import SearchSpace
from micronets.search.supernet_weights import save_weights
from micronets.search.supernets import supernet_of


def train_supernet(
    dataset_directory: str | os.PathLike,
    directory: str | os.PathLike,
    sections: Sequence[dict[str, Any]],
    seed: int,
    *,
    threads: int,
    sink: MetricSink | None = None,
) -> None:
    """Trains the weights that searches share; an interrupted call, repeated, goes on after the last finished epoch.

    Writes into `directory`: `history.csv` (a line per epoch: `OneShotEpoch`) and, last, `supernet.npz`.

    Args:
        sections: the `search` sections of the searches, which differ in their budgets alone.
        threads: cores to compute on.
        sink: receives the metrics of every epoch.

    Raises:
        ConfigurationError: a board is unknown, or no network of the search space keeps one of the budgets.
        MicronetsError: the dataset is damaged.
    """
    searches = [SearchOptions.from_section(section) for section in sections]
    examples = open_examples(dataset_directory, searches[0], seed, threads)
    problems = [search_problem(options, examples.input_shape, examples.classes) for options in searches]
    space = problems[0][0]
    budgets = [
        with_planned_memory(space, budget, [find_board(name) for name in options.boards], seed)
        for options, (_, budget) in zip(searches, problems, strict=True)
    ]
    limit_threads(threads)
    train_for_budgets(
        space,
        budgets,
        searches[0],
        examples.batches[0],
        examples.input_range,
        Path(directory),
        seed,
        facts=examples.facts,
        sink=sink,
    )


def train_for_budgets(
    space: SearchSpace,
    budgets: Sequence[Budget],
    options: SearchOptions,
    batches: TrainingBatches,
    input_range: Range,
    directory: Path,
    seed: int,
    *,
    facts: dict[str, Any],
    sink: MetricSink | None,
) -> None:
    """`train_supernet` without the dataset.

    Args:
        facts: whatever else decides the result (JSON-serialisable); a checkpoint of other facts is not continued.
    """
    make_deterministic(seed)
    facts = {**facts, "options": asdict(options), "budgets": [asdict(budget) for budget in budgets], "seed": seed}
    facts |= {"space": [type(space).__name__, asdict(space)], "input_range": input_range, "versions": versions()}
    checkpoint = Checkpoint(directory / "checkpoint.npz", fingerprint(**facts))

    def finish_epoch(epoch: OneShotEpoch) -> None:
        if sink is not None:
            sink.log_metrics(epoch_metrics(epoch), epoch.epoch)

    supernet = supernet_of(space, input_range)
    training = OneShotTraining(supernet, options, budgets, batches, seed, checkpoint, finish_epoch)
    training.run()
    write_history(directory / "history.csv", training.history)
    save_weights(supernet, directory / "supernet.npz")
    checkpoint.remove()
