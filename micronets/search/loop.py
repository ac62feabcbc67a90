"""Differentiable search: epochs of alternating weight and architecture steps, resumable after every epoch."""

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import keras
import numpy as np
from keras import ops

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import TrainingBatches
from micronets.progress import Progress
from micronets.search.budget import OPS_PER_MOP, Budget
from micronets.search.decision_phase import DecisionPhase
from micronets.search.options import SearchOptions
from micronets.search.proposals import Proposal, drawn_evenly, drawn_from
from micronets.search.relaxation import gumbel_noise, penalty, temperature_at
from micronets.search.sampling import Sampler
from micronets.search.sandwich import SandwichPhase
from micronets.search.space import Choice
from micronets.search.supernet import Supernet

logger = logging.getLogger(__name__)

_NETWORKS_STREAM = 0xD4A5


@dataclass(frozen=True)
class SearchEpoch:
    """One line of the search history, after the epoch; losses are cross-entropies, accuracies shares of 1.

    Attributes:
        weight_loss, weight_accuracy: of networks drawn from the decisions, and made to fit, on the part of the training
            split that weights are learnt on.
        architecture_loss, architecture_accuracy: on the part of the training split that the decisions are learnt on, by
            sampled networks; None while warming up.
        penalty: of the last network that was sampled (see `penalty`).
        flash_bytes, sram_bytes, mops: expected costs; `max_*` are the targets (None: there is none).
        certainty: mean over the decisions of the probability of the likeliest option.
    """

    epoch: int
    temperature: float
    learning_rate: float
    weight_loss: float
    weight_accuracy: float
    architecture_loss: float | None
    architecture_accuracy: float | None
    penalty: float
    flash_bytes: float
    max_flash_bytes: int
    sram_bytes: float
    max_sram_bytes: int
    mops: float
    max_mops: float | None
    certainty: float
    seconds: float


