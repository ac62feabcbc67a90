"""What other thresholds would have made of the same posteriors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from micronets.data.speech.spoken_stream import Event
from micronets.keyword_spotter.detector import NOTHING, detect
from micronets.keyword_spotter.run import Answers
from micronets.keyword_spotter.score import Detection, score
from micronets.keyword_spotter.settings import FULL_SCALE, DetectorSettings
from micronets.style import GREEN, INK, MUTED, ORANGE, VERMILION, Picture, blank_figure, finish, percent_axis, styled

THRESHOLDS = tuple(percent / 100 for percent in range(30, 100, 5))


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it is worth."""

    threshold: float
    hits: int
    misses: int
    wrong_words: int
    false_alarms: int
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
                    false_alarms_per_hour=scored.false_alarms_per_hour,
                )
            )
    return tuple(points)


def operating_picture(points: Sequence[OperatingPoint], settings: DetectorSettings) -> Picture:
    """Answers to keywords, and false alarms, by threshold."""
    configured = settings.threshold_sum / (FULL_SCALE * settings.window)
    thresholds = [point.threshold for point in points]
    keywords = [point.hits + point.misses + point.wrong_words for point in points]
    with styled():
        figure = blank_figure(5.9, 4.6)
        answers, alarms = figure.subplots(2, 1, sharex=True, height_ratios=[1.7, 1])
        for name, colour in (("hits", GREEN), ("misses", MUTED), ("wrong_words", ORANGE)):
            shares = [getattr(point, name) / total for point, total in zip(points, keywords, strict=True)]
            answers.plot(thresholds, shares, color=colour, marker="o", markersize=4, label=name.replace("_", " "))
        answers.set_ylabel("of the keywords")
        answers.set_ylim(0, 1.02)
        percent_axis(answers)
        answers.legend(loc="center left", fontsize=8.5)
        rates = [point.false_alarms_per_hour for point in points]
        alarms.plot(thresholds, rates, color=VERMILION, marker="X", markersize=5)
        alarms.set_ylabel("false alarms per hour")
        alarms.set_ylim(bottom=-0.04 * max([1.0, *rates]))
        alarms.set_xlabel("threshold")
        for axes in (answers, alarms):
            axes.axvline(configured, color=INK, linewidth=0.7, linestyle="--")
        return finish(
            figure,
            "operating_points",
            "Other thresholds",
            "What the detector makes of the same posteriors with other thresholds; the dashed line is the configured "
            "one.",
            f"thresholds from {THRESHOLDS[0]:g} to {THRESHOLDS[-1]:g}",
        )
