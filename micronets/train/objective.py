"""What a network is trained for: to name the class of its input, or to give the input back."""

from typing import Protocol

import keras
import numpy as np
from scipy.special import logsumexp

from micronets.layers.network import Network
from micronets.train.loss import DistillationLoss, LabelAccuracy, targets
from micronets.train.options import TrainingOptions


class Objective(Protocol):
    """The loss of a network, while training and on a fixed set."""

    def compile(self, network: Network, optimiser: keras.optimizers.Optimizer) -> None:
        """Gives the network its optimiser, loss and metrics; `train_on_batch` then takes what `targets` makes."""
        ...

    def targets(self, features: np.ndarray, labels: np.ndarray, teacher_outputs: np.ndarray | None) -> np.ndarray:
        """What the loss compares outputs with.

        Args:
            features: float32 (batch, height, width, channels).
            labels: class probabilities, float32 (batch, classes).
            teacher_outputs: float32 (batch, outputs), or None without a teacher.
        """
        ...

    def validate(self, outputs: np.ndarray, features: np.ndarray, classes: np.ndarray) -> tuple[float, float | None]:
        """Mean loss, without a teacher, of outputs (n, outputs) for features (n, height, width, channels) of classes
        (n,); and the share of right answers, None where answers are not right or wrong."""
        ...


def objective_of(network: Network, options: TrainingOptions, teaches: bool) -> Objective:
    """The objective that fits a network's outputs; `teaches`: whether there is a teacher."""
    if network.architecture.reconstructs:
        return Reconstruction(1.0 / network.input_gain)
    return Classification(options, teaches)


class Classification:
    """See `Objective`: cross-entropy with the classes, and with a teacher's softened answers where there is one."""

    def __init__(self, options: TrainingOptions, teaches: bool):
        self._options = options
        self._teaches = teaches

    def compile(self, network: Network, optimiser: keras.optimizers.Optimizer) -> None:
        smoothing = self._options.label_smoothing
        if self._teaches:
            distillation = self._options.distillation
            loss = DistillationLoss(distillation.weight, distillation.temperature, smoothing)
        else:
            loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
        metrics = [LabelAccuracy(network.architecture.classes)]
        network.compile(optimiser, loss, metrics=metrics, jit_compile=_jit_compile())

    def targets(self, features: np.ndarray, labels: np.ndarray, teacher_outputs: np.ndarray | None) -> np.ndarray:
        return targets(labels, teacher_outputs)

    def validate(self, outputs: np.ndarray, features: np.ndarray, classes: np.ndarray) -> tuple[float, float | None]:
        logits = outputs.astype(np.float64)
        losses = logsumexp(logits, axis=-1) - logits[np.arange(len(classes)), classes]
        return float(np.mean(losses)), float(np.mean(np.argmax(logits, axis=-1) == classes))


class Reconstruction:
    """See `Objective`: mean squared difference between input and output, as a share of the input's largest square."""

    def __init__(self, largest: float):
        self._weight = 1.0 / largest**2

    def compile(self, network: Network, optimiser: keras.optimizers.Optimizer) -> None:
        network.compile(optimiser, "mean_squared_error", loss_weights=self._weight, jit_compile=_jit_compile())

    def targets(self, features: np.ndarray, labels: np.ndarray, teacher_outputs: np.ndarray | None) -> np.ndarray:
        return features.reshape(len(features), -1)

    def validate(self, outputs: np.ndarray, features: np.ndarray, classes: np.ndarray) -> tuple[float, float | None]:
        differences = outputs.astype(np.float64) - features.reshape(outputs.shape)
        return float(self._weight * np.mean(differences**2)), None


def _jit_compile() -> bool:
    return keras.backend.backend() == "jax"
