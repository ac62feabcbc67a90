"""The phases of a search, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import TrainingBatches
from micronets.search.budget import Budget
from micronets.search.candidates import score_generations
from micronets.search.evolution import ranked
from micronets.search.halving import Halving
from micronets.search.loop import SearchEpoch, SearchLoop
from micronets.search.one_shot import OneShotEpoch, OneShotTraining
from micronets.search.options import SearchOptions
from micronets.search.outputs import Found
from micronets.search.proposals import Proposal, drawn_evenly, drawn_from
from micronets.search.sampling import Sampler
from micronets.search.space import Choice, SearchSpace
from micronets.search.supernet import Supernet
from micronets.search.supernet_weights import load_weights
from micronets.search.supernets import supernet_of

_BEST_SHARE = 0.25
"""Of the networks that evolution has scored, those whose options are counted."""
_TRIES = 100
_PHASES = ("checkpoint", "candidates", "halving")


class Checkpoints:
    """One file in `directory` for every phase, all of the same fingerprint."""

    def __init__(self, directory: Path, fingerprint: str):
        self._of = {phase: Checkpoint(directory / f"{phase}.npz", fingerprint) for phase in _PHASES}

    @property
    def training(self) -> Checkpoint:
        """Of the shared weights, and of the decisions."""
        return self._of["checkpoint"]

    @property
    def candidates(self) -> Checkpoint:
        """Of the networks that were scored."""
        return self._of["candidates"]

    @property
    def halving(self) -> Checkpoint:
        """Of the networks that are trained alone."""
        return self._of["halving"]

    def remove(self) -> None:
        """Once the search is complete."""
        for checkpoint in self._of.values():
            checkpoint.remove()


@dataclass(frozen=True)
class Search:
    """What all phases work with.

    Attributes:
        batches: of the weights, and of the decisions or for scoring; of disjoint parts of the training split.
        on_epoch: called with every finished epoch.
        shared_weights: a file of weights that have been trained for several searches; None: this one learns its own.
    """

    space: SearchSpace
    budget: Budget
    options: SearchOptions
    batches: tuple[TrainingBatches, TrainingBatches]
    input_range: tuple[float, float]
    seed: int
    checkpoints: Checkpoints
    on_epoch: Callable[[SearchEpoch | OneShotEpoch], None]
    shared_weights: Path | None = None


def find(work: Search) -> Found:
    """Goes through the phases of the strategy (see `PHASES` in `options`)."""
    phases = work.options.strategy
    if "random" in phases:
        finalists = _drawn(work, work.options.halving.networks if "halving" in phases else 1)
        found = Found(finalists[0], _shares(work.space, finalists[:1]))
    else:
        found = _by_shared_weights(work)
        finalists = [candidate.choice for candidate in ranked(list(found.candidates))]
    if "halving" not in phases:
        return found
    halving = Halving(work.space, work.options, work.batches, work.input_range, work.seed, work.checkpoints.halving)
    choice = halving.run(finalists[: work.options.halving.networks])
    return replace(found, choice=choice, finalists=halving.history)


def _by_shared_weights(work: Search) -> Found:
    """Shared weights first, with decisions or without, then the best of the networks that are scored with them."""
    options, phases = work.options, work.options.strategy
    supernet = supernet_of(work.space, work.input_range)
    checkpoint = work.checkpoints.training
    propose: Proposal = drawn_evenly
    history: Sequence[SearchEpoch] | Sequence[OneShotEpoch]
    if "dnas" in phases:
        loop = SearchLoop(supernet, options, work.budget, *work.batches, work.seed, checkpoint, work.on_epoch)
        loop.run()
        probabilities = supernet.decisions.probabilities()
        propose, history, first = drawn_from(probabilities), loop.history, options.architecture.samples
    else:
        probabilities, history, first = [], _learn_weights(work, supernet), options.evolution.population
    candidates = score_generations(
        supernet,
        options.evolution,
        work.budget,
        work.batches,
        work.seed,
        work.checkpoints.candidates,
        first=first,
        propose=propose,
        generations=options.evolution.generations if "evolution" in phases else 1,
    )
    best = [candidate.choice for candidate in ranked(candidates)]
    counted = best[: max(round(_BEST_SHARE * len(best)), 1)]
    return Found(best[0], probabilities or _shares(work.space, counted), history, candidates)


def _learn_weights(work: Search, supernet: Supernet) -> Sequence[OneShotEpoch]:
    """Gives the supernet its weights; returns what there is to tell of it."""
    if work.shared_weights is not None:
        load_weights(supernet, work.shared_weights)
        return ()
    batches, _ = work.batches
    checkpoint = work.checkpoints.training
    training = OneShotTraining(supernet, work.options, [work.budget], batches, work.seed, checkpoint, work.on_epoch)
    training.run()
    return training.history


def _drawn(work: Search, count: int) -> list[Choice]:
    """Networks that use the budget, none twice while others are found."""
    sampler = Sampler(work.space, work.budget, np.random.default_rng(work.seed))
    drawn = dict.fromkeys(sampler.draw() for _ in range(count))
    for _ in range(_TRIES):
        if len(drawn) == count:
            break
        drawn[sampler.draw()] = None
    return list(drawn)


def _shares(space: SearchSpace, choices: Sequence[Choice]) -> list[np.ndarray]:
    """How often these networks take every option, float64 (options,) per decision."""
    return [
        np.bincount([choice[place] for choice in choices], minlength=len(decision.options)) / len(choices)
        for place, decision in enumerate(space.decisions)
    ]
