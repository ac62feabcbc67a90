"""A picture of latency and RAM of published models beside other runtimes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from micronets.style import BLUE, INK, MUTED, ORANGE, Picture, blank_figure, finish, styled

_HEIGHT = 0.26
_OURS, _PEER, _BASELINE = "compiled by MicroNets", "fastest published engine", "TFLM + CMSIS-NN"


def draw_comparison(rows: Sequence[Mapping[str, Any]], board: str) -> Picture:
    """Bars of every row of the benchmark's table that has a baseline; latencies as shares of the baseline's.

    Args:
        rows: with `model`, `estimated_ms`, `estimated_error_percent`, `baseline_ms`, `fastest_peer`,
            `fastest_peer_ms`, `network_ram_bytes` and `baseline_network_ram_bytes`.
        board: named in the caption.
    """
    known = [row for row in rows if row["baseline_ms"] is not None]
    with styled():
        figure = blank_figure(9.0, 1.1 + 0.62 * len(known))
        left, right = figure.subplots(1, 2, sharey=True)
        places = np.arange(len(known))[::-1]
        _latencies(left, known, places)
        _memories(right, known, places)
        left.set_yticks(places, [row["model"] for row in known])
        for axes in (left, right):
            axes.grid(axis="y", visible=False)
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return finish(
            figure,
            "comparison",
            "Latency and RAM beside other runtimes",
            f"Latency on {board} (ours and TFLM + CMSIS-NN estimated by the same cycle model, published engines as "
            "measured by their makers) and static RAM of the network.",
            "; ".join(
                f"{row['model']}: {row['estimated_ms']:.1f} ms where TFLM with CMSIS-NN takes {row['baseline_ms']:g} ms"
                for row in known
            ),
        )


def _latencies(axes: Axes, rows: Sequence[Mapping[str, Any]], places: np.ndarray) -> None:
    ours = np.array([row["estimated_ms"] for row in rows])
    errors = ours * [row["estimated_error_percent"] / 100 for row in rows]
    axes.barh(places + _HEIGHT, [row["baseline_ms"] for row in rows], _HEIGHT, color=MUTED, label=_BASELINE)
    others = [
        (place, row) for place, row in zip(places, rows, strict=True) if row["fastest_peer"] not in (None, _BASELINE)
    ]
    if others:
        widths = [row["fastest_peer_ms"] for _, row in others]
        axes.barh([place for place, _ in others], widths, _HEIGHT, color=ORANGE, label=_PEER)
    axes.barh(places - _HEIGHT, ours, _HEIGHT, color=BLUE, label=_OURS, xerr=errors, ecolor=INK)
    for place, row in zip(places, rows, strict=True):
        share = row["estimated_ms"] / row["baseline_ms"]
        note = f"  {row['estimated_ms']:.1f} ms, {share:.2f} of TFLM's"
        axes.text(row["estimated_ms"] * 1.04, place - _HEIGHT, note, va="center", fontsize=8)
    axes.set_xlabel("latency, ms")
    axes.margins(x=0.12)


def _memories(axes: Axes, rows: Sequence[Mapping[str, Any]], places: np.ndarray) -> None:
    baseline = "baseline_network_ram_bytes"
    kept = [(place, row) for place, row in zip(places, rows, strict=True) if row[baseline] is not None]
    at = np.array([place for place, _ in kept])
    axes.barh(at + _HEIGHT, [row[baseline] / 1000 for _, row in kept], _HEIGHT, color=MUTED)
    axes.barh(at - _HEIGHT, [row["network_ram_bytes"] / 1000 for _, row in kept], _HEIGHT, color=BLUE)
    for place, row in kept:
        share = row["network_ram_bytes"] / row[baseline]
        note = f"  {row['network_ram_bytes'] / 1000:.1f} kB, {share:.2f} of TFLM's"
        axes.text(row["network_ram_bytes"] / 1000, place - _HEIGHT, note, va="center", fontsize=8)
    axes.set_xlabel("RAM of the network, kB")
    axes.margins(x=0.12)
