"""The paper's figures as charts of the page."""

import math
from typing import Any

from micronets.paper.figures import Paper, PaperNetwork
from micronets.paper.hardware_tables import misplaced_energy
from micronets.paper.here import Characterisation, Here
from micronets.paper.results_table import TITLES
from micronets.report.charts.chart import Chart, Spec, chart_spec, names_inside, tips, values
from micronets.report.trade_offs import pareto_front
from micronets.style import BLUE, GREEN, INK, MUTED, PURPLE, VERMILION

_PAPER, _HERE = "the paper's cost, under TFLM", "cost here, compiled"
_SHAPES = {_PAPER: "circle", _HERE: "diamond"}
_COLOURS = {_PAPER: MUTED, _HERE: BLUE}
_BACKBONE_COLOURS = {"kws": BLUE, "cifar10": VERMILION, "vww": GREEN}
_BACKBONE_SHAPES = {"kws": "circle", "cifar10": "square", "vww": "triangle-up"}
_HEIGHT = 300
_FIGURES = {"kws": "Figure 7", "vww": "Figure 8", "ad": "Table 3"}
Costs = dict[str, dict[str, float]]
"""By series, then by network."""


def pareto_charts(paper: Paper, here: Here, task: str) -> list[Chart]:
    """The paper's scores against latency on the medium board, SRAM and flash: at the paper's costs and at ours."""
    board = paper.board("M")
    charts = []
    for axis, unit, costs in (
        (f"latency on M ({board})", "ms", _latencies(paper, here, task, board)),
        ("SRAM", "kB", _memories(paper, here, task, "sram")),
        ("flash of the network", "kB", _memories(paper, here, task, "flash")),
    ):
        if costs[_PAPER]:
            charts.append(_pareto_chart(paper, task, axis, unit, costs))
    return charts


def _latencies(paper: Paper, here: Here, task: str, board: str) -> Costs:
    networks = paper.of_task(task)
    ours = {}
    for network in networks:
        costs = here.costs.get((network.name, board))
        if costs is not None and costs.built is not None and costs.built.latency_ms is not None:
            ours[network.name] = costs.built.latency_ms
    papers = {network.name: 1e3 * network.latency_s[board] for network in networks if board in network.latency_s}
    return {_PAPER: papers, _HERE: ours}


def _memories(paper: Paper, here: Here, task: str, memory: str) -> Costs:
    papers, ours = {}, {}
    for network in paper.of_task(task):
        stated = network.sram_kb if memory == "sram" else network.tflite_kb
        if stated is not None:
            papers[network.name] = stated
        found = [here.costs.get((network.name, board.board)) for board in paper.boards]
        built = next((costs.built for costs in found if costs and costs.built), None)
        if built is not None:
            size_bytes = built.network_ram_bytes if memory == "sram" else built.network_flash_bytes
            ours[network.name] = size_bytes / 1e3
    return {_PAPER: papers, _HERE: ours}


def _pareto_chart(paper: Paper, task: str, axis: str, unit: str, costs: Costs) -> Chart:
    scored = {network.name: network for network in paper.of_task(task) if network.accuracy_percent is not None}
    rows: list[dict[str, Any]] = [
        {"network": scored[name].title, "series": series, "cost": cost, "score": scored[name].accuracy_percent}
        for series, found in costs.items()
        for name, cost in found.items()
        if name in scored
    ]
    x = {
        "field": "cost",
        "type": "quantitative",
        "scale": {"type": "log", "padding": 24},
        "axis": {"title": f"{axis}, {unit}", "format": "~s", "tickCount": 5},
    }
    y = {
        "field": "score",
        "type": "quantitative",
        "scale": {"zero": False, "padding": 14},
        "axis": {"title": f"{'AUC' if task == 'ad' else 'accuracy'} in the paper, %", "tickCount": 5},
    }
    present = [series for series in costs if any(row["series"] == series for row in rows)]
    colour = _scale("series", present, [_COLOURS[series] for series in present])
    shape = _scale("series", present, [_SHAPES[series] for series in present])
    layers: list[Spec] = []
    for series in present:
        points = [(row["cost"], row["score"]) for row in rows if row["series"] == series]
        front = [{"cost": cost, "score": score} for cost, score in pareto_front(points)]
        mark = {"type": "line", "color": _COLOURS[series], "strokeWidth": 1, "interpolate": "step-after"}
        layers.append({"data": values(front), "mark": mark, "encoding": {"x": x, "y": y, "order": {"field": "cost"}}})
    layers.append(
        {
            "data": values(rows),
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1, "stroke": "white", "strokeWidth": 0.7},
            "params": [{"name": "zoom", "select": "interval", "bind": "scales"}],
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "shape": shape,
                "tooltip": tips(
                    network="network", series="series", cost=(f"{axis}, {unit}", ",.4~g"), score=("%", ".2f")
                ),
            },
        }
    )
    named = [row for row in rows if row["series"] == present[-1]]
    middle = math.sqrt(min(row["cost"] for row in rows) * max(row["cost"] for row in rows))
    layers += names_inside(named, middle, {"x": x, "y": y}, "network", fontSize=10, color=INK)
    caption = (
        f"{_FIGURES[task]} of the paper. Scores are the paper's; costs its own, and of the same layers compiled here. "
        "Lines: networks that none beats in both."
    )
    words = "; ".join(
        f"{row['network']} {row['score']:g} % at {row['cost']:.4g} {unit}, {row['series']}" for row in rows
    )
    title = f"{TITLES[task]}: score against {axis}"
    return Chart(title, caption, words, chart_spec({"layer": layers}, _HEIGHT))


