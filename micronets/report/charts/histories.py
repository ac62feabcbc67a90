"""How a network was found and how it learnt, epoch by epoch, as small multiples."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from micronets.report.charts.chart import Chart, Spec, chart_spec, tips, values
from micronets.report.records import Model
from micronets.style import BLUE, INK, MUTED, ORANGE, VERMILION

_HEIGHT = 140


def search_charts(model: Model) -> list[Chart]:
    """Course of a differentiable search, or the networks that evolution scored; empty where nothing was searched."""
    if model.search is None or model.costs is None:
        return []
    history, candidates = model.search.history, model.search.candidates
    charts = []
    if not history.empty:
        found = model.costs
        charts += [
            _lines(
                "Search: accuracy",
                "On the parts of the training split that weights and decisions are learnt on.",
                history,
                {"weight_accuracy": "weights", "architecture_accuracy": "decisions"},
                ".0%",
            ),
            _cost("Search: flash for constants", history, "flash_bytes", found.flash_bytes, "~s"),
            _cost("Search: peak activations", history, "sram_bytes", found.sram_bytes, "~s"),
            _cost("Search: Mops", history, "mops", found.ops / 1e6, "~g"),
            _lines(
                "Search: certainty",
                "Mean probability of the likeliest options.",
                history,
                {"certainty": "certainty"},
                ".0%",
            ),
        ]
    if not candidates.empty:
        charts.append(_candidates(candidates))
    return charts


def training_charts(model: Model) -> list[Chart]:
    """Loss, and accuracy where there is one; empty where the model has not been trained here."""
    if model.training is None or model.training.history.empty:
        return []
    history = model.training.history.assign(epoch=range(1, len(model.training.history) + 1))
    has_accuracy = history["validation_accuracy"].notna().any()
    scale = "linear" if has_accuracy else "log"  # what a reconstruction begins with is far above what it ends with
    charts = [_phases("Training: loss", history, "loss", "validation_loss", ".3~g", scale)]
    if has_accuracy:
        charts.append(_phases("Training: accuracy", history, "accuracy", "validation_accuracy", ".0%"))
    return charts


def _epoch_axis(count: int) -> Spec:
    axis = {"title": "epoch", "format": "d", "tickMinStep": 1, "grid": False, "tickCount": 6}
    return {"field": "epoch", "type": "quantitative", "axis": axis, "scale": {"domain": [1, max(count, 2)]}}


def _long(history: pd.DataFrame, columns: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of epoch, line and value, without what is missing."""
    return [
        {"epoch": epoch, "line": name, "value": float(value)}
        for column, name in columns.items()
        for epoch, value in enumerate(history[column], start=1)
        if pd.notna(value)
    ]


def _lines(title: str, caption: str, history: pd.DataFrame, columns: dict[str, str], form: str) -> Chart:
    rows, names = _long(history, columns), list(columns.values())
    colour: Spec = {"field": "line", "type": "nominal", "scale": {"domain": names, "range": [BLUE, VERMILION]}}
    spec = {
        "data": values(rows),
        "mark": {"type": "line", "point": {"size": 18}},
        "encoding": {
            "x": _epoch_axis(len(history)),
            "y": {"field": "value", "type": "quantitative", "axis": {"title": None, "format": form, "tickCount": 4}},
            "color": colour | ({} if len(names) > 1 else {"legend": None}),
            "tooltip": tips(line="what", epoch=("epoch", "d"), value=("value", form)),
        },
    }
    return Chart(title, caption, _last(rows, names, form), chart_spec(spec, _HEIGHT), small=True)


