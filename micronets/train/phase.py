"""One phase of training: epochs over training batches, best network by validation, resumable after every epoch."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras
import numpy as np

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import TrainingBatches
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.progress import Progress
from micronets.train.objective import objective_of
from micronets.train.options import TrainingOptions

logger = logging.getLogger(__name__)

EVALUATION_BATCH = 256
NOT_DECAYED = ["gamma", "beta", "bias", "range"]


@dataclass(frozen=True)
class Epoch:
    """One line of the training history; accuracies are shares, 0 to 1, None where nothing is right or wrong."""

    phase: str
    epoch: int
    learning_rate: float
    loss: float
    accuracy: float | None
    validation_loss: float
    validation_accuracy: float | None
    seconds: float


def outputs_of(network: keras.Model, features: np.ndarray) -> np.ndarray:
    """Outputs, float32 (n, outputs), for features (n, height, width, channels), in batches.

    All are of one size, the last filled up with zeros: for another size the backend would trace the network again.
    """
    outputs = []
    for start in range(0, len(features), EVALUATION_BATCH):
        batch = np.zeros((EVALUATION_BATCH, *features.shape[1:]), np.float32)
        given = features[start : start + EVALUATION_BATCH]
        batch[: len(given)] = given
        outputs.append(network.predict_on_batch(batch)[: len(given)])
    return np.concatenate(outputs)


class Phase:
    """Trains `network` in place and leaves it with the weights of its best epoch, the one of least validation loss.

    The loss, because accuracy on a small validation split jumps about and would pick a lucky early epoch.

    Args:
        name: `float` or `quantised`; stands in the history.
        network: built, with the weights to start from.
        epochs: how many passes over the training batches.
        learning_rate: peak of the schedule.
        checkpoint: where the state is kept between epochs.
        validation: features (n, height, width, channels) and classes (n,).
        teacher: gives the soft labels, or None.
        on_epoch: called with every finished `Epoch`.
    """

    def __init__(
        self,
        name: str,
        network: Network,
        *,
        epochs: int,
        learning_rate: float,
        options: TrainingOptions,
        batches: TrainingBatches,
        checkpoint: Checkpoint,
        validation: tuple[np.ndarray, np.ndarray],
        teacher: FrozenNetwork | None,
        on_epoch: Callable[[Epoch], None],
    ):
        self._name = name
        self._network = network
        self._epochs = epochs
        self._batches = batches
        self._checkpoint = checkpoint
        self._validation = validation
        self._teacher = teacher
        self._on_epoch = on_epoch
        self._optimiser = _optimiser(options, learning_rate, epochs, batches.steps_per_epoch)
        self._best: list[np.ndarray] = []
        self._least_loss = math.inf
        self.history: list[Epoch] = []
        self._objective = objective_of(network, options, teaches=teacher is not None)
        self._objective.compile(network, self._optimiser)
        self._optimiser.build(network.trainable_variables)

    def run(self) -> None:
        """Goes through the epochs that are left."""
        self._restore()
        done = len(self.history)
        if done:
            logger.info("%s phase: going on after epoch %d", self._name, done)
        progress = Progress(logger, f"{self._name} epochs", self._epochs, done, interval_s=0.0)
        for epoch in range(done, self._epochs):
            finished = self._run_epoch(epoch)
            self.history.append(finished)
            if finished.validation_loss <= self._least_loss:
                self._least_loss = finished.validation_loss
                self._best = _values(self._network.variables)
            self._save()
            self._on_epoch(finished)
            progress.advance(
                note=f"loss {finished.loss:.3g}{_accuracy(finished.accuracy)}; "
                f"validation: loss {finished.validation_loss:.3g}{_accuracy(finished.validation_accuracy)}"
            )
        if self._best:
            _assign(self._network.variables, self._best)

    def _run_epoch(self, epoch: int) -> Epoch:
        start = time.monotonic()
        figures = []
        for features, labels in self._batches.epoch(epoch):
            taught = None if self._teacher is None else self._teacher.predict_on_batch(features)
            goals = self._objective.targets(features, labels, taught)
            logs = self._network.train_on_batch(features, goals, return_dict=True)
            figures.append((float(logs["loss"]), float(logs.get("accuracy", math.nan))))
        loss, accuracy = np.mean(figures, axis=0).tolist()
        features, classes = self._validation
        return Epoch(
            self._name,
            epoch,
            float(self._optimiser.learning_rate),
            loss,
            None if math.isnan(accuracy) else accuracy,
            *self._objective.validate(outputs_of(self._network, features), features, classes),
            round(time.monotonic() - start, 3),
        )

    def _save(self) -> None:
        self._checkpoint.save(
            {
                "network": _values(self._network.variables),
                "optimiser": _values(self._optimiser.variables),
                "best": self._best,
            },
            {"least_loss": self._least_loss, "history": [asdict(epoch) for epoch in self.history]},
        )

    def _restore(self) -> None:
        state = self._checkpoint.load()
        if state is None:
            return
        groups, notes = state
        _assign(self._network.variables, groups["network"])
        _assign(self._optimiser.variables, groups["optimiser"])
        self._best = groups["best"]
        self._least_loss = notes["least_loss"]
        self.history = [Epoch(**epoch) for epoch in notes["history"]]


def _optimiser(options: TrainingOptions, peak: float, epochs: int, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    warmup = min(options.warmup_epochs, epochs // 2) * steps_per_epoch
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else peak,
        decay_steps=max(epochs * steps_per_epoch - warmup, 1),
        alpha=options.final_learning_rate,
        warmup_target=peak if warmup else None,
        warmup_steps=warmup,
    )
    optimiser = keras.optimizers.AdamW(schedule, weight_decay=options.weight_decay)
    optimiser.exclude_from_weight_decay(var_names=NOT_DECAYED)
    return optimiser


def _accuracy(share: float | None) -> str:
    return "" if share is None else f", {share:.1%} right"


def _values(variables: list[keras.Variable]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
