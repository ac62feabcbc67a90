"""The two kinds of training step: one changes the weights of the supernet, the other its decisions."""

from typing import Any

import keras
import numpy as np

from micronets.search.budget import Budget
from micronets.search.options import SearchOptions
from micronets.search.relaxation import penalty
from micronets.search.supernet import Supernet

NOT_DECAYED = ["gamma", "beta", "bias", "range"]


class SupernetPhase(keras.Model):
    """The supernet as a model of its own whose trainable variables are only `learnt`."""

    def __init__(self, supernet: Supernet, learnt: list[keras.Variable], optimiser: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supernet = supernet
        self._learnt = frozenset(id(variable) for variable in learnt)
        self.built = True
        self.compile(
            optimiser,
            keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=["categorical_accuracy", keras.metrics.CategoricalCrossentropy(from_logits=True)],
            jit_compile=keras.backend.backend() == "jax",
        )
        optimiser.build(self.trainable_variables)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        return [variable for variable in self.variables if id(variable) in self._learnt]

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        return self.trainable_variables

    @property
    def non_trainable_variables(self) -> list[keras.Variable]:
        return [variable for variable in self.variables if id(variable) not in self._learnt]

    @property
    def non_trainable_weights(self) -> list[keras.Variable]:
        return [variable for variable in self.weights if id(variable) not in self._learnt]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.supernet(inputs, training=training)

    def step(self, features: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Trains on one batch; returns its cross-entropy and accuracy (0 to 1) before the update."""
        logs = self.train_on_batch(features, labels, return_dict=True)
        return float(logs["categorical_crossentropy"]), float(logs["categorical_accuracy"])


class WeightPhase(SupernetPhase):
    """Learns kernels, normalisation and ranges; the learning rate falls along a cosine over `steps`."""

    def __init__(self, supernet: Supernet, options: SearchOptions, steps: int):
        schedule = keras.optimizers.schedules.CosineDecay(
            options.learning_rate, max(steps, 1), alpha=options.final_learning_rate
        )
        optimiser = keras.optimizers.AdamW(schedule, weight_decay=options.weight_decay)
        optimiser.exclude_from_weight_decay(var_names=NOT_DECAYED)
        logits = supernet.decisions.logits
        weights = [variable for variable in supernet.trainable_variables if variable is not logits]
        super().__init__(supernet, weights, optimiser, name="weights")


class ArchitecturePhase(SupernetPhase):
    """Learns the logits of the decisions from cross-entropy plus the penalty for exceeding the budget.

    The learning rate falls along a cosine to 0 over `steps`: as the gates harden, their gradients become few and large,
    and decisions taken at higher temperatures would drift at random.
    """

    def __init__(self, supernet: Supernet, options: SearchOptions, budget: Budget, steps: int):
        schedule = keras.optimizers.schedules.CosineDecay(options.architecture.learning_rate, max(steps, 1))
        # Adam by default remembers 1,000 squared gradients: after a strong penalty nothing else would move for long. It
        # also remembers ten gradients: below the targets it would go on cheapening (0.5: DARTS, arXiv 1806.09055).
        optimiser = keras.optimizers.Adam(schedule, beta_1=0.5, beta_2=0.95)
        super().__init__(supernet, [supernet.decisions.logits], optimiser, name="architecture")
        self._budget = budget
        self._weight = options.architecture.penalty

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
        return loss + self._weight * penalty(self.supernet.space, self.supernet.decisions, self._budget)
