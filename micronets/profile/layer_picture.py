"""A picture of where the cycles of several models go, layer by layer."""

import io
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from micronets.profile.result import INVOKE, Profile
from micronets.report.style import BLUE, INK, ORANGE, blank_figure, label_counts, styled

_LAYER = re.compile(r"network_layer_\d+_(\w+)")
_DPI = 130


def draw_layers(models: Sequence[tuple[str, Profile]]) -> bytes:
    """PNG with a panel for every (title, profile): estimated cycles of each layer as bars.

    The dark foot of a bar is the physical floor, two multiply-accumulates a cycle; the figure above is its share.
    """
    most = max(len(profile.firmware.layers) for _, profile in models)
    with styled():
        figure = blank_figure(max(7.0, 1.5 + 0.42 * most), 2.6 * len(models))
        for axes, (title, profile) in zip(figure.subplots(len(models), squeeze=False)[:, 0], models, strict=True):
            _panel(axes, title, profile)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
        return buffer.getvalue()


def _panel(axes: Axes, title: str, profile: Profile) -> None:
    rows = [row for row in profile.layer_rows() if row["layer"] != INVOKE]
    cycles = np.array([row["estimated_cycles"] or 0.0 for row in rows])
    floors = np.array([(row["macs"] or 0) / 2 for row in rows])
    places = np.arange(len(rows))
    axes.bar(places, cycles, color=BLUE, alpha=0.45, width=0.78, label="estimated cycles")
    axes.bar(places, floors, color=ORANGE, width=0.78, label="floor: MACs / 2")
    for place, total, floor in zip(places, cycles, floors, strict=True):
        if floor:
            axes.annotate(f"{100 * floor / total:.0f} %", (place, total), xytext=(0, 2), textcoords="offset points",
                          ha="center", fontsize=7.5, color=INK)  # fmt: skip
    axes.set_xticks(places, [_name(str(row["layer"])) for row in rows], rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.margins(y=0.14)
    axes.grid(axis="x", visible=False)
    axes.set_ylabel("cycles")
    label_counts(axes.yaxis)
    share = floors.sum() / cycles.sum()
    axes.set_title(f"{title}: {profile.latency_ms:.1f} ms estimated on {profile.firmware.board.name}, "
                   f"{100 * share:.0f} % of it the floor")  # fmt: skip
    axes.legend(loc="upper right", fontsize=8)


def _name(layer: str) -> str:
    match = _LAYER.fullmatch(layer)
    short = match[1] if match else layer
    return short.removesuffix("_2d").replace("_", " ").replace("depthwise conv", "dw conv")
