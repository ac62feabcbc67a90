"""How well a network tells anomalous clips from normal ones, by machine and id."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from micronets.evaluation import ClipScores, Score
from micronets.report.records import Model
from micronets.style import (
    BLUE,
    MUTED,
    NARROW_INCHES,
    ORANGE,
    VERMILION,
    WIDE_INCHES,
    Picture,
    blank_figure,
    finish,
    label_plain,
    logarithmic,
    styled,
)

_AREAS = {"auc": ("AUC", BLUE, "o"), "pauc": ("pAUC, at false positive rates up to 10 %", ORANGE, "D")}
_BINS = 24
_COLUMNS = 3
_FEW_FIGURES_FROM = 30  # times the lowest score: more figures than one a decade would touch each other
_LEAST_SCORE = 1e-6  # of those shown: a classifier's are below it where it is as good as certain


def areas_picture(model: Model) -> Picture | None:
    """AUC and pAUC with their intervals by id, machine and in all; None for a network that is scored otherwise, has not
    been exported, or was tested on normal clips alone."""
    if model.export is None or model.export.clip_scores is None or model.export.tflm_merit is None:
        return None
    scores = model.export.scores
    names = _in_order([name.removeprefix("auc ") for name in scores if name.startswith("auc ")])
    rows = [*names, ""]
    with styled():
        figure = blank_figure(NARROW_INCHES, 1.3 + 0.3 * len(rows))
        axes = figure.subplots()
        for kind, (label, colour, marker) in _AREAS.items():
            shift = -0.14 if kind == "auc" else 0.14
            for place, name in enumerate(rows):
                score = scores[f"{kind} {name}".strip()]
                whole = _is_mean(name, names)
                axes.plot((score.low, score.high), (place + shift,) * 2, color=colour, linewidth=2.6 if whole else 1.3)
                axes.plot(score.value, place + shift, marker, color=colour, markersize=6.5 if whole else 4.5)
            axes.plot([], [], marker, color=colour, label=label)
        axes.axvline(0.5, color=MUTED, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(rows)), [name.replace("_", " ") or "all machines" for name in rows])
        for tick, name in zip(axes.get_yticklabels(), rows, strict=True):
            tick.set_fontweight("bold" if _is_mean(name, names) else "normal")
        axes.invert_yaxis()
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
        return finish(
            figure,
            f"{model.name}_areas",
            "Area under the ROC curve",
            "Of the int8 network in TFLM, by machine id; bold: means over the ids of a machine, and over the machines. "
            "Lines are 95 % intervals; the dashed line is chance.",
            _areas_in_words(scores, names),
        )


def scores_picture(model: Model) -> Picture | None:
    """Histograms of the clips' anomaly scores, normal and anomalous, a panel for each id that was tested; None for a
    network that is scored otherwise, or has not been exported."""
    if model.export is None or model.export.clip_scores is None:
        return None
    clips = model.export.clip_scores
    tested = np.unique(clips.classes).tolist()
    shown = np.maximum(clips.scores, _LEAST_SCORE)
    bins = np.geomspace(shown.min() / 1.02, shown.max() * 1.02, _BINS + 1)
    columns = min(_COLUMNS, len(tested))
    lines = math.ceil(len(tested) / columns)
    with styled():
        figure = blank_figure(WIDE_INCHES, 0.9 + 1.35 * lines)
        panels = figure.subplots(lines, columns, sharex=True, squeeze=False).ravel()
        for axes, index in zip(panels, tested, strict=False):
            draw_scores(axes, clips, shown, index, bins)
            axes.set_title(model.export.labels[index].replace("_", " "), fontsize=9)
        for axes in panels[len(tested) :]:
            axes.set_visible(False)
        for axes in panels[max(len(tested) - columns, 0) : len(tested)]:
            axes.tick_params(labelbottom=True)
        figure.supxlabel("anomaly score of a clip", fontsize=9.5)
        figure.supylabel("clips", fontsize=9.5)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower right", ncols=2, fontsize=8.5)
        return finish(
            figure,
            f"{model.name}_scores",
            "Anomaly scores",
            "Mean over the examples of a clip of the testing split, by the int8 network in TFLM: "
            + _meaning(model)
            + ". With an area of 100 % all anomalous clips of an id lie above all normal ones.",
            _scores_in_words(clips),
        )


def draw_scores(axes: Axes, clips: ClipScores, shown: np.ndarray, index: int, bins: np.ndarray) -> None:
    """Histograms of the clips of the id `index`, with `shown` (clips,) as their scores."""
    of_id = clips.classes == index
    for chosen, colour, label in ((~clips.anomalous, BLUE, "normal"), (clips.anomalous, VERMILION, "anomalous")):
        axes.hist(shown[of_id & chosen], bins.tolist(), color=colour, alpha=0.6, label=label)
    logarithmic(axes, (1,) if bins[-1] > _FEW_FIGURES_FROM * bins[0] else (1, 2, 5))
    label_plain(axes.xaxis)
    counts = axes.yaxis.get_major_locator()
    assert isinstance(counts, MaxNLocator)
    counts.set_params(integer=True)
    axes.grid(axis="x", visible=False)


def _meaning(model: Model) -> str:
    if model.reconstructs:
        return "the mean squared error of its reconstruction"
    return "the probability that it gives to other ids than the clip's own"


def _in_order(names: list[str]) -> list[str]:
    """Every machine's ids, and then the machine itself."""
    machines = sorted({name.rsplit("_", 1)[0] for name in names if _is_id(name, names)})
    ids = {
        machine: sorted(name for name in names if name.rsplit("_", 1)[0] == machine and name != machine)
        for machine in machines
    }
    return [name for machine in machines for name in (*ids[machine], machine)]


def _is_id(name: str, names: list[str]) -> bool:
    return "_" in name and name.rsplit("_", 1)[0] in names


def _is_mean(name: str, names: list[str]) -> bool:
    return not _is_id(name, names)


def _areas_in_words(scores: dict[str, Score], names: list[str]) -> str:
    ids = [name for name in names if _is_id(name, names)]
    machines = ", ".join(f"{name} {100 * scores[f'auc {name}'].value:.1f} %" for name in names if name not in ids)
    worst = min(ids, key=lambda name: scores[f"auc {name}"].value)
    return f"AUC by machine: {machines}; lowest for {worst} with {100 * scores[f'auc {worst}'].value:.1f} %."


def _scores_in_words(clips: ClipScores) -> str:
    kinds = (("normal", ~clips.anomalous), ("anomalous", clips.anomalous))
    medians = [f"{name} {np.median(clips.scores[chosen]):.3g}" for name, chosen in kinds if chosen.any()]
    return f"Medians of all clips: {', '.join(medians)}."
