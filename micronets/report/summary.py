"""All figures of all models in one table: for files (pandas), for the terminal (text)."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from micronets.boards import Board
from micronets.report.published_figures import PublishedFigures
from micronets.report.records import METRIC_NAMES, NOTABLE_POINTS, Build, Merit, Model, Results
from micronets.runtime import MICRONETS
from micronets.tflm.flash_parts import FLASH_PARTS

_KILO = 1000


def summary_table(results: Results) -> pd.DataFrame:
    """One row per model, board and runtime; missing where a stage has not run or the paper has no figure.

    Scores are in percent, with the bounds of the 95 % interval in `*_low` and `*_high`; units stand in the names.
    `int8_*` is the network's score in the firmware's arithmetic on all of the testing split, `litert_*` in LiteRT's,
    `emulator_*` of the inputs that the emulator ran. Columns named `paper_*` hold what was published for the same
    network (and board, for the latency); its score only where ours is on the same data.
    """
    rows = [
        {
            "model": model.name,
            "kind": model.kind,
            "board": build.board.name,
            "runtime": build.runtime,
            **_merits(model, build, results.metric),
            **_costs(model, build),
            **_paper(results, results.publication.figures.get(model.name), build.board),
        }
        for model in results.models
        for build in model.builds
    ]
    return pd.DataFrame(rows).convert_dtypes() if rows else pd.DataFrame(columns=["model", "kind", "board", "runtime"])


def _merits(model: Model, build: Build, metric: str) -> dict[str, float | int | None]:
    training, export, profile = model.training, model.export, build.profile
    return {
        **_percent("float", metric, training and training.float_merit),
        **_percent("quantised", metric, training and training.quantised_merit),
        **_percent("int8", metric, model.merit),
        **_percent("litert", metric, export and export.litert_merit),
        **_percent("emulator", metric, profile and profile.merit),
    }


def _percent(name: str, metric: str, merit: Merit | None) -> dict[str, float | int | None]:
    share, count, (low, high) = (
        (None, None, (None, None)) if merit is None else (merit.share, merit.count, merit.interval)
    )
    return {
        f"{name}_{metric}_percent": _rounded(share),
        f"{name}_{metric}_percent_low": _rounded(low),
        f"{name}_{metric}_percent_high": _rounded(high),
        f"{name}_examples": count,
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 3)


def _costs(model: Model, build: Build) -> dict[str, float | int | bool | None]:
    firmware, profile, export = build.firmware, build.profile, model.export
    estimate, features = profile and profile.estimate, profile and profile.features
    return {
        "flash_bytes": firmware and firmware.flash_bytes,
        "flash_weights_bytes": firmware and firmware.weights_bytes,
        "flash_code_bytes": firmware and firmware.code_bytes,
        **{f"flash_{part}_bytes": firmware and firmware.flash_parts.get(part) for part in FLASH_PARTS},
        "ram_bytes": build.ram_bytes,
        "arena_bytes": firmware and firmware.arena_bytes,
        "stack_bytes": profile and profile.stack_bytes,
        "macs": model.macs(build),
        "instructions": profile and profile.instructions,
        "estimated_latency_ms": estimate and estimate.latency_ms,
        "estimated_latency_mean_error_percent": estimate and estimate.mean_error_percent,
        "estimated_latency_worst_error_percent": estimate and estimate.worst_error_percent,
        "estimated_energy_mj": estimate and estimate.energy_mj,
        "estimated_energy_error_percent": estimate and estimate.energy_error_percent,
        "measured_latency_ms": profile and profile.measured_latency_ms,
        "bit_exact": profile and profile.bit_exact,
        "compared_outputs": profile and profile.compared_outputs,
        "equal_outputs": profile and profile.equal_outputs,
        "features_frame_ms": features and features.frame_ms,
        "features_frame_mean_error_percent": features and features.frame_error_percent,
        "features_instructions": features and features.instructions,
        "features_flash_bytes": features and features.flash_bytes,
        "features_static_ram_bytes": features and features.static_ram_bytes,
        "tflite_bytes": export and export.tflite_bytes,
        "tflm_arena_bytes": export and export.tflm_arena_bytes,
        "arena_share_of_tflm": model.arena_share(build),
    }


def _paper(results: Results, figures: PublishedFigures | None, board: Board) -> dict[str, float | int | None]:
    return {
        f"paper_{results.metric}_percent": figures.accuracy_percent if figures and results.dataset.is_papers else None,
        "paper_binary_bytes": figures and figures.binary_bytes,
        "paper_tflite_bytes": figures and figures.tflite_bytes,
        "paper_sram_bytes": figures and figures.sram_bytes,
        "paper_mops": figures and figures.mops,
        "paper_latency_ms": figures and figures.latency_ms.get(board.name),
    }


def format_summary(table: pd.DataFrame, metric: str) -> str:
    """The table's most wanted columns as aligned text, for the terminal; `metric` names the score in it.

    `int8` is the score in the firmware's arithmetic, `LiteRT` beside it, with an exclamation mark where the two differ
    by more than a point; `RAM/TFLM` is our arena divided by TFLM's, `equal` how many of the emulator's outputs equalled
    TFLM's.
    """
    if table.empty:
        return "No models."
    columns = {
        "model": table["model"],
        "board": table["board"].where(table["runtime"] == MICRONETS, table["board"] + ", TFLM"),
        METRIC_NAMES.get(metric, metric) + " float": _shares(table, f"float_{metric}"),
        "int8": _shares(table, f"int8_{metric}"),
        "LiteRT": _flagged(table, metric),
        "flash kB": _formatted(table["flash_bytes"], lambda size: f"{size / _KILO:.1f}"),
        "RAM kB": _formatted(table["ram_bytes"], lambda size: f"{size / _KILO:.1f}"),
        "M instr": _formatted(table["instructions"], lambda count: f"{count / 1e6:.2f}"),
        "ms (est.)": _latencies(table),
        "RAM/TFLM": _formatted(table["arena_share_of_tflm"], lambda share: f"{share:.2f}"),
        "equal": _equal_outputs(table),
    }
    left = ("model", "board")
    widths = {name: max(len(name), *map(len, cells)) for name, cells in columns.items()}
    lines = [[name.ljust(widths[name]) if name in left else name.rjust(widths[name]) for name in columns]]
    lines.append(["-" * widths[name] for name in columns])
    for cells in zip(*columns.values(), strict=True):
        lines.append(
            [
                cell.ljust(widths[name]) if name in left else cell.rjust(widths[name])
                for name, cell in zip(columns, cells, strict=True)
            ]
        )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _latencies(table: pd.DataFrame) -> list[str]:
    """With the cycle model's mean error."""
    errors = _formatted(table["estimated_latency_mean_error_percent"], lambda percent: f" ±{percent:.0f}%")
    latencies = _formatted(table["estimated_latency_ms"], lambda latency: f"{latency:.1f}")
    return [latency if latency == error else latency + error for latency, error in zip(latencies, errors, strict=True)]


def _shares(table: pd.DataFrame, name: str) -> list[str]:
    return _formatted(table[f"{name}_percent"], lambda percent: f"{percent:.1f} %")


def _flagged(table: pd.DataFrame, metric: str) -> list[str]:
    apart = (table[f"litert_{metric}_percent"] - table[f"int8_{metric}_percent"]).abs() > NOTABLE_POINTS
    shares = _shares(table, f"litert_{metric}")
    return [f"{share}!" if flag is True else share for share, flag in zip(shares, apart.tolist(), strict=True)]


def _equal_outputs(table: pd.DataFrame) -> list[str]:
    counts = table["equal_outputs"].astype(str) + "/" + table["compared_outputs"].astype(str)
    exact = zip(table["bit_exact"], counts, strict=True)
    return ["-" if pd.isna(same) else count if same else f"NO: {count}" for same, count in exact]


def _formatted(values: pd.Series, form: Callable[[Any], str]) -> list[str]:
    return ["-" if pd.isna(value) else form(value) for value in values]
