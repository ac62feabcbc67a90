"""How good detections are against the words that were said."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scipy.stats import chi2

from micronets.data.speech.spoken_stream import Event
from micronets.evaluation.classes import share_score
from micronets.keyword_spotter.settings import NOT_KEYWORDS

Verdict = Literal["hit", "wrong word", "false alarm"]


@dataclass(frozen=True)
class Detection:
    """What a spotter said, and when; `average` of the posteriors is a share."""

    time_ms: int
    label: str
    average: float


@dataclass(frozen=True)
class Judged:
    """A detection and what it is worth; `event`: the word it answers, None where it answers none."""

    detection: Detection
    verdict: Verdict
    event: Event | None


@dataclass(frozen=True)
class StreamScore:
    """Detections against the truth.

    A word counts as said at the end of its recording, when a network that hears as much at a time has all of it. The
    first detection within the tolerance of a keyword answers it: a hit, or a wrong word. A keyword without an answer is
    a miss. Every other detection is a false alarm: in noise, on a word that is no keyword, or again on an answered one.

    Attributes:
        judged: detections in the order of time.
        missed: keywords without an answer.
        keywords: how many were said.
    """

    judged: tuple[Judged, ...]
    missed: tuple[Event, ...]
    keywords: int
    hours: float

    def count(self, verdict: Verdict) -> int:
        """Detections of this verdict."""
        return sum(judged.verdict == verdict for judged in self.judged)

    @property
    def false_alarms_per_hour(self) -> float:
        return self.count("false alarm") / self.hours

    def to_json(self) -> dict[str, Any]:
        """Counts, the share of hits and the rate of false alarms with their 95 % intervals, and the delay of hits."""
        alarms = self.count("false alarm")
        answering = [judged.event for judged in self.judged if judged.verdict == "false alarm" and judged.event]
        of_others = sum(event.label in NOT_KEYWORDS for event in answering)
        delays = sorted(
            judged.detection.time_ms - judged.event.end_ms
            for judged in self.judged
            if judged.verdict == "hit" and judged.event is not None
        )
        return {
            "keywords": self.keywords,
            "hits": self.count("hit"),
            "misses": len(self.missed),
            "wrong_words": self.count("wrong word"),
            "false_alarms": alarms,
            "false_alarms_on_other_words": of_others,
            "false_alarms_repeated": len(answering) - of_others,
            "false_alarms_in_noise": alarms - len(answering),
            "hit_share": share_score(self.count("hit"), self.keywords).to_json() if self.keywords else None,
            "hours": self.hours,
            "false_alarms_per_hour": {"value": self.false_alarms_per_hour, **_poisson_interval(alarms, self.hours)},
            "median_delay_ms": delays[len(delays) // 2] if delays else None,
        }


def score(detections: Sequence[Detection], events: Sequence[Event], tolerance_ms: int, seconds: float) -> StreamScore:
    """Judges detections by the words said.

    Args:
        detections, events: each in the order of time.
        tolerance_ms: a detection at most so long before or after a word's end belongs to it; where there are several
            such words, to the nearest.
        seconds: of the stream.
    """
    by_end = sorted(events, key=lambda event: event.end_ms)
    ends_ms = [event.end_ms for event in by_end]
    answered: set[Event] = set()
    judged = []
    for detection in detections:
        near = by_end[
            bisect_left(ends_ms, detection.time_ms - tolerance_ms) : bisect_right(
                ends_ms, detection.time_ms + tolerance_ms
            )
        ]
        event = min(near, key=lambda event: abs(detection.time_ms - event.end_ms), default=None)
        verdict: Verdict = "false alarm"
        if event is not None and event.label not in NOT_KEYWORDS and event not in answered:
            verdict = "hit" if event.label == detection.label else "wrong word"
            answered.add(event)
        judged.append(Judged(detection, verdict, event))
    said = [event for event in events if event.label not in NOT_KEYWORDS]
    missed = tuple(event for event in said if event not in answered)
    return StreamScore(tuple(judged), missed, len(said), seconds / 3600)


def _poisson_interval(count: int, hours: float) -> dict[str, float]:
    """Exact 95 % interval of a rate (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return {"low": float(low) / hours, "high": float(chi2.ppf(0.975, 2 * count + 2)) / 2 / hours}