def _cost(title: str, history: pd.DataFrame, column: str, found: float, form: str) -> Chart:
    rows = _long(history, {column: "expected"})
    targets = history[f"max_{column}"].dropna()
    axis = {"title": None, "format": form, "tickCount": 4}
    y: Spec = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": True}}
    layers: list[Spec] = [
        {"data": values(rows), "mark": {"type": "line", "color": BLUE, "point": {"size": 18, "color": BLUE}}},
        {
            "data": values([{"epoch": len(history), "value": found, "line": "the network found, exactly"}]),
            "mark": {"type": "point", "filled": True, "size": 90, "color": VERMILION, "opacity": 1},
        },
    ]
    if not targets.empty:
        target = [{"epoch": 1, "value": float(targets.iloc[-1]), "line": "target"}]
        layers.append({"data": values(target), "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3]}})
    for layer in layers:
        layer["encoding"] = {"y": y, "tooltip": tips(line="what", value=("value", ",.5~g"))}
        if layer["mark"]["type"] != "rule":
            layer["encoding"]["x"] = _epoch_axis(len(history))
    caption = "Line: expected from the decisions' probabilities; dashed: target; dot: the network found."
    return Chart(
        title, caption, f"The network found: {found:,.4g}.", chart_spec({"layer": layers}, _HEIGHT), small=True
    )


def _candidates(candidates: pd.DataFrame) -> Chart:
    rows = [
        {
            "place": place,
            "generation": int(row["generation"]) + 1,
            "loss": float(row["loss"]),
            "accuracy": float(row["accuracy"]),
            "use": float(row["use"]),
            "best": float(best),
        }
        for place, ((_, row), best) in enumerate(
            zip(candidates.iterrows(), candidates["loss"].cummin(), strict=True), start=1
        )
    ]
    x: Spec = {"field": "place", "type": "quantitative", "axis": {"title": "networks, as scored", "grid": False}}
    y: Spec = {"field": "loss", "type": "quantitative", "scale": {"zero": False}, "axis": {"title": "held-back loss"}}
    tooltip = tips(
        place=("network", "d"),
        generation=("generation", "d"),
        loss=("loss", ".4f"),
        accuracy=("accuracy", ".1%"),
        use=("largest share of a target", ".0%"),
    )
    spec = {
        "data": values(rows),
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "color": BLUE, "opacity": 0.6},
                "encoding": {"x": x, "y": y, "tooltip": tooltip},
            },
            {
                "mark": {"type": "line", "color": VERMILION, "interpolate": "step-after"},
                "encoding": {"x": x, "y": {**y, "field": "best"}},
            },
        ],
    }
    words = f"{len(rows)} networks; the least loss fell from {rows[0]['best']:.3f} to {rows[-1]['best']:.3f}."
    return Chart(
        "Search: networks scored",
        "With shared weights; line: best so far.",
        words,
        chart_spec(spec, _HEIGHT),
        small=True,
    )


def _phases(
    title: str, history: pd.DataFrame, training: str, validation: str, form: str, scale: str = "linear"
) -> Chart:
    rows = [
        {
            "epoch": int(row["epoch"]),
            "line": f"{name}, {row['phase']}",
            "split": name,
            "phase": row["phase"],
            "value": float(row[column]),
        }
        for _, row in history.iterrows()
        for column, name in ((training, "training, augmented"), (validation, "validation"))
        if math.isfinite(row[column])  # it is not where the training diverged
    ]
    phases = list(dict.fromkeys(row["phase"] for row in rows))
    colours = [BLUE, VERMILION, ORANGE, MUTED][: len(phases)]
    spec = {
        "data": values(rows),
        "mark": {"type": "line", "point": {"size": 16}},
        "encoding": {
            "x": _epoch_axis(len(history)),
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": {"type": "log"} if scale == "log" else {"zero": False},
                "axis": {"title": None, "format": form, "tickCount": 4},
            },
            "color": {"field": "phase", "type": "nominal", "scale": {"domain": phases, "range": colours}},
            "strokeDash": {"field": "split", "type": "nominal", "scale": {"range": [[2, 2], [1, 0]]}, "legend": None},
            "detail": {"field": "line"},
            "tooltip": tips(split="split", phase="phase", epoch=("epoch", "d"), value=("value", form)),
        },
    }
    last = [row for row in rows if row["split"] == "validation"]
    words = f"At the end, on the validation split: {last[-1]['value']:.3g}." if last else ""
    caption = "First in float, then quantised, from the best float epoch; dotted: training, which is augmented."
    return Chart(title, caption, words, chart_spec(spec, _HEIGHT), small=True)


def _last(rows: Sequence[dict[str, Any]], names: Sequence[str], form: str) -> str:
    shown = []
    for name in names:
        ends = [row["value"] for row in rows if row["line"] == name]
        if ends:
            shown.append(f"{name} {100 * ends[-1]:.1f} %" if form.endswith("%") else f"{name} {ends[-1]:.3g}")
    return f"At the end: {', '.join(shown)}."
