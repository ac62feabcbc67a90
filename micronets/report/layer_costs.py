"""Where a network's instructions go, and its flash, layer by layer."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from micronets.report.records import Build, Model
from micronets.style import BLUE, GREEN, NARROW_INCHES, Picture, blank_figure, finish, label_counts, styled

_FLASH = ("flash_constant_bytes", "flash_code_bytes")


def layers_picture(model: Model, build: Build) -> Picture | None:
    """Instructions of every layer as bars, and beside them the flash that it has to itself, where that is known.

    None where the firmware has not been profiled.
    """
    if build.profile is None or build.profile.layers.empty:
        return None
    layers = build.profile.layers
    total = layers["instructions"].sum()
    flash = layers[list(_FLASH)].sum(axis=1)
    with styled():
        figure = blank_figure(NARROW_INCHES, 1.0 + 0.24 * len(layers))
        panels: Any = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2)) if flash.any() else (figure.subplots(),)
        axes = panels[0]
        _bars(axes, layers["instructions"], BLUE)
        axes.set_yticks(range(len(layers)), layers["layer"])
        axes.invert_yaxis()
        axes.margins(x=0.16, y=0.02)
        axes.set_xlabel("instructions per inference")
        sentence = f"Counted on the emulator; {total:,.0f} in all layers together."
        if flash.any():
            _bars(panels[1], flash, GREEN)
            panels[1].margins(x=0.28, y=0.02)
            panels[1].set_xlabel("bytes of flash")
            sentence += (
                f" Constants and code of their own take {flash.sum():,.0f} bytes; the kernels they share are not "
            )
            sentence += "among them."
        most = layers.loc[layers["instructions"].idxmax()]
        return finish(
            figure,
            f"{model.name}_{build.picture_name}_layers",
            f"Instructions {'and flash ' if flash.any() else ''}by layer on {build.place}",
            sentence,
            f"Most instructions: {most['layer']} with {most['instructions']:,.0f}.",
        )


def _bars(axes: Axes, values: pd.Series, colour: str) -> None:
    axes.barh(range(len(values)), values, color=colour, height=0.72)
    for row, value in enumerate(values):
        axes.annotate(
            f"{100 * value / values.sum():.1f} %",
            (value, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    axes.grid(axis="y", visible=False)
    label_counts(axes.xaxis)
