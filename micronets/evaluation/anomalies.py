"""Recordings of machines, normal and anomalous, cut into examples."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.evaluation.roc import area_score, mean_score, partial_area_score
from micronets.evaluation.score import Score

MAX_FALSE_POSITIVE_RATE = 0.1
"""Where the challenge's partial area ends."""
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class ClipScores:
    """What became of every clip, in ascending order of their numbers.

    Attributes:
        classes: index of the machine id, int64 (clips,).
        anomalous: bool (clips,).
        scores: mean anomaly score over the clip's examples, float64 (clips,); higher is more anomalous.
    """

    classes: np.ndarray
    anomalous: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class AnomalyTruth:
    """See `Truth`.

    Attributes:
        classes: index of the machine id in `ids` of each example, int64 (n,).
        clips: number of the clip that each example was cut from, int64 (n,).
        anomalous: whether that clip is anomalous, bool (n,).
        ids: names `{machine}_{id}` by class index, text (classes,); "" for outputs that stand for no id.
    """

    kind: ClassVar[str] = "anomalies"
    metric: ClassVar[str] = "auc"
    classes: np.ndarray
    clips: np.ndarray
    anomalous: np.ndarray
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def scores(self, inputs: np.ndarray, outputs: np.ndarray) -> dict[str, Score]:
        """Areas under the ROC curve, whole (`auc`) and at false positive rates up to 0.1 (`pauc`), of the clips' mean
        anomaly scores: `auc {machine}_{id}`; `auc {machine}`, the arithmetic mean over its ids; `auc`, that over the
        machines, as the DCASE 2020 challenge reports them. An id without normal or without anomalous clips counts
        nowhere. Raises ValueError where the outputs are neither logits of the ids nor as many as the inputs."""
        clips = self.clip_scores(inputs, outputs)
        found: dict[str, Score] = {}
        machines: dict[str, list[str]] = {}
        for index, name in enumerate(self.ids.tolist()):
            normal = clips.scores[(clips.classes == index) & ~clips.anomalous]
            faulty = clips.scores[(clips.classes == index) & clips.anomalous]
            if not len(normal) or not len(faulty):
                continue
            machines.setdefault(name.rsplit("_", 1)[0], []).append(name)
            found[f"auc {name}"] = area_score(normal, faulty)
            found[f"pauc {name}"] = partial_area_score(normal, faulty, MAX_FALSE_POSITIVE_RATE)
        if not machines:
            return {}
        means: dict[str, Score] = {}
        for kind in ("auc", "pauc"):
            for machine, names in machines.items():
                means[f"{kind} {machine}"] = mean_score([found[f"{kind} {name}"] for name in names])
        overall = {kind: mean_score([means[f"{kind} {machine}"] for machine in machines]) for kind in ("auc", "pauc")}
        return overall | means | found

    def clip_scores(self, inputs: np.ndarray, outputs: np.ndarray) -> ClipScores:
        """The anomaly scores of the clips; arguments and errors as `scores`."""
        _, first, members = np.unique(self.clips, return_index=True, return_inverse=True)
        sums = np.bincount(members, self.anomaly_scores(inputs, outputs))
        return ClipScores(self.classes[first], self.anomalous[first], sums / np.bincount(members))

    def anomaly_scores(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Anomaly score of each example, float64 (n,); higher is more anomalous.

        Logits (n, classes): the negative softmax probability of the true id plus 1, that is the probability of all
        others, summed without it: near certainty the difference to 1 would be lost in rounding.
        As many outputs as inputs: the mean squared error of the reconstruction.
        """
        values = np.asarray(outputs).reshape(len(self), -1)
        if values.shape[1] == len(self.ids):
            values = values.astype(np.float64)
            values = np.exp(values - values.max(axis=1, keepdims=True))
            others = values.copy()
            others[np.arange(len(self)), self.classes] = 0
            return others.sum(axis=1) / values.sum(axis=1)
        originals = np.asarray(inputs).reshape(len(self), -1)
        if values.shape != originals.shape:
            raise ValueError(
                f"{values.shape[1]} outputs are neither {len(self.ids)} ids nor a reconstruction of "
                f"{originals.shape[1]} inputs"
            )
        errors = np.empty(len(self))
        for first in range(0, len(self), _CHUNK):  # a copy of all of them in float64 may be gigabytes
            some = slice(first, first + _CHUNK)
            errors[some] = np.square(originals[some].astype(np.float64) - values[some]).mean(axis=1)
        return errors

    def select(self, rows: np.ndarray) -> "AnomalyTruth":
        return AnomalyTruth(self.classes[rows], self.clips[rows], self.anomalous[rows], self.ids)

    def relabelled(self, places: np.ndarray, labels: int) -> "AnomalyTruth":
        ids = np.full(labels, "", self.ids.dtype)
        ids[places] = self.ids
        return AnomalyTruth(places[self.classes], self.clips, self.anomalous, ids)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"classes": self.classes, "clips": self.clips, "anomalous": self.anomalous, "ids": self.ids}
