"""One phase of training: epochs over a stream, best network by validation, resumable after every epoch."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras
import numpy as np
from scipy.special import logsumexp

from micronets.checkpoint import Checkpoint
from micronets.data.dataset import Stream
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.progress import Progress
from micronets.train.loss import DistillationLoss, LabelAccuracy, targets
from micronets.train.options import TrainingOptions

logger = logging.getLogger(__name__)

EVALUATION_BATCH = 512
NOT_DECAYED = ["gamma", "beta", "bias", "range"]


@dataclass(frozen=True)
class Epoch:
    """One line of the training history; accuracies are shares, 0 to 1."""

    phase: str
    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


def logits_of(network: keras.Model, features: np.ndarray) -> np.ndarray:
    """Logits (clips, classes) for features (clips, height, width, channels), in batches."""
    batches = [
        network.predict_on_batch(features[start : start + EVALUATION_BATCH])
        for start in range(0, len(features), EVALUATION_BATCH)
    ]
    return np.concatenate(batches)


def evaluate(network: keras.Model, features: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy, and the share of clips whose greatest logit is that of their class."""
    logits = logits_of(network, features).astype(np.float64)
    losses = logsumexp(logits, axis=-1) - logits[np.arange(len(classes)), classes]
    return float(np.mean(losses)), float(np.mean(np.argmax(logits, axis=-1) == classes))


class Phase:
    """Trains `network` in place and leaves it with the weights of its best epoch, the one of least validation loss.

    The loss, because accuracy on a small validation split jumps about and would pick a lucky early epoch.

    Args:
        name: `float` or `quantised`; stands in the history.
        network: built, with the weights to start from.
        epochs: how many passes over the stream.
        learning_rate: peak of the schedule.
        checkpoint: where the state is kept between epochs.
        validation: features (clips, height, width, channels) and classes (clips,).
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
        stream: Stream,
        checkpoint: Checkpoint,
        validation: tuple[np.ndarray, np.ndarray],
        teacher: FrozenNetwork | None,
        on_epoch: Callable[[Epoch], None],
    ):
        self._name = name
        self._network = network
        self._epochs = epochs
        self._stream = stream
        self._checkpoint = checkpoint
        self._validation = validation
        self._teacher = teacher
        self._on_epoch = on_epoch
        self._optimiser = _optimiser(options, learning_rate, epochs, stream.steps_per_epoch)
        self._best: list[np.ndarray] = []
        self._least_loss = math.inf
        self.history: list[Epoch] = []
        if teacher is None:
            loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=options.label_smoothing)
        else:
            loss = DistillationLoss(
                options.distillation.weight, options.distillation.temperature, options.label_smoothing
            )
        network.compile(
            self._optimiser,
            loss,
            metrics=[LabelAccuracy(network.architecture.classes)],
            jit_compile=keras.backend.backend() == "jax",
        )
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
                note=f"loss {finished.loss:.3f}, accuracy {finished.accuracy:.1%}; validation: loss "
                f"{finished.validation_loss:.3f} (least {self._least_loss:.3f}), accuracy "
                f"{finished.validation_accuracy:.1%}"
            )
        if self._best:
            _assign(self._network.variables, self._best)

    def _run_epoch(self, epoch: int) -> Epoch:
        start = time.monotonic()
        batches = []
        for features, labels in self._stream.epoch(epoch):
            teacher_logits = None if self._teacher is None else self._teacher.predict_on_batch(features)
            logs = self._network.train_on_batch(features, targets(labels, teacher_logits), return_dict=True)
            batches.append((float(logs["loss"]), float(logs["accuracy"])))
        loss, accuracy = np.mean(batches, axis=0)
        return Epoch(
            self._name,
            epoch,
            float(self._optimiser.learning_rate),
            float(loss),
            float(accuracy),
            *evaluate(self._network, *self._validation),
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


def _values(variables: list[keras.Variable]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
