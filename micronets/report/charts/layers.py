"""Layer by layer: estimated time and the floor under it, or instructions where no time is estimated."""

from typing import Any

import pandas as pd

from micronets.report.charts.chart import Chart, Spec, chart_spec, tips, values
from micronets.report.records import Build, Model
from micronets.style import SKY, VERMILION

_ROW_PIXELS = 17
_FLOOR = "floor: multiply-accumulates alone, two a cycle"


def layers_chart(model: Model, build: Build) -> Chart | None:
    """None where the firmware has not been profiled."""
    if build.profile is None or build.profile.layers.empty:
        return None
    layers = build.profile.layers
    timed = layers["estimated_ms"].notna().any()
    measure, label, form = ("estimated_ms", "estimated ms", ",.3f") if timed else ("instructions", "instructions", ",d")
    rows = [_row(layer, measure) for _, layer in layers.iterrows()]
    order = [row["layer"] for row in rows]
    y = {
        "field": "layer",
        "type": "nominal",
        "sort": order,
        "axis": {"title": None, "labelLimit": 130, "grid": False, "labelOverlap": False},
    }
    tooltip = tips(
        layer="layer",
        value=(label, form),
        instructions=("instructions, counted", ",d"),
        macs=("multiply-accumulates", ",d"),
        share_of_floor=("floor, as a share of its time", ".0%"),
        flash_bytes=("flash of its own, bytes", ",d"),
    )
    x: Spec = {"field": "value", "type": "quantitative", "axis": {"title": label, "format": "~s", "tickCount": 5}}
    kind = {"scale": {"domain": ["layer", _FLOOR], "range": [SKY, VERMILION]}}
    parts: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.74}},
            "encoding": {"y": y, "x": x, "tooltip": tooltip, "color": {"datum": "layer", **kind}},
        },
    ]
    if timed:
        parts.append(
            {
                "transform": [{"filter": "datum.floor > 0"}],
                "mark": {"type": "tick", "thickness": 3, "height": {"band": 0.9}},
                "encoding": {
                    "y": y,
                    "x": {"field": "floor", "type": "quantitative"},
                    "color": {"datum": _FLOOR, **kind},
                    "tooltip": tooltip,
                },
            }
        )
    most = max(rows, key=lambda row: row["value"] or 0)
    share = build.profile.share_of_floor
    caption = "Counted on the emulator" + ("; times by the cycle model." if timed else ".")
    if share is not None:
        caption += f" Of the whole network's time, {100 * share:.0f} % is multiply-accumulates at two a cycle."
    return Chart(
        f"Layers on {build.place}",
        caption,
        f"Most {label}: {most['layer']} with {most['value']:,.4g}.",
        chart_spec({"data": values(rows), "layer": parts}, max(_ROW_PIXELS * len(rows), 60)),
    )


def _row(layer: pd.Series, measure: str) -> dict[str, Any]:
    value = _number(layer[measure])
    share = _number(layer["share_of_floor"])
    flash = [_number(layer[name]) for name in ("flash_code_bytes", "flash_constant_bytes")]
    return {
        "layer": layer["layer"],
        "value": value,
        "instructions": _number(layer["instructions"]),
        "macs": _number(layer["macs"]),
        "share_of_floor": share,
        "floor": None if share is None or value is None else share * value,
        "flash_bytes": None if None in flash else sum(size for size in flash if size is not None),
    }


def _number(value: Any) -> float | None:
    """What JSON can hold: missing figures are null."""
    return None if pd.isna(value) else float(value)
