"""How a network learnt: loss and accuracy by epoch, first in float, then quantised."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from micronets.report.records import Model
from micronets.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    VERMILION,
    WIDE_INCHES,
    Picture,
    blank_figure,
    finish,
    label_plain,
    percent_axis,
    styled,
)

_PHASE_COLOURS = {"float": BLUE, "quantised": VERMILION}


def training_picture(model: Model) -> Picture | None:
    """Loss, and accuracy where there is one, of all epochs in a row; None where the model has not been trained."""
    if model.training is None or model.training.history.empty:
        return None
    history = _in_a_row(model.training.history)
    has_accuracy = bool(history["validation_accuracy"].notna().any())
    with styled():
        figure = blank_figure(WIDE_INCHES, 3.3)
        panels = figure.subplots(1, 2 if has_accuracy else 1, squeeze=False)[0]
        loss = panels[0]
        _curves(loss, history, {"loss": ":", "validation_loss": "-"})
        loss.set_title("Loss")
        highest = history[["loss", "validation_loss"]].max(axis=None)
        if not has_accuracy:  # what a reconstruction begins with is far above what it ends with
            loss.set_yscale("log")
            label_plain(loss.yaxis)
        elif math.isfinite(highest):  # it is not where the training diverged
            loss.set_ylim(0, 1.05 * highest)
        if has_accuracy:
            _curves(panels[1], history, {"accuracy": ":", "validation_accuracy": "-"})
            panels[1].set_title("Accuracy")
            percent_axis(panels[1])
        keys = [_key(loss, MUTED, "-", "validation split"), _key(loss, MUTED, ":", "training, augmented")]
        figure.legend(handles=keys, loc="outside lower center", ncols=2, fontsize=8.5)
        for axes in panels:
            axes.set_xlabel("epoch")
            _mark_phases(axes, history)
        return finish(
            figure,
            f"{model.name}_training",
            "Training history",
            "First in float, then with quantisation in the forward pass, starting from the best float epoch. The loss "
            "in training contains the teacher's part, where there is one, and augmented examples; the best epoch is "
            "the one of least loss on the validation split.",
            _best(history),
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
    epochs = axes.xaxis.get_major_locator()
    assert isinstance(epochs, MaxNLocator)
    epochs.set_params(integer=True)
    axes.grid(axis="x", visible=False)
    axes.set_title(axes.get_title(loc="left"), pad=16)


def _key(axes: Axes, colour: str, line: str, label: str) -> Line2D:
    return axes.plot([], [], line, color=colour, label=label)[0]


def _best(history: pd.DataFrame) -> str:
    """In words, by accuracy where there is one."""
    if history["validation_accuracy"].notna().any():
        best = history["validation_accuracy"].groupby(history["phase"]).max()
        return (
            f"Best validation accuracy: {', '.join(f'{phase} {100 * value:.1f} %' for phase, value in best.items())}."
        )
    least = history["validation_loss"].groupby(history["phase"]).min()
    return f"Least validation loss: {', '.join(f'{phase} {value:.3g}' for phase, value in least.items())}."
