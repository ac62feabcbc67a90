"""The settings of a detector, as they are compiled into the program."""

import math
from dataclasses import dataclass, replace

from micronets.data.speech.vocabulary import SILENCE, UNKNOWN
from micronets.keyword_spotter.options import SpotOptions

NOT_KEYWORDS = (SILENCE, UNKNOWN)
FULL_SCALE = 256
"""A posterior of 1; the greatest that eight bits hold is one less."""


@dataclass(frozen=True)
class DetectorSettings:
    """What is compiled into the program: time counted in hops and inferences, averages as sums.

    Attributes:
        labels: class names in the order of the network's outputs.
        hop_ms: audio that the features take at a time.
        step_hops: hops from one inference to the next.
        window: inferences that an average goes over.
        threshold_sum: least sum of the window's posteriors, in 1/256, for a detection.
        refractory: inferences from one detection to the next possible one.
    """

    labels: tuple[str, ...]
    hop_ms: int
    step_hops: int
    window: int
    threshold_sum: int
    refractory: int

    @property
    def keywords(self) -> tuple[bool, ...]:
        """Which classes may be detected."""
        return tuple(label not in NOT_KEYWORDS for label in self.labels)

    @classmethod
    def of(cls, options: SpotOptions, labels: tuple[str, ...], hop_ms: int) -> "DetectorSettings":
        """Raises ConfigurationError where `step_ms` is no whole number of hops."""
        options.check_hop(hop_ms)
        window = options.smoothing_ms // options.step_ms
        return cls(
            labels=labels,
            hop_ms=hop_ms,
            step_hops=options.step_ms // hop_ms,
            window=window,
            threshold_sum=_threshold_sum(options.threshold, window),
            refractory=options.refractory_ms // options.step_ms,
        )

    def with_threshold(self, threshold: float) -> "DetectorSettings":
        """The same with another least average, between 0 and 1."""
        return replace(self, threshold_sum=_threshold_sum(threshold, self.window))


def _threshold_sum(threshold: float, window: int) -> int:
    # 0.7 x 256 x 5 is 895.9999999999999 in floating point
    return math.ceil(round(threshold * FULL_SCALE * window, 6))
