"""Pictures of a stream: what was said, what the spotter made of it, and the averages that made it decide."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from micronets.data.speech.spoken_stream import Event, SpokenStream
from micronets.data.speech.vocabulary import UNKNOWN
from micronets.keyword_spotter.run import Answers
from micronets.keyword_spotter.score import StreamScore
from micronets.keyword_spotter.settings import FULL_SCALE, NOT_KEYWORDS, DetectorSettings
from micronets.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Picture,
    blank_figure,
    finish,
    percent_axis,
    styled,
)

_ROW_S = 30
_ROWS = 5
_TRACES = [(colour, style) for style in ("-", (0, (3, 1))) for colour in (BLUE, GREEN, PURPLE, ORANGE, SKY)]
_MARKS = {"hit": ("o", GREEN), "wrong word": ("D", ORANGE), "false alarm": ("X", VERMILION), "miss": ("v", MUTED)}


def stream_picture(stream: SpokenStream, answers: Answers, scored: StreamScore, settings: DetectorSettings) -> Picture:
    """The whole stream by class, and the smoothed posteriors of the half minutes with the most errors."""
    stretches = _stretches(stream, scored)
    counts = scored.to_json()
    told = (
        f"{counts['hits']} hits, {counts['misses']} misses, {counts['wrong_words']} wrong words, "
        f"{counts['false_alarms']} false alarms in {stream.seconds / 60:.1f} minutes"
    )
    with styled():
        figure = blank_figure(9.0, 3.4 + 1.5 * len(stretches))
        rows = figure.subplots(1 + len(stretches), 1, height_ratios=[2.6, *[1.0] * len(stretches)])
        _draw_overview(rows[0], stream, scored, settings)
        rows[0].set_title(told)
        for axes, start_s in zip(rows[1:], stretches, strict=True):
            _draw_stretch(axes, start_s, stream, answers, scored, settings)
        rows[-1].set_xlabel("seconds")
        lines = [
            Line2D([], [], color=colour, linestyle=style, linewidth=width, label=label)
            for label, (colour, style, width) in _looks(settings.labels).items()
            if label not in NOT_KEYWORDS
        ]
        figure.legend(handles=lines, loc="outside lower center", ncols=10, fontsize=8, handlelength=2)
        return finish(
            figure,
            "stream",
            "Keyword spotting on a stream",
            "Above: every word and every detection. Below: posteriors averaged over the window, in the half minutes "
            "with the most errors; the dashed line is the threshold, grey bands are the recordings of words.",
            told,
        )


def _stretches(stream: SpokenStream, scored: StreamScore) -> list[int]:
    """Starts, in seconds, of the half minutes that are shown, in the order of time."""
    count = int(np.ceil(stream.seconds / _ROW_S))
    errors = np.zeros(count, np.int64)
    times = [judged.detection.time_ms for judged in scored.judged if judged.verdict != "hit"]
    times += [event.end_ms for event in scored.missed]
    for time_ms in times:
        errors[min(time_ms // 1000 // _ROW_S, count - 1)] += 1
    return sorted(int(row) * _ROW_S for row in np.argsort(-errors, kind="stable")[:_ROWS])


def _draw_overview(axes: Axes, stream: SpokenStream, scored: StreamScore, settings: DetectorSettings) -> None:
    names = [label for label in settings.labels if label not in NOT_KEYWORDS] + [UNKNOWN]
    height = {name: len(names) - 1 - index for index, name in enumerate(names)}
    said = [event for event in stream.events if event.label in height]
    axes.scatter(
        [event.end_ms / 60e3 for event in said],
        [height[event.label] for event in said],
        marker="|",
        s=70,
        color=MUTED,
        linewidths=1,
        label="said",
    )
    for verdict, (marker, colour) in _MARKS.items():
        if verdict == "miss":
            points = [(event.end_ms, event.label) for event in scored.missed]
        else:
            found = [judged.detection for judged in scored.judged if judged.verdict == verdict]
            points = [(detection.time_ms, detection.label) for detection in found]
        axes.scatter(
            [time_ms / 60e3 for time_ms, _ in points],
            [height[label] for _, label in points],
            marker=marker,
            s=26,
            color=colour,
            linewidths=0,
            label=f"{verdict} ({len(points)})",
            zorder=3,
        )
    axes.set_yticks(list(height.values()), list(height))
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_xlim(0, stream.seconds / 60)
    axes.set_xlabel("minutes")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.08), ncols=5, fontsize=8, borderaxespad=0, handletextpad=0.2)


def _looks(labels: tuple[str, ...]) -> dict[str, tuple]:
    """Colour, line style and width of each class's trace."""
    keywords = [label for label in labels if label not in NOT_KEYWORDS]
    looks = {label: (*_TRACES[index % len(_TRACES)], 1.4) for index, label in enumerate(keywords)}
    return {label: looks.get(label, (FAINT, "-", 0.9)) for label in labels}


def _draw_stretch(
    axes: Axes, start_s: int, stream: SpokenStream, answers: Answers, scored: StreamScore, settings: DetectorSettings
) -> None:
    first, last = 1000 * start_s, 1000 * (start_s + _ROW_S)
    shown = (answers.time_ms >= first) & (answers.time_ms <= last)
    seconds = answers.time_ms[shown] / 1e3
    averages = answers.sums[shown] / (FULL_SCALE * settings.window)
    for label, (colour, style, width) in _looks(settings.labels).items():
        average = averages[:, settings.labels.index(label)]
        axes.plot(seconds, average, color=colour, linestyle=style, linewidth=width, zorder=width)
    axes.axhline(settings.threshold_sum / (FULL_SCALE * settings.window), color=INK, linewidth=0.7, linestyle="--")
    missed = {event.end_ms for event in scored.missed}
    for event in stream.events:
        if first <= event.start_ms and event.end_ms <= last:
            _draw_word(axes, event, event.end_ms in missed)
    for judged in scored.judged:
        detection = judged.detection
        if first <= detection.time_ms <= last:
            marker, colour = _MARKS[judged.verdict]
            axes.plot(detection.time_ms / 1e3, detection.average, marker, color=colour, markersize=6, zorder=4)
            if judged.verdict != "hit":
                axes.annotate(
                    detection.label,
                    (detection.time_ms / 1e3, detection.average),
                    textcoords="offset points",
                    xytext=(5, -3),
                    fontsize=7.5,
                    color=colour,
                )
    axes.set_xlim(start_s, start_s + _ROW_S)
    axes.set_ylim(0, 1.18)
    axes.set_yticks([0, 0.5, 1])
    percent_axis(axes)


def _draw_word(axes: Axes, event: Event, missed: bool) -> None:
    axes.axvspan(event.start_ms / 1e3, event.end_ms / 1e3, color=FAINT, alpha=0.6, linewidth=0, zorder=0)
    middle_s = (event.start_ms + event.end_ms) / 2e3
    other = event.label in NOT_KEYWORDS
    axes.text(
        middle_s,
        1.06,
        f"({event.word})" if other else event.word,
        ha="center",
        fontsize=7.5,
        color=MUTED if other else INK,
    )
    if missed:
        marker, colour = _MARKS["miss"]
        axes.plot(event.end_ms / 1e3, 0.06, marker, color=colour, markersize=6, zorder=4)
