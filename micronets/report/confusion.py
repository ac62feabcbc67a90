"""Which classes a network takes for which."""

import numpy as np

from micronets.report.records import Model
from micronets.style import INK, NARROW_INCHES, Picture, blank_figure, finish, styled

_HEIGHT_INCHES = 4.9
_WHITE_TEXT_FROM = 0.55


def confusion_picture(model: Model) -> Picture | None:
    """The .tflite file's answers on the testing split; None where it has not been exported.

    Colours are shares of a true class (rows add up to 1), figures are counts.
    """
    if model.export is None or model.export.confusion is None:
        return None
    counts = model.export.confusion
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    labels = [label.strip("_") for label in model.export.labels]
    with styled():
        figure = blank_figure(NARROW_INCHES, _HEIGHT_INCHES)
        axes = figure.subplots()
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in zip(*np.nonzero(counts), strict=True):
            axes.text(
                column,
                row,
                f"{counts[row, column]}",
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if shares[row, column] >= _WHITE_TEXT_FROM else INK,
            )
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(labels)), labels)
        axes.set_xlabel("answer")
        axes.set_ylabel("truth")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=20, pad=0.02)
        bar.set_ticks([0, 0.5, 1], labels=["0 %", "50 %", "100 %"])
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        return finish(
            figure,
            f"{model.name}_confusion",
            "Confusion matrix",
            f"Answers of the int8 network in TFLM on the testing split ({counts.sum():,} examples). "
            "Figures are counts; colour is the share of the true class.",
            _in_words(shares, labels),
        )


def _in_words(shares: np.ndarray, labels: list[str]) -> str:
    """Recall by class, and the commonest mistake."""
    recalls = ", ".join(f"{label} {100 * shares[index, index]:.0f} %" for index, label in enumerate(labels))
    mistakes = shares - np.diag(np.diag(shares))
    row, column = np.unravel_index(np.argmax(mistakes), mistakes.shape)
    if mistakes[row, column] == 0:
        return f"Right answers by class: {recalls}; no mistakes."
    return f"Right answers by class: {recalls}; most often {labels[row]} is taken for {labels[column]}."
