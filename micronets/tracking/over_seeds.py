"""Means over the seeds of a sweep as runs of their own, beside those of the models."""

from collections.abc import Iterable, Mapping
from typing import Any

from micronets.runtime import build_name
from micronets.tracking.stage_run import StageRun

_COSTS = {
    "estimated_latency_ms": "latency_ms",
    "flash_bytes": "flash_bytes",
    "ram_bytes": "ram_bytes",
    "instructions": "instructions",
}
"""Names of metrics by columns of `over_seeds.csv`."""


def record_over_seeds(
    results: str, task: str, rows: Iterable[Mapping[str, Any]], parameters: Mapping[str, Mapping[str, Any]]
) -> None:
    """Records a run for each group of models that differ by their seed alone: its mean under the names that a model's
    figures have, the standard deviation under these with `_sd`, and `seeds`, their number.

    Args:
        results: folder of all outputs.
        rows: of `over_seeds.csv`, one for each group and build.
        parameters: what the configuration says of all models of a group, by its name.
    """
    groups: dict[str, dict[str, float]] = {}
    for row in rows:
        groups.setdefault(row["model"], {}).update(_figures(row))
    for group, figures in groups.items():
        name = f"mean of {group}"  # no model can be called so
        with StageRun(results, task, name, "seeds", parameters[group]) as run:
            run.log_summary(figures)


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    """Metrics of one row; what is not known is left out."""
    build = build_name(row["board"], row["runtime"])
    found: dict[str, float | None] = {"seeds": float(row["seeds"])}
    for column, name in _COSTS.items():
        found |= {f"{build}/{name}{end}": row.get(f"{column}{end}") for end in ("", "_sd")}
    for column in row:
        if column.startswith("int8_") and column.endswith("_percent"):
            metric = column.removeprefix("int8_").removesuffix("_percent")
            shares = {f"{metric}{end}": row.get(f"{column}{end}") for end in ("", "_sd")}
            found |= {name: None if share is None else share / 100 for name, share in shares.items()}
    return {name: float(value) for name, value in found.items() if value is not None and value == value}
