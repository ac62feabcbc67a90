"""Successive halving: a few networks are trained alone, side by side, and the worse half leaves after every rung."""

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import keras
import numpy as np

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import TrainingBatches
from micronets.layers.network import Network
from micronets.progress import Progress
from micronets.search.candidates import first_examples
from micronets.search.options import SearchOptions
from micronets.search.sandwich import NOT_DECAYED
from micronets.search.scoring import HeldBackScore, held_back_score
from micronets.search.space import Choice, SearchSpace

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """One network after one rung.

    Attributes:
        network: its place among the finalists; rung: from 0.
    """

    network: int
    rung: int
    score: HeldBackScore


class Halving:
    """Trains finalists alone, quantised from the start.

    Args:
        batches: of training, and held back for the scores.
        seed: of the first weights.
        checkpoint: where the state is kept after every network of a rung.
    """

    def __init__(
        self,
        space: SearchSpace,
        options: SearchOptions,
        batches: tuple[TrainingBatches, TrainingBatches],
        input_range: tuple[float, float],
        seed: int,
        checkpoint: Checkpoint,
    ):
        self._space = space
        self._options = options
        self._batches = batches
        self._input_range = input_range
        self._seed = seed
        self._checkpoint = checkpoint
        self.history: list[Trained] = []

    def run(self, finalists: Sequence[Choice]) -> Choice:
        """The best of the last rung; goes on after the last network that was trained in a rung."""
        held_back = first_examples(self._batches[1], self._options.evolution.examples)
        rungs = max(math.ceil(math.log2(len(finalists))), 1)
        networks = [self._network(index, choice, rungs) for index, choice in enumerate(finalists)]
        self._restore(networks)
        alive = list(range(len(finalists)))
        for rung in range(rungs):
            progress = Progress(logger, f"networks of rung {rung + 1}", len(alive), interval_s=0.0)
            for index in alive:
                score = self._trained(networks, index, rung, held_back)
                progress.advance(note=f"loss {score.loss:.3f}, accuracy {score.accuracy:.1%}")
            order = sorted(alive, key=lambda index: self._score(index, rung).loss)
            alive = sorted(order[: math.ceil(len(order) / 2)])
        return finalists[alive[0]]

    def _network(self, index: int, choice: Choice, rungs: int) -> Network:
        # Whatever was computed before, or was not because it had been: the same weights to begin with.
        keras.utils.set_random_seed(1000 * self._seed + index)
        architecture = self._space.architecture(f"finalist-{index}", choice)
        network = Network(architecture, self._input_range, quantised=True)
        options = self._options
        steps = rungs * options.halving.epochs * self._batches[0].steps_per_epoch
        schedule = keras.optimizers.schedules.CosineDecay(
            options.learning_rate, max(steps, 1), alpha=options.final_learning_rate
        )
        optimiser = keras.optimizers.AdamW(schedule, weight_decay=options.weight_decay)
        optimiser.exclude_from_weight_decay(var_names=NOT_DECAYED)
        network.compile(optimiser, keras.losses.CategoricalCrossentropy(from_logits=True))
        optimiser.build(network.trainable_variables)
        return network

    def _trained(
        self, networks: list[Network], index: int, rung: int, held_back: tuple[np.ndarray, np.ndarray]
    ) -> HeldBackScore:
        known = [entry.score for entry in self.history if (entry.network, entry.rung) == (index, rung)]
        if known:
            return known[0]
        epochs = self._options.halving.epochs
        for epoch in range(rung * epochs, (rung + 1) * epochs):
            for features, labels in self._batches[0].epoch(epoch):
                networks[index].train_on_batch(features, labels)
        features, labels = held_back
        score = held_back_score(networks[index].predict(features, verbose=0), labels)
        self.history.append(Trained(index, rung, score))
        self._save(networks)
        return score

    def _score(self, index: int, rung: int) -> HeldBackScore:
        return next(entry.score for entry in self.history if (entry.network, entry.rung) == (index, rung))

    def _save(self, networks: list[Network]) -> None:
        groups = {
            f"network {index}": [np.array(keras.ops.convert_to_numpy(variable)) for variable in _state(network)]
            for index, network in enumerate(networks)
        }
        self._checkpoint.save(groups, {"history": [asdict(entry) for entry in self.history]})

    def _restore(self, networks: list[Network]) -> None:
        state = self._checkpoint.load()
        if state is None:
            return
        groups, notes = state
        for index, network in enumerate(networks):
            for variable, value in zip(_state(network), groups[f"network {index}"], strict=True):
                variable.assign(value)
        self.history = [Trained(**{**entry, "score": HeldBackScore(**entry["score"])}) for entry in notes["history"]]
        logger.info("going on after %d trained networks", len(self.history))


def _state(network: Network) -> list[keras.Variable]:
    return [*network.variables, *network.optimizer.variables]