class SearchLoop:
    """Trains `supernet` and its decisions in place.

    Args:
        weight_batches, decision_batches: batches of two disjoint parts of the training split.
        seed: of the Gumbel noise.
        checkpoint: where the state is kept between epochs.
        on_epoch: called with every finished epoch.
    """

    def __init__(
        self,
        supernet: Supernet,
        options: SearchOptions,
        budget: Budget,
        weight_batches: TrainingBatches,
        decision_batches: TrainingBatches,
        seed: int,
        checkpoint: Checkpoint,
        on_epoch: Callable[[SearchEpoch], None],
    ):
        self._supernet = supernet
        self._options = options
        self._budget = budget
        self._weight_batches = weight_batches
        self._decision_batches = decision_batches
        self._seed = seed
        self._checkpoint = checkpoint
        self._on_epoch = on_epoch
        networks = 1 + options.evolution.networks_per_step
        self._weights = SandwichPhase(supernet, options, networks, options.epochs * weight_batches.steps_per_epoch)
        architecture_epochs = options.epochs - options.warmup_epochs
        self._decisions = DecisionPhase(
            supernet, options, budget, architecture_epochs * decision_batches.steps_per_epoch
        )
        self.history: list[SearchEpoch] = []

    def run(self) -> None:
        """Goes through the epochs that are left."""
        self._restore()
        epochs, done = self._options.epochs, len(self.history)
        if done:
            logger.info("going on after epoch %d", done)
        progress = Progress(logger, "search epochs", epochs, done, interval_s=0.0)
        for epoch in range(done, epochs):
            finished = self._run_epoch(epoch)
            self.history.append(finished)
            self._save()
            self._on_epoch(finished)
            progress.advance(note=_describe(finished))

    def _run_epoch(self, epoch: int) -> SearchEpoch:
        start = time.monotonic()
        options, decisions = self._options, self._supernet.decisions
        warm = max(epoch - options.warmup_epochs, 0)
        temperature = temperature_at(
            warm,
            options.epochs - options.warmup_epochs,
            options.architecture.first_temperature,
            options.architecture.last_temperature,
        )
        decisions.temperature.assign(temperature)
        learning_rate = float(self._weights.optimizer.learning_rate)
        networks = self._networks(epoch)
        weight_logs: list[tuple[float, float]] = []
        architecture_logs: list[tuple[float, float]] = []
        for step, (phase, (features, labels)) in enumerate(self._steps(epoch)):
            if isinstance(phase, SandwichPhase):
                logs = phase.step(next(networks), features, labels, epoch / options.epochs)
                weight_logs.append((logs["drawn_loss"], logs["drawn_accuracy"]))
            else:
                decisions.noise.assign(gumbel_noise(decisions.size, self._seed, epoch, step))
                architecture_logs.append(phase.step(features, labels))
        expected = decisions.expected_costs(self._supernet.space)
        weight_loss, weight_accuracy = np.mean(weight_logs, axis=0).tolist()
        architecture_loss, architecture_accuracy = (
            np.mean(architecture_logs, axis=0).tolist() if architecture_logs else (None, None)
        )
        max_ops = self._budget.max_ops
        return SearchEpoch(
            epoch=epoch,
            temperature=temperature,
            learning_rate=learning_rate,
            weight_loss=weight_loss,
            weight_accuracy=weight_accuracy,
            architecture_loss=architecture_loss,
            architecture_accuracy=architecture_accuracy,
            penalty=float(penalty(self._supernet.space, decisions, self._budget)),
            flash_bytes=float(expected.flash_bytes),
            max_flash_bytes=self._budget.flash_bytes,
            sram_bytes=self._budget.planned_share * max(float(live) for live in expected.live_bytes),
            max_sram_bytes=self._budget.sram_bytes,
            mops=float(expected.ops) / OPS_PER_MOP,
            max_mops=None if max_ops is None else max_ops / OPS_PER_MOP,
            certainty=float(np.mean([part.max() for part in decisions.probabilities()])),
            seconds=round(time.monotonic() - start, 3),
        )

    def _networks(self, epoch: int) -> Iterator[list[Choice]]:
        """For every weight step: the widest that fits, and some drawn from the decisions as they are by then; from all
        that use the budget in the warm-up."""
        generator = np.random.default_rng((self._seed, _NETWORKS_STREAM, epoch))
        sampler = Sampler(self._supernet.space, self._budget, generator)
        teaching, count = sampler.evenly_wide(), self._options.evolution.networks_per_step
        while True:
            propose: Proposal = drawn_evenly
            if epoch >= self._options.warmup_epochs:
                propose = drawn_from(self._supernet.decisions.probabilities())
            yield [teaching, *(propose(sampler, generator) for _ in range(count))]

    def _steps(self, epoch: int) -> Iterator[tuple[SandwichPhase | DecisionPhase, tuple[np.ndarray, np.ndarray]]]:
        """All batches of both, architecture steps spread evenly between weight steps; none in the warm-up."""
        weight_steps, architecture_steps = self._weight_batches.steps_per_epoch, 0
        architecture_batches: Iterator[tuple[np.ndarray, np.ndarray]] = iter(())
        if epoch >= self._options.warmup_epochs:
            architecture_steps = self._decision_batches.steps_per_epoch
            architecture_batches = self._decision_batches.epoch(epoch)
        taken = 0
        for step, batch in enumerate(self._weight_batches.epoch(epoch), start=1):
            yield self._weights, batch
            due = step * architecture_steps // weight_steps
            for architecture_batch in itertools.islice(architecture_batches, due - taken):
                yield self._decisions, architecture_batch
            taken = due

    def _variables(self) -> dict[str, list[keras.Variable]]:
        return {
            "supernet": self._supernet.variables,
            "weight_optimiser": self._weights.optimizer.variables,
            "architecture_optimiser": self._decisions.optimizer.variables,
        }

    def _save(self) -> None:
        groups = {
            group: [np.array(ops.convert_to_numpy(variable)) for variable in variables]
            for group, variables in self._variables().items()
        }
        self._checkpoint.save(groups, {"history": [asdict(epoch) for epoch in self.history]})

    def _restore(self) -> None:
        state = self._checkpoint.load()
        if state is None:
            return
        groups, notes = state
        for group, variables in self._variables().items():
            for variable, value in zip(variables, groups[group], strict=True):
                variable.assign(value)
        self.history = [SearchEpoch(**epoch) for epoch in notes["history"]]


def _describe(epoch: SearchEpoch) -> str:
    """Accuracies are those on the weights' part of the training split and, once it is used, on the decisions'."""
    of_decisions = "" if epoch.architecture_accuracy is None else f" and {epoch.architecture_accuracy:.1%}"
    return (
        f"loss {epoch.weight_loss:.3g}, accuracy {epoch.weight_accuracy:.1%}{of_decisions}, "
        f"flash {epoch.flash_bytes / epoch.max_flash_bytes:.0%}, SRAM {epoch.sram_bytes / epoch.max_sram_bytes:.0%}, "
        f"{epoch.mops:.1f} Mops"
    )
