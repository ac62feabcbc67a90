"""One-shot search: shared weights of all networks, then evolution among those that fit; resumable at every step."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras
import numpy as np
from keras import ops

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import TrainingBatches
from micronets.progress import Progress
from micronets.search.budget import Budget
from micronets.search.evolution import Candidate, next_generation, ranked, run_generation
from micronets.search.options import SearchOptions
from micronets.search.sampling import Sampler
from micronets.search.sandwich import SandwichPhase
from micronets.search.scoring import HeldBackScore, Scorer
from micronets.search.space import Choice
from micronets.search.supernet import Supernet

logger = logging.getLogger(__name__)

_CALIBRATION_EXAMPLES = 512
_SMALLEST_DRAWN = 0.5
"""Share of the budget from which networks are drawn to be trained."""
_EVOLUTION_STREAM = 0xE701


@dataclass(frozen=True)
class OneShotEpoch:
    """One line of the history; losses are cross-entropies on the training part, accuracies shares of 1.

    Attributes:
        upper_loss, upper_accuracy: of the network that teaches the others (see `Sampler.evenly_wide`).
        drawn_loss, drawn_accuracy: of networks drawn near the budget.
    """

    epoch: int
    learning_rate: float
    upper_loss: float
    upper_accuracy: float
    drawn_loss: float
    drawn_accuracy: float
    seconds: float


class OneShotSearch:
    """Trains the shared weights of `supernet` in place, then looks for the best network that fits.

    Args:
        weight_batches, held_back_batches: batches of two disjoint parts of the training split.
        seed: of all draws.
        checkpoint: where the state is kept after every epoch and every generation.
        on_epoch: called with every finished epoch.
    """

    def __init__(
        self,
        supernet: Supernet,
        options: SearchOptions,
        budget: Budget,
        weight_batches: TrainingBatches,
        held_back_batches: TrainingBatches,
        seed: int,
        checkpoint: Checkpoint,
        on_epoch: Callable[[OneShotEpoch], None],
    ):
        self._supernet = supernet
        self._options = options
        self._budget = budget
        self._weight_batches = weight_batches
        self._held_back_batches = held_back_batches
        self._seed = seed
        self._checkpoint = checkpoint
        self._on_epoch = on_epoch
        self._phase = SandwichPhase(
            supernet,
            options,
            1 + options.evolution.networks_per_step,
            options.epochs * weight_batches.steps_per_epoch,
        )
        self.history: list[OneShotEpoch] = []
        self.candidates: list[Candidate] = []

    def run(self) -> Choice:
        """The best network; goes on after the last finished epoch or generation."""
        self._restore()
        self._train()
        self._evolve()
        return ranked(self.candidates)[0].choice

    def _train(self) -> None:
        epochs, done = self._options.epochs, len(self.history)
        progress = Progress(logger, "epochs of shared weights", epochs, done, interval_s=0.0)
        for epoch in range(done, epochs):
            finished = self._run_epoch(epoch)
            self.history.append(finished)
            self._save()
            self._on_epoch(finished)
            progress.advance(
                note=f"teaching: loss {finished.upper_loss:.3f}, accuracy {finished.upper_accuracy:.1%}; near the "
                f"budget: loss {finished.drawn_loss:.3f}, accuracy {finished.drawn_accuracy:.1%}"
            )

    def _run_epoch(self, epoch: int) -> OneShotEpoch:
        start = time.monotonic()
        generator = np.random.default_rng((self._seed, epoch))
        sampler = Sampler(self._supernet.space, self._budget, generator)
        teaching = sampler.evenly_wide()
        learning_rate = float(self._phase.optimizer.learning_rate)
        logs = []
        for features, labels in self._weight_batches.epoch(epoch):
            shares = generator.uniform(_SMALLEST_DRAWN, 1.0, self._options.evolution.networks_per_step - 1)
            drawn = [sampler.draw(share) for share in shares]
            networks = (teaching, *drawn, sampler.draw())
            logs.append(self._phase.step(networks, features, labels, epoch / self._options.epochs))
        mean = {name: float(np.mean([log[name] for log in logs])) for name in logs[0] if name != "loss"}
        return OneShotEpoch(epoch, learning_rate, **mean, seconds=round(time.monotonic() - start, 3))

    def _evolve(self) -> None:
        options = self._options.evolution
        scorer = self._scorer()
        done = 1 + max((candidate.generation for candidate in self.candidates), default=-1)
        progress = Progress(logger, "generations", options.generations, done, interval_s=0.0)
        for generation in range(done, options.generations):
            generator = np.random.default_rng((self._seed, _EVOLUTION_STREAM, generation))
            sampler = Sampler(self._supernet.space, self._budget, generator)
            choices = next_generation(self.candidates, options.population, options.parents, sampler, generator)
            self.candidates += run_generation(choices, generation, sampler, scorer.score)
            self._save()
            best = ranked(self.candidates)[0]
            progress.advance(
                note=f"{len(self.candidates)} networks scored; best: loss {best.score.loss:.3f}, accuracy "
                f"{best.score.accuracy:.1%}, {best.use:.0%} of the budget"
            )

    def _scorer(self) -> Scorer:
        calibration, _ = _gather(self._weight_batches, _CALIBRATION_EXAMPLES)
        features, labels = _gather(self._held_back_batches, self._options.evolution.examples)
        return Scorer(self._supernet, calibration, features, labels)

    def _variables(self) -> dict[str, list[keras.Variable]]:
        return {"supernet": self._supernet.variables, "optimiser": self._phase.optimizer.variables}

    def _save(self) -> None:
        groups = {
            group: [np.array(ops.convert_to_numpy(variable)) for variable in variables]
            for group, variables in self._variables().items()
        }
        notes = {
            "history": [asdict(epoch) for epoch in self.history],
            "candidates": [asdict(candidate) for candidate in self.candidates],
        }
        self._checkpoint.save(groups, notes)

    def _restore(self) -> None:
        state = self._checkpoint.load()
        if state is None:
            return
        groups, notes = state
        for group, variables in self._variables().items():
            for variable, value in zip(variables, groups[group], strict=True):
                variable.assign(value)
        self.history = [OneShotEpoch(**epoch) for epoch in notes["history"]]
        self.candidates = [
            Candidate(**{**entry, "choice": tuple(entry["choice"]), "score": HeldBackScore(**entry["score"])})
            for entry in notes["candidates"]
        ]
        logger.info("going on after epoch %d and %d scored networks", len(self.history), len(self.candidates))


def _gather(batches: TrainingBatches, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """The first examples of the batches, epoch by epoch; always the same."""
    features: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    count, epoch = 0, 0
    while count < examples:
        for some, classes in batches.epoch(epoch):
            features.append(some)
            labels.append(classes)
            count += len(some)
            if count >= examples:
                break
        epoch += 1
    return np.concatenate(features)[:examples], np.concatenate(labels)[:examples]
