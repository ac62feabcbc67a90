"""The training step that changes the decisions of a supernet."""

from typing import Any

import keras
import numpy as np

from micronets.search.budget import Budget
from micronets.search.options import SearchOptions
from micronets.search.relaxation import penalty
from micronets.search.supernet import Supernet


class DecisionPhase(keras.Model):
    """Learns the logits of the decisions from the cross-entropy of sampled networks plus their `penalty`.

    The learning rate falls along a cosine to 0 over `steps`: as the gates harden, their gradients become few and large,
    and decisions taken at higher temperatures would drift at random.
    """

    def __init__(self, supernet: Supernet, options: SearchOptions, budget: Budget, steps: int):
        super().__init__(name="decisions")
        self.supernet = supernet
        self._budget = budget
        self._weight = options.architecture.penalty
        self.built = True
        schedule = keras.optimizers.schedules.CosineDecay(options.architecture.learning_rate, max(steps, 1))
        # Adam by default remembers 1,000 squared gradients: after a strong penalty nothing else would move for long. It
        # also remembers ten gradients: below the targets it would go on cheapening (0.5: DARTS, arXiv 1806.09055).
        optimiser = keras.optimizers.Adam(schedule, beta_1=0.5, beta_2=0.95)
        self.compile(
            optimiser,
            keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=["categorical_accuracy", keras.metrics.CategoricalCrossentropy(from_logits=True)],
            jit_compile=keras.backend.backend() == "jax",
        )
        optimiser.build(self.trainable_variables)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The logits alone."""
        return [self.supernet.decisions.logits]

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        return self.trainable_variables

    @property
    def non_trainable_variables(self) -> list[keras.Variable]:
        logits = self.supernet.decisions.logits
        return [variable for variable in self.variables if variable is not logits]

    @property
    def non_trainable_weights(self) -> list[keras.Variable]:
        return self.non_trainable_variables

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.supernet(inputs, training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
        return loss + self._weight * penalty(self.supernet.space, self.supernet.decisions, self._budget)

    def step(self, features: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Trains on one batch; returns its cross-entropy and accuracy (0 to 1) before the update."""
        logs = self.train_on_batch(features, labels, return_dict=True)
        return float(logs["categorical_crossentropy"]), float(logs["categorical_accuracy"])
