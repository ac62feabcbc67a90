"""What the right answers are, and how well a network's outputs fit them: scores with their uncertainty."""

from micronets.evaluation.anomalies import AnomalyTruth, ClipScores
from micronets.evaluation.classes import ClassTruth
from micronets.evaluation.score import Score
from micronets.evaluation.truth import Truth, pack_truth, unpack_truth

__all__ = ["AnomalyTruth", "ClassTruth", "ClipScores", "Score", "Truth", "pack_truth", "unpack_truth"]
