"""What all charts share: their form, their look, and the library that draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import vl_convert

from micronets.style import FAINT, INK, MUTED

VEGA_LITE = "6.4"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
_CONFIG = {
    "font": _FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "gridColor": FAINT,
        "domainColor": MUTED,
        "ticks": False,
        "labelPadding": 5,
    },
    "legend": {
        "orient": "bottom",
        "title": None,
        "labelColor": INK,
        "columns": 2,
        "labelLimit": 320,
        "symbolOpacity": 1,
    },
    "title": {"anchor": "start", "color": INK, "fontSize": 12, "fontWeight": "bold"},
}

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart as the page embeds it: as wide as there is room.

    Attributes:
        spec: in Vega-Lite, with its data inside.
        alternative: in words, what it shows.
        wide: whether it takes a whole row of the page; `small`: whether many stand in one.
    """

    title: str
    caption: str
    alternative: str
    spec: Spec
    wide: bool = False
    small: bool = False


def chart_spec(content: Spec, height: int) -> Spec:
    """A whole specification around layers or a mark; `height` in pixels."""
    return {
        "$schema": _SCHEMA,
        "config": _CONFIG,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        **content,
    }


def values(rows: Rows) -> Spec:
    """The data of a specification or layer."""
    return {"values": [dict(row) for row in rows]}


def tips(**titles: str | tuple[str, str]) -> list[Spec]:
    """What hovering shows: a title by field, with a number format where one is given."""
    shown = []
    for field, title in titles.items():
        name, form = (title, "") if isinstance(title, str) else title
        kind = {"type": "quantitative", "format": form} if form else {"type": "nominal"}
        shown.append({"field": field, "title": name, **kind})
    return shown


def names_inside(rows: Rows, middle: float, encoding: Spec, field: str, **mark: Any) -> list[Spec]:
    """Layers that write `field` beside the points, towards the cost `middle`: no name reaches beyond the axes."""
    layers = []
    for align, sign, shown in (
        ("left", 1, [row for row in rows if row["cost"] <= middle]),
        ("right", -1, [row for row in rows if row["cost"] > middle]),
    ):
        text = {"type": "text", "align": align, "dx": 8 * sign, "dy": -7, "limit": 150, "clip": True, **mark}
        if shown:
            layers.append({"data": values(shown), "mark": text, "encoding": {**encoding, "text": {"field": field}}})
    return layers


@cache
def library() -> str:
    """JavaScript of Vega, Vega-Lite and Vega-Embed, which needs no network and sets `vegaEmbed`."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
