"""A figure of merit with its uncertainty."""

from dataclasses import asdict, dataclass
from typing import Any

NORMAL_QUANTILE = 1.959963984540054
"""The normal distribution's at 97.5 %, for intervals of 95 %."""


@dataclass(frozen=True)
class Score:
    """A share, 0 to 1, and the 95 % interval of true values that fit what was seen in so few examples."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """A JSON object that `from_json` turns back into an equal Score."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Score":
        """Raises KeyError, TypeError or ValueError where the object is not a score."""
        score = cls(**{name: float(content[name]) for name in ("value", "low", "high")})
        if not 0 <= score.low <= score.value <= score.high <= 1:
            raise ValueError(f"{content} is no share with its interval")
        return score
