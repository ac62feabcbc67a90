"""What other thresholds would have made of the same posteriors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from micronets.data.spoken_stream import Event
from micronets.profile.keyword_spotter.detector import NOTHING, detect
from micronets.profile.keyword_spotter.run import Answers
from micronets.profile.keyword_spotter.score import Detection, score
from micronets.profile.keyword_spotter.settings import FULL_SCALE, DetectorSettings
from micronets.style import BLUE, VERMILION, Picture, blank_figure, finish, percent_axis, styled

THRESHOLDS = tuple(percent / 100 for percent in range(30, 100, 5))


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it is worth; `hit_share` is of all keywords said."""

    threshold: float
    hits: int
    misses: int
    wrong_words: int
    false_alarms: int
    hit_share: float
    false_alarms_per_hour: float


def detections_of(answers: Answers, settings: DetectorSettings) -> list[Detection]:
    """What was detected, in the order of time."""
    full = FULL_SCALE * settings.window
    said = np.flatnonzero(answers.detected != NOTHING)
    classes = answers.detected[said]
    return [
        Detection(int(time_ms), settings.labels[index], float(total) / full)
        for time_ms, index, total in zip(answers.time_ms[said], classes, answers.sums[said, classes], strict=True)
    ]


def operating_points(
    answers: Answers, settings: DetectorSettings, events: Sequence[Event], tolerance_ms: int, seconds: float
) -> tuple[OperatingPoint, ...]:
    """One for each of `THRESHOLDS`, by the reference in numpy, which the program equals; none where no keyword was
    said.

    They come from the very stream that they are scored on: the best of them flatters the network.
    """
    points = []
    for threshold in THRESHOLDS:
        changed = settings.with_threshold(threshold)
        sums, detected = detect(answers.posteriors.astype(np.uint8), changed)
        heard = detections_of(replace(answers, sums=sums, detected=detected), changed)
        scored = score(heard, events, tolerance_ms, seconds)
        if scored.keywords:
            counts = {name: scored.count(name) for name in ("hit", "wrong word", "false alarm")}
            points.append(
                OperatingPoint(
                    threshold=threshold,
                    hits=counts["hit"],
                    misses=len(scored.missed),
                    wrong_words=counts["wrong word"],
                    false_alarms=counts["false alarm"],
                    hit_share=counts["hit"] / scored.keywords,
                    false_alarms_per_hour=scored.false_alarms_per_hour,
                )
            )
    return tuple(points)


def operating_picture(points: Sequence[OperatingPoint], settings: DetectorSettings) -> Picture:
    """Hits against false alarms, a point for each threshold."""
    configured = settings.threshold_sum / (FULL_SCALE * settings.window)
    with styled():
        figure = blank_figure(5.9, 4.0)
        axes = figure.subplots()
        rates, hits = [point.false_alarms_per_hour for point in points], [point.hit_share for point in points]
        axes.plot(rates, hits, color=BLUE, marker="o", markersize=4)
        for point in points:
            chosen = abs(point.threshold - configured) < 0.5 / FULL_SCALE
            axes.annotate(
                f"{point.threshold:.2f}",
                (point.false_alarms_per_hour, point.hit_share),
                textcoords="offset points",
                xytext=(6, -9),
                fontsize=7.5,
                color=VERMILION if chosen else None,
                weight="bold" if chosen else None,
            )
        axes.set_xlim(left=-0.02 * max(rates, default=1) - 0.1)
        axes.set_xlabel("false alarms per hour")
        axes.set_ylabel("hits")
        percent_axis(axes)
        told = f"thresholds from {THRESHOLDS[0]:g} to {THRESHOLDS[-1]:g}"
        return finish(
            figure,
            "operating_points",
            "Hits against false alarms",
            "Each point is a threshold on the same stream; the one in red is configured. Words taken for another "
            "keyword are neither hits nor false alarms.",
            told,
        )
