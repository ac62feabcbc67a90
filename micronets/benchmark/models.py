"""Compiles and profiles .tflite files, and published networks of random weights, beside other runtimes' figures."""

import csv
import io
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from micronets.atomic import write_bytes, write_text
from micronets.benchmark.baseline import BASELINE, BASELINE_COLUMNS, Baseline, Libraries, measure_baseline
from micronets.benchmark.comparison_picture import draw_comparison
from micronets.benchmark.layer_causes import describe_layers
from micronets.benchmark.layer_picture import draw_layers
from micronets.benchmark.peers import KnownModel, NetworkTarget, Peers, load_peers
from micronets.boards import find_board
from micronets.errors import BuildError, DataError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.profile.model import profile_model
from micronets.profile.result import LAYER_COLUMNS, Profile
from micronets.progress import track
from micronets.published import PUBLISHED, published_architecture

logger = logging.getLogger(__name__)

_SEED = 1
M4_BOARD, M55_BOARD = "nucleo-l4r5zi", "corstone-300"
FOOTNOTE = (
    f"* estimated for {M4_BOARD}, ± is the mean error against published latencies; the peers' are measured on that "
    "board or estimated in the same way (micronets/benchmark/peers.yaml). Ratios below 1 are faster or smaller."
)

COLUMNS = (
    "model",
    "file",
    "bit_exact",
    "estimated_ms",
    "estimated_error_percent",
    "at_most_ms",
    "goal_ms",
    "fastest_peer",
    "fastest_peer_ms",
    "share_of_fastest_peer",
    "baseline_ms",
    "share_of_baseline",
    "floor_ms",
    "share_of_floor",
    "instructions",
    "network_ram_bytes",
    "at_most_network_ram_bytes",
    "goal_network_ram_bytes",
    "baseline_network_ram_bytes",
    "share_of_baseline_ram",
    "code_bytes",
    "constant_bytes",
    "m55_instructions",
    "at_most_m55_instructions",
    "share_of_baseline_m55",
    *BASELINE_COLUMNS,
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """One model: its profile on the Cortex-M4 board, and its instructions on a Cortex-M55 where it fits that."""

    tflite: Path
    known: KnownModel | None
    profile: Profile
    m55_instructions: int | None
    target: NetworkTarget | None = None
    """Where the weights are random."""
    baseline: Baseline | None = None
    """TensorFlow Lite Micro in the same run; None where there was no library of it."""

    @property
    def title(self) -> str:
        return self.known.title if self.known else self.tflite.stem


def measure(tflite: Path, peers: Peers, optimise: str, libraries: Libraries) -> Measurement:
    """Compiles one model for both cores and runs it on the emulator; raises MicronetsError where that fails."""
    ours = _measure(tflite, peers, optimise)
    boards = [find_board(name) for name in ((M4_BOARD,) if ours.m55_instructions is None else (M4_BOARD, M55_BOARD))]
    return replace(ours, baseline=measure_baseline(tflite, libraries, boards, optimise))


def _measure(tflite: Path, peers: Peers, optimise: str) -> Measurement:
    with tempfile.TemporaryDirectory() as scratch:
        profile = profile_model(tflite, find_board(M4_BOARD), Path(scratch) / "m4", optimise=optimise, inputs=3)
        try:
            m55 = profile_model(tflite, find_board(M55_BOARD), Path(scratch) / "m55", optimise=optimise, inputs=1)
        except BuildError as error:
            logger.info("%s", error)
            return Measurement(tflite, peers.find(tflite), profile, None)
        if m55.different_outputs:
            raise BuildError(f"{tflite} gives other outputs than TensorFlow Lite Micro on {M55_BOARD}.")
        return Measurement(tflite, peers.find(tflite), profile, m55.instructions[0])


def table_row(measurement: Measurement) -> Row:
    """The columns `COLUMNS`; None where there is nothing to compare with."""
    known, profile = measurement.known, measurement.profile
    firmware = profile.firmware
    latency_ms, network_ram_bytes = profile.latency_ms or 0.0, firmware.linked_ram_bytes.network
    floor_ms = sum(firmware.layer_macs) / 2 / firmware.board.clock_hz * 1e3
    row: Row = dict.fromkeys(COLUMNS)
    row |= {
        "model": measurement.title,
        "file": measurement.tflite.name,
        "bit_exact": profile.different_outputs == 0,
        "estimated_ms": round(latency_ms, 3),
        "estimated_error_percent": profile.error_percent,
        "floor_ms": round(floor_ms, 3),
        "share_of_floor": round(floor_ms / latency_ms, 4),
        "instructions": profile.instructions[0],
        "network_ram_bytes": network_ram_bytes,
        "code_bytes": firmware.flash_bytes.network_code,
        "constant_bytes": firmware.flash_bytes.network_constants,
        "m55_instructions": measurement.m55_instructions,
    }
    if (target := measurement.target) is not None:
        row |= {
            "at_most_ms": target.latency_ms,
            "goal_ms": target.goal_ms,
            "at_most_m55_instructions": target.m55_instructions,
        }
    figures = {} if known is None else dict(known.peers)
    if measurement.baseline is not None:
        here, shipped = measurement.baseline.figures, figures.get(BASELINE)
        if here.m55_instructions is None and shipped is not None:  # no library for that core
            here = replace(here, m55_instructions=shipped.m55_instructions)
        figures[BASELINE] = here
        row |= measurement.baseline.columns()
    if figures:
        name, fastest = min(figures.items(), key=lambda item: item[1].latency_ms)
        row |= {
            "fastest_peer": name,
            "fastest_peer_ms": fastest.latency_ms,
            "share_of_fastest_peer": round(latency_ms / fastest.latency_ms, 4),
        }
    if known is not None:
        row |= {
            "at_most_ms": known.at_most.latency_ms,
            "goal_ms": known.goal.latency_ms,
            "at_most_network_ram_bytes": known.at_most.network_ram_bytes,
            "goal_network_ram_bytes": known.goal.network_ram_bytes,
        }
    if (baseline := figures.get(BASELINE)) is not None:
        row |= {"baseline_ms": baseline.latency_ms, "share_of_baseline": round(latency_ms / baseline.latency_ms, 4)}
        if baseline.network_ram_bytes is not None:
            row |= {
                "baseline_network_ram_bytes": baseline.network_ram_bytes,
                "share_of_baseline_ram": round(network_ram_bytes / baseline.network_ram_bytes, 4),
            }
        if baseline.m55_instructions is not None and measurement.m55_instructions is not None:
            row["share_of_baseline_m55"] = round(measurement.m55_instructions / baseline.m55_instructions, 4)
    return row


def unmet(row: Row, peers: Peers) -> list[str]:
    """Targets that a row misses, one phrase each."""
    limits = (
        ("estimated_ms", row["at_most_ms"], "ms"),
        ("network_ram_bytes", row["at_most_network_ram_bytes"], "bytes of RAM"),
        ("code_bytes", peers.code_bytes_at_most, "bytes of code"),
        ("m55_instructions", row["at_most_m55_instructions"], "instructions on a Cortex-M55"),
        ("share_of_baseline_m55", peers.m55_share_at_most, "of the baseline's Cortex-M55 instructions"),
    )
    phrases = [
        f"{row[column]:,} {what} where {limit:,} are allowed"
        for column, limit, what in limits
        if row[column] is not None and limit is not None and row[column] > limit
    ]
    return phrases if row["bit_exact"] else ["outputs differ from TensorFlow Lite Micro's", *phrases]


def format_table(rows: Sequence[Row]) -> str:
    """The table as text; `*` marks estimates."""
    heads = ("model", "ms*", "at most", "goal", "fastest peer", "ratio", "TFLM", "ratio", "of floor", "RAM", "at most",
             "goal", "of TFLM", "code", "constants", "M55 instr.", "of TFLM", "exact")  # fmt: skip
    lines = [heads]
    for row in rows:
        peer = "-" if row["fastest_peer"] is None else f"{row['fastest_peer']} {row['fastest_peer_ms']:g}"
        lines.append(
            (
                str(row["model"]),
                f"{row['estimated_ms']:.2f} ±{row['estimated_error_percent']:.0f}%",
                _number(row["at_most_ms"]),
                _number(row["goal_ms"]),
                peer,
                _share(row["share_of_fastest_peer"]),
                _number(row["baseline_ms"]),
                _share(row["share_of_baseline"]),
                f"{row['share_of_floor']:.1%}",
                _number(row["network_ram_bytes"]),
                _number(row["at_most_network_ram_bytes"]),
                _number(row["goal_network_ram_bytes"]),
                _share(row["share_of_baseline_ram"]),
                _number(row["code_bytes"]),
                _number(row["constant_bytes"]),
                _number(row["m55_instructions"]),
                _share(row["share_of_baseline_m55"]),
                "yes" if row["bit_exact"] else "NO",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    left = (0, 4)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _number(value: object) -> str:
    return "-" if value is None else f"{value:,}"


def _share(value: object) -> str:
    return "-" if value is None else f"{value:.2f}"


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def find_models(models: Sequence[str], directory: Path) -> list[Path]:
    """The .tflite files of `models`: folders, single files, and names of published networks.

    The latter get random weights, the same in every call, and files in `directory`.

    Raises:
        DataError: a folder holds no .tflite file, or a name is neither that of a file nor of a network.
    """
    files: list[Path] = []
    for model in models:
        path = Path(model)
        if path.is_dir():
            found = sorted(path.glob("*.tflite"))
            if not found:
                raise DataError(f"{path} holds no .tflite file; name a folder with some.")
            files += found
        elif path.suffix == ".tflite" and path.is_file():
            files.append(path)
        elif model in PUBLISHED:
            files.append(directory / f"{model}.tflite")
            write_tflite(random_network(published_architecture(model), _SEED), files[-1])
        else:
            raise DataError(
                f"{model} is no folder, no .tflite file and no published network; those are {', '.join(PUBLISHED)}."
            )
    return files


def run_benchmark(
    models: Sequence[str], directory: Path, optimise: str, libraries: Libraries = MappingProxyType({})
) -> tuple[list[Row], list[str]]:
    """Measures every model; `directory` gets `benchmark.csv`, `layers.csv` and `.txt`, `layers.png`, `comparison.png`.

    Args:
        models: see `find_models`.
        libraries: of TensorFlow Lite Micro, to measure it beside every model; its shipped figures stand there else.

    Returns the rows of the table, and a sentence for every model that misses a target.

    Raises:
        DataError: `models` name what is not there.
        MicronetsError: a model cannot be compiled, built or run.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return _run(find_models(models, Path(scratch)), Path(scratch), directory, optimise, libraries)


def _run(
    files: list[Path], drawn: Path, directory: Path, optimise: str, libraries: Libraries
) -> tuple[list[Row], list[str]]:
    """`drawn`: where the files of networks with random weights lie."""
    peers = load_peers()
    measurements = [
        replace(
            measure(path, peers, optimise, libraries),
            target=peers.networks.get(path.stem) if path.parent == drawn else None,
        )
        for path in track(files, logger, "models", total=len(files))
    ]
    order = {model.title: index for index, model in enumerate(peers.models)}
    measurements.sort(key=lambda measurement: (order.get(measurement.title, len(order)), measurement.title))
    rows = [table_row(measurement) for measurement in measurements]
    layers = [
        {"model": measurement.title, **row} for measurement in measurements for row in measurement.profile.layer_rows()
    ]
    write_text(directory / "benchmark.csv", _csv(COLUMNS, rows))
    write_text(directory / "layers.csv", _csv(("model", *LAYER_COLUMNS), layers))
    write_text(directory / "layers.txt", "".join(describe_layers(m.title, m.profile) + "\n" for m in measurements))
    write_bytes(directory / "layers.png", draw_layers([(item.title, item.profile) for item in measurements]))
    draw_comparison(rows, M4_BOARD).save(directory)
    return rows, [f"{row['model']}: {'; '.join(misses)}." for row in rows if (misses := unmet(row, peers))]
