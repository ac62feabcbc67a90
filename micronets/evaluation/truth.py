"""The right answers to a set of examples, kept beside the examples from the export stage on."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from micronets.evaluation.anomalies import AnomalyTruth
from micronets.evaluation.classes import ClassTruth
from micronets.evaluation.score import Score

_KIND = "truth"
_PREFIX = "truth_"


class Truth(Protocol):
    """The right answers to n examples.

    Attributes:
        kind: name in files.
        metric: name of the score that networks are compared by; `scores` has it.
    """

    kind: str
    metric: str

    def __len__(self) -> int: ...

    def scores(self, inputs: np.ndarray, outputs: np.ndarray) -> dict[str, Score]:
        """Scores by name; a score is left out where these examples cannot show it.

        Args:
            inputs: (n, height, width, channels), real values as the network has read them.
            outputs: (n, outputs), real values: logits, or the reconstructed input.
        """
        ...

    def select(self, rows: np.ndarray) -> "Truth":
        """The answers to some of the examples, by row numbers."""
        ...

    def relabelled(self, places: np.ndarray, labels: int) -> "Truth":
        """For a network of `labels` outputs in another order: `places` (classes,) has the output of every class."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything in it, as arrays by the names of the constructor's arguments."""
        ...


_KINDS: dict[str, type] = {kind.kind: kind for kind in (ClassTruth, AnomalyTruth)}


def pack_truth(truth: Truth) -> dict[str, np.ndarray]:
    """Arrays for a .npz, under names that begin with `truth`."""
    return {_KIND: np.array(truth.kind)} | {f"{_PREFIX}{name}": array for name, array in truth.arrays().items()}


def unpack_truth(archive: Mapping[str, np.ndarray]) -> Truth:
    """What `pack_truth` has packed, among other arrays; raises KeyError or TypeError where it is not whole."""
    arrays = {name.removeprefix(_PREFIX): archive[name] for name in archive if name.startswith(_PREFIX)}
    return _KINDS[str(archive[_KIND])](**arrays)
