"""The score of networks against what they cost, with the networks that none beats in both."""

import math
from typing import Any

from micronets.boards import Board
from micronets.report.charts.chart import Chart, Spec, chart_spec, names_inside, tips, values
from micronets.report.records import Results
from micronets.report.trade_offs import (
    COLOURS,
    COSTS,
    KIND_NAMES,
    Cost,
    Point,
    note,
    paper_points,
    pareto_front,
    points,
    spreads,
)
from micronets.style import INK, MUTED

_PAPER = "published in the paper"
_SHAPES = {
    "searched": "diamond",
    "published": "circle",
    "baseline": "square",
    "given": "triangle-up",
    "tflite": "cross",
}
_LOGARITHMIC_FROM = 12
_NEAR = 3
"""A limit is drawn where it is less than so many times as far as the dearest network."""
_FORMATS = {"flash": (",d", "bytes"), "ram": (",d", "bytes"), "instructions": (",d", ""), "latency": (",.4~g", "ms")}


def front_charts(results: Results) -> list[Chart]:
    """A chart for every board and cost that is known."""
    boards = list(dict.fromkeys(build.board for model in results.models for build in model.builds))
    charts = []
    for board in boards:
        for cost in COSTS:
            if found := points(results.models, board, cost):
                charts.append(_chart(results, board, cost, found))
    return charts


def _chart(results: Results, board: Board, cost: Cost, found: list[Point]) -> Chart:
    form, unit = _FORMATS[cost.name]
    metric = results.metric_name
    rows: list[dict[str, Any]] = [
        {
            "model": point.name,
            "kind": KIND_NAMES[point.kind],
            "cost": point.cost,
            "score": point.score,
            "low": point.interval[0],
            "high": point.interval[1],
            "from": point.cost_interval[0],
            "to": point.cost_interval[1],
            "spread": point.spread,
        }
        for point in found
    ]
    papers: list[dict[str, Any]] = [
        {"model": name, "kind": _PAPER, "cost": value, "score": score, "spread": "not published"}
        for name, value, score in paper_points(results, cost, board)
    ]
    kinds = list(dict.fromkeys(row["kind"] for row in [*rows, *papers]))
    costs = [float(row["cost"]) for row in [*rows, *papers]]
    limit = cost.limit(board)
    if limit is not None and limit < _NEAR * max(costs):
        costs.append(limit)
    logarithmic = max(costs) > _LOGARITHMIC_FROM * min(costs)
    scale: Spec = {"type": "log", "padding": 20} if logarithmic else {"domainMin": 0, "domainMax": 1.08 * max(costs)}
    middle = math.sqrt(min(costs) * max(costs)) if logarithmic else max(costs) / 2
    x = {
        "field": "cost",
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": f"{cost.label}{f', {unit}' if unit else ''}", "format": "~s", "tickCount": 5},
    }
    y = {
        "field": "score",
        "type": "quantitative",
        "scale": {"zero": False, "padding": 12},
        "axis": {"title": f"{metric}, int8", "format": ".0%", "tickCount": 5},
    }
    colours = [next((COLOURS[kind] for kind, name in KIND_NAMES.items() if name == shown), MUTED) for shown in kinds]
    shapes = [next((_SHAPES[kind] for kind, name in KIND_NAMES.items() if name == shown), "circle") for shown in kinds]
    colour = {"field": "kind", "type": "nominal", "scale": {"domain": kinds, "range": colours}}
    shape = {"field": "kind", "type": "nominal", "scale": {"domain": kinds, "range": shapes}}
    tooltip = tips(model="network", kind="origin", score=(metric, ".1%"), spread="interval", cost=(cost.label, form))
    front = [{"cost": value, "score": score} for value, score in pareto_front([(p.cost, p.score) for p in found])]
    bar: Spec = {"type": "rule", "opacity": 0.45, "strokeWidth": 1.5}
    layers: list[Spec] = [
        {
            "data": values(front),
            "mark": {"type": "line", "color": MUTED, "strokeWidth": 1},
            "encoding": {"x": x, "y": y, "order": {"field": "cost"}},
        },
        {
            "data": values(rows),
            "mark": bar,
            "encoding": {
                "x": x,
                "y": {"field": "low", "type": "quantitative"},
                "y2": {"field": "high"},
                "color": colour,
                "tooltip": tooltip,
            },
        },
        {
            "data": values([*rows, *papers]),
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1, "stroke": "white", "strokeWidth": 0.7},
            "params": [{"name": "zoom", "select": "interval", "bind": "scales"}],
            "encoding": {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": tooltip},
        },
    ]
    if spread := [row for row in rows if row["from"] < row["to"]]:
        ends = {"x": {**x, "field": "from"}, "x2": {"field": "to"}, "y": y}
        encoding = {**ends, "color": colour, "tooltip": tooltip}
        layers.insert(2, {"data": values(spread), "mark": bar, "encoding": encoding})  # below the points
    encoding = {"x": x, "y": y, "color": colour}
    layers += names_inside([*rows, *papers], middle, encoding, "model", fontSize=10.5)
    caption = f"{note(results, cost)} {spreads(found)} Line: networks that none beats in both."
    if limit is not None and limit in costs:
        mark = {"type": "rule", "color": INK, "strokeDash": [4, 3]}
        layers.append(
            {
                "data": values([{"cost": limit}]),
                "mark": mark,
                "encoding": {"x": x, "tooltip": tips(cost=("the board has", form))},
            }
        )
    elif limit is not None:
        caption += f" The board has {limit:,.0f}, outside of the picture."
    words = "; ".join(f"{point.name} {100 * point.score:.1f} % at {point.cost:,.4g}" for point in found)
    title = f"{results.metric_title} against {cost.title}, {board.name}"
    return Chart(title, caption, f"{words} {cost.label}", chart_spec({"layer": layers}, 270))
