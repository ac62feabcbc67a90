"""How keywords are spotted in a stream of audio: the section `spot` of the configuration."""

from dataclasses import dataclass, replace

from micronets.data.options import require

MOST_INFERENCES = 256
"""Of which sums of 8-bit posteriors fit 16 bits."""


@dataclass(frozen=True)
class SpotOptions:
    """The section `spot`; micronets/tasks/kws.yaml explains the keys."""

    step_ms: int = 100
    smoothing_ms: int = 500
    threshold: float = 0.7
    refractory_ms: int = 1500
    tolerance_ms: int = 750
    minutes: float = 5.0
    noise_volume: float = 0.1

    def __post_init__(self) -> None:
        for name in ("step_ms", "smoothing_ms", "refractory_ms", "tolerance_ms"):
            require(getattr(self, name) > 0, f"spot.{name}", getattr(self, name), "above 0")
        for name in ("smoothing_ms", "refractory_ms"):
            value = getattr(self, name)
            rule = f"a multiple of spot.step_ms ({self.step_ms})"
            require(value % self.step_ms == 0, f"spot.{name}", value, rule)
        most = MOST_INFERENCES * self.step_ms
        require(self.smoothing_ms <= most, "spot.smoothing_ms", self.smoothing_ms, f"at most {most}")
        require(0 < self.threshold < 1, "spot.threshold", self.threshold, "between 0 and 1")
        require(self.minutes > 0, "spot.minutes", self.minutes, "above 0")
        require(self.noise_volume >= 0, "spot.noise_volume", self.noise_volume, "0 or more")

    def in_hops(self, hop_ms: int) -> "SpotOptions":
        """The same with the nearest step that is a whole number of the features' hops, and times of whole steps."""
        step_ms = max(1, round(self.step_ms / hop_ms)) * hop_ms
        smoothing_ms, refractory_ms = (
            max(1, round(value / step_ms)) * step_ms for value in (self.smoothing_ms, self.refractory_ms)
        )
        return replace(self, step_ms=step_ms, smoothing_ms=smoothing_ms, refractory_ms=refractory_ms)

    def check_hop(self, hop_ms: int) -> None:
        """Raises ConfigurationError where a step is no whole number of the features' hops, with times that are."""
        near = self.in_hops(hop_ms)
        times = f"step_ms {near.step_ms}, smoothing_ms {near.smoothing_ms} and refractory_ms {near.refractory_ms}"
        rule = f"a multiple of the features' hop, {hop_ms} ms, for instance {times}"
        require(self.step_ms % hop_ms == 0, "spot.step_ms", self.step_ms, rule)
