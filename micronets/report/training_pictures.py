"""How a network learnt: loss and accuracy by epoch, first in float, then quantised."""

import math

import pandas as pd
from matplotlib.axes import Axes

from micronets.report.records import Model
from micronets.report.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    VERMILION,
    WIDE_INCHES,
    Picture,
    blank_figure,
    finish,
    percent_axis,
    styled,
)

_PHASE_COLOURS = {"float": BLUE, "quantised": VERMILION}


def training_picture(model: Model) -> Picture | None:
    """Loss and accuracy of all epochs in a row; None where the model has not been trained."""
    if model.training is None or model.training.history.empty:
        return None
    history = _in_a_row(model.training.history)
    best = history["validation_accuracy"].groupby(history["phase"]).max()
    with styled():
        figure = blank_figure(WIDE_INCHES, 3.3)
        loss, accuracy = figure.subplots(1, 2)
        _curves(loss, history, {"loss": ":", "validation_loss": "-"})
        loss.set_title("Loss")
        highest = history[["loss", "validation_loss"]].max(axis=None)
        if math.isfinite(highest):  # it is not where the training diverged
            loss.set_ylim(0, 1.05 * highest)
        _curves(accuracy, history, {"accuracy": ":", "validation_accuracy": "-"})
        accuracy.set_title("Accuracy")
        keys = [_key(accuracy, MUTED, "-", "validation split"), _key(accuracy, MUTED, ":", "training, augmented")]
        figure.legend(handles=keys, loc="outside lower center", ncols=2, fontsize=8.5)
        percent_axis(accuracy)
        for axes in (loss, accuracy):
            axes.set_xlabel("epoch")
            _mark_phases(axes, history)
        return finish(
            figure,
            f"{model.name}_training",
            "Training history",
            "First in float, then with quantisation in the forward pass, starting from the best float epoch. The loss "
            "in training contains the teacher's part and augmented examples, that on the validation split is the "
            "cross-entropy that the best epoch is chosen by.",
            f"Best validation accuracy: {_best(best)}.",
        )


def _in_a_row(history: pd.DataFrame) -> pd.DataFrame:
    """With a column `position` that counts epochs through all phases from 1."""
    return history.assign(position=range(1, len(history) + 1))


def _curves(axes: Axes, history: pd.DataFrame, columns: dict[str, str]) -> None:
    for phase, rows in history.groupby("phase", sort=False):
        marker = "o" if len(rows) == 1 else None
        for column, line in columns.items():
            colour = _PHASE_COLOURS.get(phase, INK)
            axes.plot(rows["position"], rows[column], line, color=colour, marker=marker, markersize=4)


def _mark_phases(axes: Axes, history: pd.DataFrame) -> None:
    phases = list(history.groupby("phase", sort=False))
    for index, (phase, rows) in enumerate(phases):
        first, last = rows["position"].min(), rows["position"].max()
        if index % 2:
            axes.axvspan(first - 0.5, last + 0.5, color=FAINT, alpha=0.5, linewidth=0, zorder=0)
        axes.text(
            (first + last) / 2,
            1.0,
            phase,
            color=_PHASE_COLOURS.get(phase, INK),
            fontsize=8.5,
            ha="center",
            va="bottom",
            transform=axes.get_xaxis_transform(),
        )
    axes.set_xlim(0.5, len(history) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="x", visible=False)
    axes.set_title(axes.get_title(loc="left"), pad=16)


def _key(axes: Axes, colour: str, line: str, label: str):
    return axes.plot([], [], line, color=colour, label=label)[0]


def _best(best: pd.Series) -> str:
    return ", ".join(f"{phase} {100 * value:.1f} %" for phase, value in best.items())
