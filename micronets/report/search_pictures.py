"""How a network was found: the search's course, and the widths it chose."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from micronets.costs import Costs
from micronets.report.records import Limit, Model, Search, Width
from micronets.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    NARROW_INCHES,
    ORANGE,
    VERMILION,
    WIDE_INCHES,
    Picture,
    blank_figure,
    finish,
    label_bytes,
    percent_axis,
    styled,
)

_FEW_PLACES = 12
"""As many stand side by side."""


def search_pictures(model: Model) -> list[Picture]:
    """Course or candidates, budget, and widths; empty for a network that was not searched."""
    if model.search is None:
        return []
    pictures: list[Picture] = []
    if model.costs is not None and not model.search.history.empty:
        pictures.append(_course(model, model.search, model.costs))
    if not model.search.candidates.empty:
        pictures.append(_candidates(model, model.search.candidates))
    if model.search.limits:
        pictures.append(_budget(model, model.search.limits))
    widths = widths_picture(model)
    return [*pictures, *([] if widths is None else [widths])]


def _budget(model: Model, limits: Sequence[Limit]) -> Picture:
    """What the network takes of every limit, as linked and emulated."""
    shares = [limit.measured / limit.limit for limit in limits]
    told = [
        f"{_amount(limit.measured)} of {_amount(limit.limit)} {limit.unit}, {share:.1%}"
        for limit, share in zip(limits, shares, strict=True)
    ]
    with styled():
        figure = blank_figure(NARROW_INCHES, 0.9 + 0.34 * len(limits))
        axes = figure.subplots()
        axes.barh(range(len(limits)), shares, color=BLUE, height=0.6)
        axes.axvline(1.0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        for position, text in enumerate(told):
            axes.annotate(
                text, (1.0, position), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK
            )
        axes.set_yticks(range(len(limits)), [limit.name for limit in limits])
        axes.invert_yaxis()
        axes.set_xlim(0, 2.2)
        axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_xlabel("share of the limit")
        axes.grid(axis="y", visible=False)
        return finish(
            figure,
            f"{model.name}_budget",
            "Budget used",
            "The network as it left the search, compiled with random weights, linked and emulated for the search's "
            "board. Memory without a limit of its own may take what the board has left beside the benchmark program.",
            "; ".join(f"{limit.name} {text}" for limit, text in zip(limits, told, strict=True)) + ".",
        )


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _candidates(model: Model, candidates: pd.DataFrame) -> Picture:
    """Every network that evolution has scored, and the best one so far."""
    best = candidates["loss"].cummin()
    places = range(1, len(candidates) + 1)
    with styled():
        figure = blank_figure(WIDE_INCHES, 3.0)
        losses, uses = figure.subplots(1, 2)
        losses.plot(places, candidates["loss"], "o", color=BLUE, alpha=0.5, markersize=4, label="a network")
        losses.plot(places, best, color=VERMILION, label="best so far")
        for first in candidates.index[candidates["generation"].diff() > 0]:
            losses.axvline(first + 0.5, color=FAINT, linewidth=1)
        losses.set_title("Loss with shared weights, on held-back examples")
        losses.set_xlabel("networks, in the order in which they were scored")
        losses.legend(loc="best", fontsize=8.5)
        uses.plot(candidates["use"], candidates["accuracy"], "o", color=BLUE, alpha=0.5, markersize=4)
        uses.set_title("Accuracy and the budget")
        uses.set_xlabel("largest share of a target")
        uses.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        percent_axis(uses)
        return finish(
            figure,
            f"{model.name}_candidates",
            "Networks scored",
            "Every network that fitted the budget and was scored with shared weights; lines part the generations.",
            f"{len(candidates)} networks in {candidates['generation'].nunique()} generations; the least loss fell from "
            f"{best.iloc[0]:.3f} to {best.iloc[-1]:.3f}.",
        )


def _course(model: Model, search: Search, found: Costs) -> Picture:
    history = search.history
    with styled():
        figure = blank_figure(WIDE_INCHES, 4.4)
        panels = figure.subplots(2, 3, sharex=True)
        (accuracy, flash, sram), (temperature, certainty, mops) = panels
        _draw_accuracy(accuracy, history)
        _draw_cost(flash, history, "flash_bytes", "Flash for constants", found.flash_bytes)
        _draw_cost(sram, history, "sram_bytes", "Peak activations", found.sram_bytes)
        _draw_cost(mops, history, "mops", "Operations", found.ops / 1e6)
        label_bytes(flash.yaxis)
        label_bytes(sram.yaxis)
        mops.set_ylabel("Mops")
        temperature.plot(_epochs(history), history["temperature"], color=ORANGE)
        temperature.set_title("Temperature")
        temperature.set_ylim(bottom=0)
        certainty.plot(_epochs(history), history["certainty"], color=ORANGE)
        certainty.set_title("Certainty")
        certainty.set_ylim(0, 1.03)
        percent_axis(certainty)
        for axes in panels[1]:
            axes.set_xlabel("epoch")
            axes.xaxis.get_major_locator().set_params(integer=True)
        figure.legend(*flash.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8.5)
        return finish(
            figure,
            f"{model.name}_search",
            "Search history",
            "Costs are those expected from the decisions' probabilities, against their targets; the dot is the exact "
            "cost of the network found. Accuracy: on the parts of the training split that weights and decisions are "
            "learnt on. Certainty: mean probability of the likeliest options.",
            f"{len(history)} epochs; the network found needs {found.flash_bytes:,} bytes of flash for constants, "
            f"{found.sram_bytes:,} bytes for activations and {found.ops / 1e6:.2f} Mops.",
        )


def _epochs(history: pd.DataFrame) -> range:
    return range(1, len(history) + 1)


def _draw_accuracy(axes: Axes, history: pd.DataFrame) -> None:
    axes.plot(_epochs(history), history["weight_accuracy"], color=BLUE, label="for weights")
    if history["architecture_accuracy"].notna().any():
        axes.plot(
            _epochs(history),
            history["architecture_accuracy"],
            color=VERMILION,
            label="for decisions",
        )
    axes.set_title("Accuracy")
    axes.legend(loc="best", fontsize=8.5)
    percent_axis(axes)


def _draw_cost(axes: Axes, history: pd.DataFrame, column: str, title: str, found: float) -> None:
    axes.plot(_epochs(history), history[column], color=BLUE, label="expected")
    targets = history[f"max_{column}"].dropna()
    if not targets.empty:
        axes.axhline(targets.iloc[-1], color=INK, linewidth=1, linestyle=(0, (4, 3)), label="target")
    axes.plot([len(history)], [found], "o", color=VERMILION, markersize=6, label="network found", clip_on=False)
    axes.set_title(title)
    axes.set_ylim(bottom=0)


def widths_picture(model: Model) -> Picture | None:
    """What the search kept of every place of the backbone; None for a network that was not searched."""
    search = model.search
    if search is None or not search.widths:
        return None
    with styled():
        if len(search.widths) <= _FEW_PLACES:
            figure = blank_figure(NARROW_INCHES, 3.3)
            _draw_columns(figure.subplots(), search.widths)
            figure.legend(loc="outside upper right", ncols=2, fontsize=8.5)
        else:
            figure = blank_figure(NARROW_INCHES, 0.8 + 0.19 * len(search.widths))
            _draw_rows(figure.subplots(), search.widths)
        return finish(
            figure,
            f"{model.name}_widths",
            "Widths found",
            "Channels at every place of the backbone, and what the search kept of them.",
            ", ".join(f"{width.place}: {width.found or 'skipped'} of {width.backbone}" for width in search.widths),
        )


def _draw_columns(axes: Axes, widths: Sequence[Width]) -> None:
    positions = range(len(widths))
    axes.bar(positions, [width.backbone for width in widths], color=FAINT, width=0.74, label="backbone")
    axes.bar(positions, [width.found or 0 for width in widths], color=BLUE, width=0.74, label="found")
    for position, width in zip(positions, widths, strict=True):
        skipped = width.found is None
        axes.annotate(
            "skipped" if skipped else str(width.found),
            (position, 0 if skipped else width.found),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=MUTED if skipped else INK,
        )
    axes.set_xticks(positions, [width.place for width in widths])
    axes.set_ylabel("channels")
    axes.grid(axis="x", visible=False)
    axes.margins(x=0.02)


def _draw_rows(axes: Axes, widths: Sequence[Width]) -> None:
    """A row per place, as shares of the backbone: its widths are too unequal for one scale of channels."""
    positions = range(len(widths))
    axes.barh(positions, [1.0] * len(widths), color=FAINT, height=0.74)
    axes.barh(positions, [(width.found or 0) / width.backbone for width in widths], color=BLUE, height=0.74)
    for position, width in zip(positions, widths, strict=True):
        axes.annotate(
            f"{width.found or 'skipped'} of {width.backbone}",
            (1.0, position),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=INK if width.found else MUTED,
        )
    axes.set_yticks(positions, [width.place for width in widths], fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlabel("share of the backbone's channels")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.set_xlim(0, 1.18)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.grid(axis="y", visible=False)
    axes.margins(y=0.01)
