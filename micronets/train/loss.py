"""The loss of training, with or without a teacher."""

from typing import Any

import keras
import numpy as np
from keras import ops


class DistillationLoss(keras.losses.Loss):
    """(1 - weight) x cross-entropy with the labels + weight x T² x divergence from the teacher, both softened by T.

    The divergence is Kullback-Leibler's, 0 for a student that answers as its teacher. The factor T² keeps the gradients
    of both parts of one size (Hinton et al., arXiv 1503.02531, section 2).
    `y_true` holds class probabilities and the teacher's logits side by side: (batch, 2 x classes).
    """

    def __init__(self, weight: float, temperature: float, label_smoothing: float):
        super().__init__(name="distillation")
        self.weight = weight
        self.temperature = temperature
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        labels, teacher_logits = ops.split(y_true, 2, axis=-1)
        hard = keras.losses.categorical_crossentropy(
            labels, y_pred, from_logits=True, label_smoothing=self.label_smoothing
        )
        teacher = ops.softmax(teacher_logits / self.temperature)
        entropy = -ops.sum(teacher * ops.log_softmax(teacher_logits / self.temperature), axis=-1)
        soft = keras.losses.categorical_crossentropy(teacher, y_pred / self.temperature, from_logits=True) - entropy
        return (1.0 - self.weight) * hard + self.weight * self.temperature**2 * soft


class LabelAccuracy(keras.metrics.MeanMetricWrapper):
    """Share of logits whose greatest is the most probable label; reads `y_true` of any of the losses here."""

    def __init__(self, classes: int):
        super().__init__(fn=lambda y_true, y_pred: _hits(y_true, y_pred, classes), name="accuracy")


def _hits(y_true: Any, y_pred: Any, classes: int) -> Any:
    labels = ops.argmax(y_true[:, :classes], axis=-1)
    return ops.cast(ops.equal(labels, ops.argmax(y_pred, axis=-1)), "float32")


def targets(labels: np.ndarray, teacher_logits: np.ndarray | None) -> np.ndarray:
    """What the loss reads: class probabilities (batch, classes), beside the teacher's logits where there is one."""
    return labels if teacher_logits is None else np.concatenate([labels, teacher_logits], axis=-1)