def latency_chart(found: Characterisation, letter: str) -> Chart:
    """Latency of random networks against their operations, with the fitted lines."""
    rows = [{"backbone": name, "mops": mops, "ms": ms} for name, fit in found.fits.items() for mops, ms in fit.points]
    ends = [
        {"backbone": name, "mops": mops, "ms": fit.intercept_ms + 1e3 * mops / fit.mops_per_s}
        for name, fit in found.fits.items()
        for mops in (min(point[0] for point in fit.points), max(point[0] for point in fit.points))
    ]
    names = list(found.fits)
    x = {"field": "mops", "type": "quantitative", "axis": {"title": "million operations", "tickCount": 6}}
    y = {"field": "ms", "type": "quantitative", "axis": {"title": "ms, estimated", "tickCount": 6}}
    colour = _scale("backbone", names, [_BACKBONE_COLOURS.get(name, PURPLE) for name in names])
    shape = _scale("backbone", names, [_BACKBONE_SHAPES.get(name, "cross") for name in names])
    points = {
        "data": values(rows),
        "mark": {"type": "point", "filled": True, "size": 36, "opacity": 0.8},
        "params": [{"name": "zoom", "select": "interval", "bind": "scales"}],
        "encoding": {
            "x": x,
            "y": y,
            "color": colour,
            "shape": shape,
            "tooltip": tips(backbone="backbone", mops=("Mops", ".2f"), ms=("ms", ".1f")),
        },
    }
    lines = {"data": values(ends), "mark": {"type": "line", "strokeWidth": 1.2},
             "encoding": {"x": x, "y": y, "color": colour}}  # fmt: skip
    words = "; ".join(f"{name}: r² {fit.r2:.3f}, {fit.mops_per_s:.0f} Mops/s" for name, fit in found.fits.items())
    return Chart(
        f"Latency against operations on {letter} ({found.board})",
        f"Figure 4 of the paper, which states r² between 0.95 and 0.99. Random networks of each backbone. {words}.",
        words,
        chart_spec({"layer": [lines, points]}, _HEIGHT),
    )


def channels_chart(found: Characterisation, letter: str) -> Chart:
    """Cycles of a convolution per multiply-accumulate by its channels."""
    rows = [
        {"channels": count, "cycles": cycles, "kind": "multiple of four" if count % 4 == 0 else "other"}
        for count, cycles in found.cycles_per_mac.items()
    ]
    encoding = {
        "x": {"field": "channels", "type": "ordinal", "axis": {"title": "input and output channels", "labelAngle": 0}},
        "y": {"field": "cycles", "type": "quantitative", "axis": {"title": "cycles per multiply-accumulate"}},
        "color": _scale("kind", ["multiple of four", "other"], [BLUE, MUTED]),
        "tooltip": tips(channels="channels", cycles=("cycles per MAC", ".4f")),
    }
    words = "; ".join(f"{count} channels {cycles:.3f}" for count, cycles in found.cycles_per_mac.items())
    return Chart(
        f"Channels of a 1x1 convolution on {letter} ({found.board})",
        "Section 3.2 of the paper: 37.5 ms with 138 channels, 21.5 with 140.",
        words,
        chart_spec({"data": values(rows), "mark": "bar", "encoding": encoding}, _HEIGHT),
    )


def power_chart(paper: Paper) -> Chart:
    """Power against the size of the model, from the paper's energies and latencies."""
    boards = {board.board: f"{board.letter} ({board.board})" for board in paper.boards}
    rows = [_power_row(network, board, boards[board]) for network in paper.networks for board in network.energy_mj
            if network.tflite_kb and board in network.latency_s and not misplaced_energy(network.name)]  # fmt: skip
    names = list(dict.fromkeys(str(row["board"]) for row in rows))
    encoding = {
        "x": {"field": "kb", "type": "quantitative", "axis": {"title": "model, kB", "tickCount": 6}},
        "y": {"field": "watt", "type": "quantitative", "axis": {"title": "energy over latency, W"}},
        "color": _scale("board", names, [BLUE, VERMILION][: len(names)]),
        "shape": _scale("board", names, ["circle", "square"][: len(names)]),
        "tooltip": tips(network="network", board="board", kb=("model, kB", ",d"), watt=("W", ".3f")),
    }
    words = "; ".join(f"{row['network']} {row['watt']:.3f} W on {row['board']}" for row in rows)
    mark = {"type": "point", "filled": True, "size": 80, "opacity": 1}
    return Chart(
        "Power against the size of the model",
        "Figure 5 of the paper, by its Table 4 alone: nothing of it can be measured here, without boards.",
        words,
        chart_spec({"data": values(rows), "mark": mark, "encoding": encoding}, _HEIGHT),
    )


def _power_row(network: PaperNetwork, board: str, title: str) -> dict[str, Any]:
    watt = network.energy_mj[board] / 1e3 / network.latency_s[board]
    return {"network": network.title, "board": title, "kb": network.tflite_kb, "watt": watt}


def _scale(field: str, names: list[str], span: list[str]) -> Spec:
    return {"field": field, "type": "nominal", "scale": {"domain": names, "range": span}}
