"""Differences between two results as text for the terminal and as a page of their own."""

import json
import re

from micronets.report.charts.chart import VEGA_LITE, Chart, chart_spec, library, tips, values
from micronets.report.differences import Differences, Figure, Pair
from micronets.report.page import page_environment, script_safe, shown_charts
from micronets.style import BLUE, ORANGE

_TEMPLATE = "differences.html.j2"
_ROW_PIXELS = 26
_NOTABLE_RATIO = 0.005


def format_differences(found: Differences) -> str:
    """The figures that differ, a table for each pair; of scores in percentage points, of costs as B / A."""
    lines: list[str] = []
    for pair in found.pairs:
        changed = [figure for figure in pair.figures if figure.a != figure.b]
        lines.append(f"{pair.task} {pair.title}:" + ("" if changed else " no figure differs"))
        lines += _table([("", "A", "B", "B - A", "B / A"), *(cells(figure) for figure in changed)]) if changed else []
        lines.append("")
    lines += [f"only in A: {title}" for title in found.only_a]
    lines += [f"only in B: {title}" for title in found.only_b]
    return "\n".join(lines).rstrip()


def cells(figure: Figure) -> tuple[str, str, str, str, str]:
    """Name, both sides, their difference and their ratio, as text; `-` for what is not known."""
    difference, ratio = figure.difference, figure.ratio
    told = "-" if difference is None else f"{difference:+,.4g}" if abs(difference) < 1000 else f"{difference:+,.0f}"
    if figure.distinct is not None and difference:
        told += " (intervals apart)" if figure.distinct else " (within the intervals)"
    return figure.name, _number(figure.a), _number(figure.b), told, "-" if ratio is None else f"{ratio:.3f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def render_differences(found: Differences, a: str, b: str) -> str:
    """The page as HTML, which needs no other file and no network.

    Args:
        a, b: what the two sides are called.
    """
    sections, specs = [], {}
    for number, pair in enumerate(found.pairs):
        charts = [(f"pair-{number}-layers", chart)] if (chart := layers_chart(pair)) else []
        specs.update({name: chart.spec for name, chart in charts})
        rows = [(*cells(figure), _state(figure)) for figure in pair.figures]
        sections.append({"title": f"{pair.task}: {pair.title}", "rows": rows, "charts": shown_charts(charts)})
    return (
        page_environment()
        .get_template(_TEMPLATE)
        .render(
            a=a,
            b=b,
            sections=sections,
            only_a=found.only_a,
            only_b=found.only_b,
            specs=script_safe(json.dumps(specs, separators=(",", ":"))),
            library=script_safe(library()) if specs else "",
            vega_lite=VEGA_LITE,
        )
    )


def _state(figure: Figure) -> str:
    """`same`, or whether B is `better` or `worse`; costs are better when lower, scores when higher."""
    if figure.difference is None:
        return ""
    if figure.ratio is not None:
        if abs(figure.ratio - 1) < _NOTABLE_RATIO:
            return "same"
        fewer_is_better = not re.match(r"outputs", figure.name)
        return "better" if (figure.ratio < 1) == fewer_is_better else "worse"
    if not figure.distinct:
        return "same"
    return "better" if figure.difference > 0 else "worse"


def layers_chart(pair: Pair) -> Chart | None:
    """Instructions of every layer on both sides; None where the layers are not the same."""
    if pair.layers.empty:
        return None
    rows = [
        {"layer": layer, "side": side, "instructions": int(count), "ratio": float(b) / a if a else None}
        for layer, a, b in pair.layers.itertuples(index=False)
        for side, count in (("A", a), ("B", b))
    ]
    y = {
        "field": "layer",
        "type": "nominal",
        "sort": pair.layers["layer"].tolist(),
        "axis": {"title": None, "labelLimit": 130, "grid": False, "labelOverlap": False},
    }
    encoding = {
        "y": y,
        "yOffset": {"field": "side"},
        "x": {"field": "instructions", "type": "quantitative", "axis": {"format": "~s", "tickCount": 5}},
        "color": {"field": "side", "scale": {"domain": ["A", "B"], "range": [BLUE, ORANGE]}},
        "tooltip": tips(layer="layer", side="side", instructions=("instructions", ",d"), ratio=("B / A", ".3f")),
    }
    changed = int((pair.layers["a"] != pair.layers["b"]).sum())
    return Chart(
        "Instructions by layer",
        "Counted on the emulator, of one inference.",
        f"{changed} of {len(pair.layers)} layers differ.",
        chart_spec({"data": values(rows), "mark": "bar", "encoding": encoding}, _ROW_PIXELS * len(pair.layers)),
        wide=True,
    )
