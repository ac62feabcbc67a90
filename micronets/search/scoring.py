"""How good a network is with a supernet's shared weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from micronets.backend import traces_shapes
from micronets.layers.batch_normalisation import Statistics
from micronets.search.space import Choice
from micronets.search.supernet import Supernet

_BATCH = 256


@dataclass(frozen=True)
class HeldBackScore:
    """Of one network on held-back examples: mean cross-entropy, and accuracy (0 to 1)."""

    loss: float
    accuracy: float


class Scorer:
    """Scores networks on examples that the weights have not been trained on.

    Args:
        calibration: features (n, height, width, channels) by which the statistics of normalisation are taken anew for
            every network: those of another network, wider or deeper, are not its own.
        features, labels: held-back examples; labels are class probabilities (n, classes).
    """

    def __init__(self, supernet: Supernet, calibration: np.ndarray, features: np.ndarray, labels: np.ndarray):
        self._supernet = supernet
        self._calibration = ops.convert_to_tensor(calibration)
        self._record = supernet.part_function(Statistics.RECORD)
        self._answer = supernet.part_function(Statistics.KEPT)
        self._features = features
        self._labels = labels

    def score(self, choice: Choice) -> HeldBackScore:
        """Repeatable: nothing of it depends on what was scored before."""
        values: Any = self._supernet.values(choice)
        if traces_shapes():
            values = ops.convert_to_tensor(values, "int32")
        self._record(values, self._calibration)
        parts = np.split(self._features, range(_BATCH, len(self._features), _BATCH))
        answers = [ops.convert_to_numpy(self._answer(values, ops.convert_to_tensor(part))) for part in parts]
        return held_back_score(np.concatenate(answers), self._labels)


def held_back_score(outputs: np.ndarray, labels: np.ndarray) -> HeldBackScore:
    """Of logits (n, classes) against class probabilities (n, classes)."""
    logits = outputs.astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    likelihoods = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    right = logits.argmax(axis=1) == labels.argmax(axis=1)
    return HeldBackScore(float(-(labels * likelihoods).sum(axis=1).mean()), float(right.mean()))
