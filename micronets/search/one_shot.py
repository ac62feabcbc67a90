"""One-shot search: shared weights of all networks that fit, trained together; resumable after every epoch."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import keras
import numpy as np
from keras import ops

from micronets.checkpoint import Checkpoint
from micronets.costs import costs
from micronets.data.dataset import TrainingBatches
from micronets.progress import Progress
from micronets.search.budget import Budget
from micronets.search.options import SearchOptions
from micronets.search.sampling import Sampler
from micronets.search.sandwich import SandwichPhase
from micronets.search.space import Choice
from micronets.search.supernet import Supernet

logger = logging.getLogger(__name__)

_SMALLEST_DRAWN = 0.5
"""Share of the budget from which networks are drawn to be trained."""


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


class OneShotTraining:
    """Trains the shared weights of `supernet` in place.

    Args:
        budgets: that networks are drawn for; of several, each network for any of them.
        batches: of the part of the training split that the weights are learnt on.
        seed: of all draws.
        checkpoint: where the state is kept after every epoch.
        on_epoch: called with every finished epoch.
    """

    def __init__(
        self,
        supernet: Supernet,
        options: SearchOptions,
        budgets: Sequence[Budget],
        batches: TrainingBatches,
        seed: int,
        checkpoint: Checkpoint,
        on_epoch: Callable[[OneShotEpoch], None],
    ):
        self._supernet = supernet
        self._options = options
        self._budgets = budgets
        self._batches = batches
        self._seed = seed
        self._checkpoint = checkpoint
        self._on_epoch = on_epoch
        self._phase = SandwichPhase(
            supernet,
            options,
            1 + options.evolution.networks_per_step,
            options.epochs * batches.steps_per_epoch,
        )
        self.history: list[OneShotEpoch] = []

    def run(self) -> None:
        """Goes through the epochs that are left."""
        self._restore()
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
        samplers = [Sampler(self._supernet.space, budget, generator) for budget in self._budgets]
        teaching = self._dearest([sampler.evenly_wide() for sampler in samplers])
        learning_rate = float(self._phase.optimizer.learning_rate)
        logs = []
        for features, labels in self._batches.epoch(epoch):
            drawn = _draw(samplers, self._options.evolution.networks_per_step, generator)
            logs.append(self._phase.step((teaching, *drawn), features, labels, epoch / self._options.epochs))
        mean = {name: float(np.mean([log[name] for log in logs])) for name in logs[0] if name != "loss"}
        return OneShotEpoch(epoch, learning_rate, **mean, seconds=round(time.monotonic() - start, 3))

    def _dearest(self, choices: Sequence[Choice]) -> Choice:
        """Of most operations."""
        space = self._supernet.space
        return max(choices, key=lambda choice: costs(space.architecture("teaching", choice)).ops)

    def _variables(self) -> dict[str, list[keras.Variable]]:
        return {"supernet": self._supernet.variables, "optimiser": self._phase.optimizer.variables}

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
        self.history = [OneShotEpoch(**epoch) for epoch in notes["history"]]
        logger.info("going on after epoch %d", len(self.history))


def _draw(samplers: Sequence[Sampler], count: int, generator: np.random.Generator) -> list[Choice]:
    """So many networks, the last one near its budget, the others between half and the whole of theirs."""
    shares = [*generator.uniform(_SMALLEST_DRAWN, 1.0, count - 1), 1.0]
    places = generator.integers(len(samplers), size=count) if len(samplers) > 1 else np.zeros(count, np.int64)
    return [samplers[place].draw(share) for place, share in zip(places, shares, strict=True)]
