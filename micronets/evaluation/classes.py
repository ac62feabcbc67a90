"""Examples that each belong to one class."""

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np

from micronets.evaluation.score import NORMAL_QUANTILE, Score


@dataclass(frozen=True, eq=False)
class ClassTruth:
    """See `Truth`; `classes` holds class indices, int64 (n,)."""

    kind: ClassVar[str] = "classes"
    metric: ClassVar[str] = "accuracy"
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def scores(self, inputs: np.ndarray, outputs: np.ndarray) -> dict[str, Score]:
        """`accuracy`: share of examples whose greatest logit, the first of equals, is that of their class."""
        return {"accuracy": share_score(int(np.sum(outputs.argmax(axis=1) == self.classes)), len(self))}

    def select(self, rows: np.ndarray) -> "ClassTruth":
        return ClassTruth(self.classes[rows])

    def relabelled(self, places: np.ndarray, labels: int) -> "ClassTruth":
        return ClassTruth(places[self.classes])

    def arrays(self) -> dict[str, np.ndarray]:
        return {"classes": self.classes}


def share_score(right: int, count: int) -> Score:
    """right/count with its Wilson score interval (Wilson 1927)."""
    share, squared = right / count, NORMAL_QUANTILE**2
    centre = (share + squared / (2 * count)) / (1 + squared / count)
    reach = NORMAL_QUANTILE / (1 + squared / count) * sqrt(share * (1 - share) / count + squared / (4 * count**2))
    return Score(share, max(min(centre - reach, share), 0.0), min(max(centre + reach, share), 1.0))
