"""What a sweep came to over its seeds: means and standard deviations, beside the table of all models."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from micronets.atomic import atomic_file, write_text

_BUILD = ["board", "runtime"]
_SHOWN = ("percent", "flash_bytes", "ram_bytes", "instructions", "latency_ms")


def write_over_seeds(directory: Path, groups: Mapping[str, str]) -> pd.DataFrame:
    """Adds to a report's folder `over_seeds.csv`, and to its `summary.txt` that table's most wanted columns.

    Args:
        directory: with the `summary.csv` and `summary.txt` of a report.
        groups: for every model of a sweep the name that it shares with those that differ by their seed alone.

    Returns:
        The table of `over_seeds.csv`; empty, and nothing is written, where no group has two models.
    """
    table = over_seeds(pd.read_csv(directory / "summary.csv"), groups)
    if not table.empty:
        with atomic_file(directory / "over_seeds.csv") as beside:
            table.to_csv(beside, index=False, lineterminator="\n")
        summary = (directory / "summary.txt").read_text(encoding="utf-8")
        write_text(directory / "summary.txt", f"{summary}\n{format_over_seeds(table)}\n")
    return table


def over_seeds(summary: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """One row per group of two or more models, board and runtime: `seeds`, and of every number of `summary` the mean
    under its own name and the sample standard deviation (n - 1) under that name with `_sd`."""
    chosen = summary.assign(model=summary["model"].map(groups)).dropna(subset="model")
    numbers = [name for name in chosen.select_dtypes("number") if not name.endswith(("_low", "_high"))]
    rows = []
    for (group, board, runtime), members in chosen.groupby(["model", *_BUILD], sort=False):
        if len(members) > 1:
            row = {"model": group, "board": board, "runtime": runtime, "seeds": len(members)}
            for name in numbers:
                row |= {name: members[name].mean(), f"{name}_sd": members[name].std(ddof=1)}
            rows.append(row)
    return pd.DataFrame(rows)


def format_over_seeds(table: pd.DataFrame) -> str:
    """Mean ± standard deviation of the most wanted columns as aligned text."""
    wanted = [
        name for name in table if f"{name}_sd" in table and name.endswith(_SHOWN) and not name.startswith("paper")
    ]
    columns = {name: table[name].astype(str).tolist() for name in ("model", "board", "seeds")}
    for name in wanted:
        if table[name].notna().any():
            pairs = zip(table[name], table[f"{name}_sd"], strict=True)
            columns[name] = ["-" if pd.isna(mean) else f"{mean:,.1f} ± {deviation:,.1f}" for mean, deviation in pairs]
    widths = {name: max(map(len, [name, *cells])) for name, cells in columns.items()}
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    lines = ["  ".join(cell.ljust(widths[name]) for name, cell in zip(columns, row, strict=True)) for row in rows]
    return "\n".join(["Over seeds: mean ± standard deviation", *(line.rstrip() for line in lines)])
