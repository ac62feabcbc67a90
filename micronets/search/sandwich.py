"""Trains the shared weights of a supernet so that its networks are worth comparing.

Every step trains the widest network that fits and a few drawn at random from those that fit, on their own channels
only; they also learn from the widest one's answers (in-place distillation, as in BigNAS, arXiv 2003.11142). The
narrowest network, which the sandwich rule (arXiv 1903.05134) adds, is none that a search for one budget could return.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from micronets.backend import traces_shapes
from micronets.layers.batch_normalisation import Statistics
from micronets.search.options import SearchOptions
from micronets.search.space import Choice
from micronets.search.supernet import Supernet

NOT_DECAYED = ["gamma", "beta", "bias", "range"]
DISTILLED_SHARE = 0.5
"""Of the loss of every other network, that which it learns from the teaching one's answers at the end. It grows from 0:
at the beginning there is nothing to be learnt from them."""


class SandwichPhase(keras.Model):
    """The supernet as a model whose outputs are the logits of some of its networks, the teaching one first.

    Every step has networks of other shapes. Where one graph computes them all, their values are variables of it;
    elsewhere a step runs operation by operation.

    Args:
        networks: in every step, at least 2.
        steps: of the whole training; the learning rate falls along a cosine over them.
    """

    def __init__(self, supernet: Supernet, options: SearchOptions, networks: int, steps: int):
        super().__init__(name="sandwich")
        self.supernet = supernet
        self._networks = networks
        self._distilled_share = self.add_weight(shape=(), initializer="zeros", trainable=False, name="distilled_share")
        self._part = supernet.part_function(Statistics.BATCH)
        self._values: Sequence[Sequence[Any]] = ()
        self._traced_values = None
        if traces_shapes():
            shape = (networks, len(supernet.space.decisions))
            self._traced_values = self.add_weight(
                shape=shape, dtype="int32", initializer="zeros", trainable=False, name="values"
            )
        self.built = True
        schedule = keras.optimizers.schedules.CosineDecay(
            options.learning_rate, max(steps, 1), alpha=options.final_learning_rate
        )
        optimiser = keras.optimizers.AdamW(schedule, weight_decay=options.weight_decay)
        optimiser.exclude_from_weight_decay(var_names=NOT_DECAYED)
        self.compile(optimiser, run_eagerly=not traces_shapes(), jit_compile=False)
        optimiser.build(self.trainable_variables)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """Kernels, normalisation and ranges; not the decisions."""
        logits = self.supernet.decisions.logits
        return [variable for variable in self.supernet.trainable_variables if variable is not logits]

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        return self.trainable_variables

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        networks = self._values if self._traced_values is None else ops.unstack(self._traced_values)
        return ops.stack([self._part(values, inputs) for values in networks])

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        losses = [_cross_entropy(y, y_pred[0])]
        taught = ops.stop_gradient(ops.softmax(y_pred[0]))
        for index in range(1, self._networks):
            own, distilled = _cross_entropy(y, y_pred[index]), _cross_entropy(taught, y_pred[index])
            losses.append((1 - self._distilled_share) * own + self._distilled_share * distilled)
        return ops.mean(ops.stack(losses))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Cross-entropy and accuracy of the teaching network, and of the last one drawn."""
        found = {}
        for name, logits in (("upper", y_pred[0]), ("drawn", y_pred[self._networks - 1])):
            right = ops.equal(ops.argmax(logits, axis=-1), ops.argmax(y, axis=-1))
            found[f"{name}_loss"] = _cross_entropy(y, logits)
            found[f"{name}_accuracy"] = ops.mean(ops.cast(right, "float32"))
        return found

    def step(
        self, choices: Sequence[Choice], features: np.ndarray, labels: np.ndarray, progress: float = 0.0
    ) -> dict[str, float]:
        """Trains these networks on one batch; returns the metrics before the update.

        Args:
            progress: of the whole training, 0 to 1.
        """
        self._distilled_share.assign(DISTILLED_SHARE * progress)
        self._values = [self.supernet.values(choice) for choice in choices]
        if self._traced_values is not None:
            self._traced_values.assign(self._values)
        logs = self.train_on_batch(features, labels, return_dict=True)
        return {name: float(value) for name, value in logs.items()}


def _cross_entropy(targets: Any, logits: Any) -> Any:
    return -ops.mean(ops.sum(targets * ops.log_softmax(logits), axis=-1))
