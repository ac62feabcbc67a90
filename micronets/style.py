"""The look that all pictures share, and how they become files.

Colours: Okabe and Ito's palette, which stays distinct for colour-blind readers. Pictures are drawn without pyplot, so
that no state is shared, and without dates, so that equal results give equal bytes.
"""

import io
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
ORANGE = "#E69F00"
INK = "#1F2933"
MUTED = "#8A939C"
FAINT = "#E3E7EB"

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "micronets",
    "svg.fonttype": "path",
}
WIDE_INCHES = 7.0
NARROW_INCHES = 5.9
"""A wide and a narrow picture share a row of the page."""
_PNG_DPI = 200


@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture: `name` is its file name without suffix; `alternative` says in words what it shows."""

    name: str
    title: str
    caption: str
    alternative: str
    png: bytes
    svg: str

    def save(self, folder: str | os.PathLike) -> None:
        """Writes `name`.png into `folder`."""
        Path(folder, f"{self.name}.png").write_bytes(self.png)


def styled() -> AbstractContextManager[None]:
    """The context in which figures are made, drawn and saved."""
    return matplotlib.rc_context(_STYLE)


def blank_figure(width_inches: float, height_inches: float) -> Figure:
    """An empty figure whose parts arrange themselves."""
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def finish(figure: Figure, name: str, title: str, caption: str, alternative: str) -> Picture:
    """Draws the figure as PNG and SVG."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # arranged once, for both files
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=_PNG_DPI, metadata={"Software": None})
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(name, title, caption, alternative, png.getvalue(), svg.getvalue())


def label_bytes(axis: Axis) -> None:
    """Axis figures in kB (1000 bytes) or MB."""
    axis.set_major_formatter(EngFormatter(unit="B", sep=" "))


def label_counts(axis: Axis) -> None:
    """Axis figures in thousands, millions and so on."""
    axis.set_major_formatter(EngFormatter(sep=" "))


def label_plain(axis: Axis) -> None:
    """Axis figures as they are, without powers of ten."""
    axis.set_major_formatter("{x:,g}")


def logarithmic(axes: Axes, figures: tuple[int, ...] = (1, 2, 5)) -> None:
    """A logarithmic horizontal axis with these figures in every decade."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=figures))
    axes.xaxis.set_minor_locator(NullLocator())


def percent_axis(axes: Axes) -> None:
    """Vertical axis from shares (0 to 1) to percent."""
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
