"""A picture of where the cycles of several models go, layer by layer."""

import io
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from micronets.profile.result import INVOKE, Profile
from micronets.style import BLUE, INK, ORANGE, blank_figure, label_counts, styled

_LAYER = re.compile(r"network_layer_\d+_(\w+)")
_DPI = 130
_WIDTH_INCHES = 13.0
_LEAST_PLACES = 20
"""Bars of a small network do not get broader than with this many layers."""
_LEAST_LABELLED_SHARE = 0.02


def draw_layers(models: Sequence[tuple[str, Profile]]) -> bytes:
    """PNG with a panel for every (title, profile): estimated cycles of each layer as bars.

    The dark foot of a bar is the physical floor, two multiply-accumulates a cycle; the figure above is its share.
    """
    with styled():
        figure = blank_figure(_WIDTH_INCHES, 0.4 + 2.4 * len(models))
        panels = figure.subplots(len(models), squeeze=False)[:, 0]
        for axes, (title, profile) in zip(panels, models, strict=True):
            _panel(axes, title, profile)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=9)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
        return buffer.getvalue()


def _panel(axes: Axes, title: str, profile: Profile) -> None:
    rows = [row for row in profile.layer_rows() if row["layer"] != INVOKE]
    cycles = np.array([row["estimated_cycles"] or 0.0 for row in rows])
    floors = np.array([(row["macs"] or 0) / 2 for row in rows])
    places = np.arange(len(rows))
    axes.bar(places, cycles, color=BLUE, alpha=0.45, width=0.78, label="estimated cycles")
    axes.bar(places, floors, color=ORANGE, width=0.78, label="floor: MACs / 2, and its share in %")
    for place, total, floor in zip(places, cycles, floors, strict=True):
        if floor and total >= _LEAST_LABELLED_SHARE * cycles.max():
            axes.text(
                float(place), total, f"{100 * floor / total:.0f}", ha="center", va="bottom", fontsize=7, color=INK
            )
    axes.set_xticks(places, [_name(str(row["layer"])) for row in rows], rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", labelsize=7)
    axes.set_xlim(-0.6, max(len(rows), _LEAST_PLACES) - 0.4)
    axes.margins(y=0.14)
    axes.grid(axis="x", visible=False)
    axes.set_ylabel("cycles")
    label_counts(axes.yaxis)
    share = floors.sum() / cycles.sum()
    axes.set_title(
        f"{title}: {profile.latency_ms:.1f} ms ± {profile.error_percent:.0f} % estimated on "
        f"{profile.firmware.board.name}, {100 * share:.0f} % of it the floor"
    )


def _name(layer: str) -> str:
    match = _LAYER.fullmatch(layer)
    short = match[1] if match else layer
    return short.removesuffix("_2d").replace("_", " ").replace("depthwise conv", "dw conv")
