"""How a stream is listened to: the section `spot` of the configuration, and what the program makes of it."""

import math
from dataclasses import dataclass

from micronets.data.options import require
from micronets.errors import ConfigurationError

NOT_KEYWORDS = ("_silence_", "_unknown_")
FULL_SCALE = 256
"""A posterior of 1; the greatest that eight bits hold is one less."""
_MOST_INFERENCES = 256  # of which sums of 8-bit posteriors fit 16 bits


@dataclass(frozen=True)
class SpotOptions:
    """The section `spot`; config/tasks/kws.yaml explains the keys."""

    step_ms: int = 100
    smoothing_ms: int = 500
    threshold: float = 0.7
    refractory_ms: int = 1500
    tolerance_ms: int = 750
    minutes: float = 5.0
    noise_volume: float = 0.1

    def __post_init__(self):
        for name in ("step_ms", "smoothing_ms", "refractory_ms", "tolerance_ms"):
            require(getattr(self, name) > 0, f"spot.{name}", getattr(self, name), "above 0")
        for name in ("smoothing_ms", "refractory_ms"):
            value = getattr(self, name)
            rule = f"a multiple of spot.step_ms ({self.step_ms})"
            require(value % self.step_ms == 0, f"spot.{name}", value, rule)
        most = _MOST_INFERENCES * self.step_ms
        require(self.smoothing_ms <= most, "spot.smoothing_ms", self.smoothing_ms, f"at most {most}")
        require(0 < self.threshold < 1, "spot.threshold", self.threshold, "between 0 and 1")
        require(self.minutes > 0, "spot.minutes", self.minutes, "above 0")
        require(self.noise_volume >= 0, "spot.noise_volume", self.noise_volume, "0 or more")


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
        if options.step_ms % hop_ms:
            raise ConfigurationError(
                f"spot.step_ms is {options.step_ms}; it must be a multiple of the features' hop, {hop_ms} ms"
            )
        window = options.smoothing_ms // options.step_ms
        return cls(
            labels=labels,
            hop_ms=hop_ms,
            step_hops=options.step_ms // hop_ms,
            window=window,
            # 0.7 x 256 x 5 is 895.9999999999999 in floating point
            threshold_sum=math.ceil(round(options.threshold * FULL_SCALE * window, 6)),
            refractory=options.refractory_ms // options.step_ms,
        )
