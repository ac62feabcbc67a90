"""Small multiples of a sweep: for every figure, each configuration's seeds, their mean and standard deviation."""

import statistics

from micronets.report.charts.chart import Chart, Spec, chart_spec, tips, values
from micronets.report.records import Results
from micronets.report.seeds import FIGURES, Figure, on_board, seed_groups
from micronets.style import BLUE, INK

_ROW_PIXELS = 24


def seed_charts(results: Results) -> list[Chart]:
    """A chart per figure, with a row per configuration and board; empty where no configuration has several seeds."""
    return [chart for figure in FIGURES if (chart := _chart(results, figure)) is not None]


def _chart(results: Results, figure: Figure) -> Chart | None:
    points, means = [], []
    for name, models in seed_groups(results).items():
        for board in dict.fromkeys(build.board for model in models for build in model.main_builds):
            row = f"{name}, {board.name}"
            found = [(model.name, figure.of(model, build)) for model, build in on_board(models, board)]
            known = [(model, figure.factor * value) for model, value in found if value is not None]
            points += [{"row": row, "model": model, "value": value} for model, value in known]
            if len(known) > 1:
                numbers = [value for _, value in known]
                mean, deviation = statistics.mean(numbers), statistics.stdev(numbers)
                means.append(
                    {"row": row, "mean": mean, "sd": deviation, "low": mean - deviation, "high": mean + deviation}
                )
    if not means:
        return None
    y = {"field": "row", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 180, "grid": False}}
    x: Spec = {
        "field": "value",
        "type": "quantitative",
        # Vega does not fit a chart whose marks touch the axes' ends anew when the window becomes narrower
        "scale": {"zero": False, "padding": 6},
        "axis": {"title": None, "tickCount": 5},
    }
    form = f".{figure.decimals}f"
    told = tips(row="configuration", mean=("mean", form), sd=("standard deviation", f".{figure.decimals + 1}f"))
    layers: list[Spec] = [
        {
            "data": values(means),
            "mark": {"type": "rule", "color": INK, "strokeWidth": 2},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "tooltip": told},
        },
        {
            "data": values(means),
            "mark": {"type": "tick", "color": INK, "thickness": 2},
            "encoding": {"y": y, "x": {**x, "field": "mean"}, "tooltip": told},
        },
        {
            "data": values(points),
            "mark": {"type": "point", "filled": True, "color": BLUE, "opacity": 0.7, "size": 45},
            "encoding": {"y": y, "x": x, "tooltip": tips(model="network", value=(figure.title, form))},
        },
    ]
    words = "; ".join(f"{row['row']}: {row['mean']:{form}} ± {row['sd']:{form}}" for row in means)
    return Chart(
        figure.title,
        "Dots: seeds; bar: mean and standard deviation.",
        words,
        chart_spec({"layer": layers}, _ROW_PIXELS * len(means) + 10),
    )
