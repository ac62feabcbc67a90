"""The five benchmarks of MLPerf Tiny in one table: what our code takes, beside the fastest published and TFLM's."""

import csv
import hashlib
import io
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType

import yaml

from micronets.atomic import write_text
from micronets.benchmark.baseline import BASELINE, Libraries, measure_baseline
from micronets.benchmark.models import M4_BOARD
from micronets.benchmark.peers import Peers, load_peers
from micronets.boards import find_board
from micronets.device_features.sound.measure import profile_features
from micronets.errors import BuildError, DataError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.features.speech_features import VIEWS
from micronets.profile.model import profile_model
from micronets.progress import track
from micronets.published import published_architecture
from micronets.tflm.network import read_input

logger = logging.getLogger(__name__)

BENCHMARKS_FILE = Path(__file__).with_name("mlperf_tiny.yaml")
RANDOM_WEIGHTS = "random weights"
NOTES = f"""\
* estimated, ± is the mean error against published latencies; what is published was measured, in the closed division
of MLPerf Tiny (micronets/benchmark/mlperf_tiny.yaml); TFLM + CMSIS-NN is estimated in the same way. (f): from audio on,
with the features of a frame; where these are not estimated for a board, ms are the network's alone, and there is no
ratio. Flash and RAM include them. {RANDOM_WEIGHTS.capitalize()}: a network of the reference's shape, not its file."""
_HEADS = ("benchmark", "model", "board", "ms*", "best published", "ratio", "TFLM", "ratio", "flash", "RAM", "exact")
_LEFT = (0, 1, 2, 4)


@dataclass(frozen=True)
class PublishedLatency:
    """The fastest that is published of a benchmark on a board, and whose it is in which round."""

    latency_ms: float
    by: str


@dataclass(frozen=True)
class Benchmark:
    """One of MLPerf Tiny; see mlperf_tiny.yaml."""

    name: str
    title: str
    sha256: str
    stand_in: str
    published: Mapping[str, PublishedLatency]
    with_features: bool = False


@dataclass(frozen=True)
class Row:
    """One benchmark on one board. None: not published, not known, or nothing is estimated.

    Attributes:
        model: the reference's file, or the network of its shape that stands in with random weights.
        latency_ms: estimated, ± `error_percent`; of benchmarks from audio on, with their features where these are
            estimated for the board, which `with_features` says.
        flash_bytes, network_ram_bytes: of the network, and of its features where they are part of the benchmark.
        tflm_ms: TensorFlow Lite Micro with CMSIS-NN, estimated in the same way.
        bit_exact: the outputs are TensorFlow Lite Micro's, those features the integer reference's.
    """

    benchmark: str
    model: str
    board: str
    latency_ms: float | None
    error_percent: float | None
    with_features: bool
    published_ms: float
    published_by: str
    tflm_ms: float | None
    flash_bytes: int
    network_ram_bytes: int
    bit_exact: bool


def load_benchmarks() -> tuple[Benchmark, ...]:
    """All of mlperf_tiny.yaml, in its order."""
    content = yaml.safe_load(BENCHMARKS_FILE.read_text(encoding="utf-8"))
    return tuple(
        Benchmark(
            name,
            **{key: value for key, value in entry.items() if key != "published"},
            published={board: PublishedLatency(**latency) for board, latency in entry["published"].items()},
        )
        for name, entry in content.items()
    )


def run_mlperf_tiny(
    folder: Path | None, directory: Path, optimise: str, libraries: Libraries = MappingProxyType({})
) -> list[Row]:
    """Measures every benchmark on every board with published figures; `directory` gets `mlperf_tiny.csv`.

    Args:
        folder: of .tflite files, of which the references are recognised by their content; None where there is none.
        libraries: of TensorFlow Lite Micro, which is then measured on the boards of their cores.

    Raises:
        DataError: there is no such folder.
        MicronetsError: a model cannot be compiled, built or run.
    """
    if folder is not None and not folder.is_dir():
        raise DataError(f"there is no folder {folder}; give one with .tflite files, or none for random weights.")
    files = [] if folder is None else sorted(folder.glob("*.tflite"))
    given = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files}
    peers = load_peers()
    jobs = [(benchmark, board) for benchmark in load_benchmarks() for board in benchmark.published]
    rows = []
    for benchmark, board in track(jobs, logger, "benchmarks", total=len(jobs)):
        with tempfile.TemporaryDirectory() as scratch:
            given_file = given.get(benchmark.sha256)
            rows.append(_measure(benchmark, board, given_file, peers, optimise, libraries, Path(scratch)))
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(directory / "mlperf_tiny.csv", text.getvalue())
    return rows


def _measure(
    benchmark: Benchmark,
    board_name: str,
    tflite: Path | None,
    peers: Peers,
    optimise: str,
    libraries: Libraries,
    scratch: Path,
) -> Row:
    board, published = find_board(board_name), benchmark.published[board_name]
    model = f"{benchmark.stand_in}, {RANDOM_WEIGHTS}" if tflite is None else tflite.name
    if tflite is None:
        tflite = scratch / "model.tflite"
        write_tflite(random_network(published_architecture(benchmark.stand_in), seed=1), tflite)
    profile = profile_model(tflite, board, scratch / "network", optimise=optimise, inputs=3)
    firmware, latency_ms = profile.firmware, profile.latency_ms
    flash_bytes, network_ram_bytes = firmware.flash_bytes.network, firmware.linked_ram_bytes.network
    with_features = False
    if benchmark.with_features:
        edge = read_input(tflite)
        shape = published_architecture(benchmark.stand_in).input_shape
        features = profile_features(
            VIEWS[shape], edge.scale, edge.zero_point, board, scratch / "features", optimise=optimise
        )
        flash_bytes += features.firmware.flash_bytes.network
        network_ram_bytes += features.firmware.linked_ram_bytes.network
        with_features = features.frame_ms is not None and features.window.cycles is not None
        if latency_ms is not None and features.frame_ms is not None and features.window.cycles is not None:
            latency_ms += features.frame_ms + features.window.cycles / board.clock_hz * 1e3
    if profile.different_outputs is None:
        raise BuildError(f"{benchmark.name} was not compared with TensorFlow Lite Micro.")
    known = next((known for known in peers.models if known.sha256 == benchmark.sha256), None)
    tflm = known.peers.get(BASELINE) if known is not None and board_name == M4_BOARD else None
    tflm_ms = None if tflm is None else tflm.latency_ms
    # a network alone is no match for what runs from audio on
    measured = None if benchmark.with_features else measure_baseline(tflite, libraries, [board], optimise)
    if measured is not None and latency_ms is not None:
        tflm_ms = measured.figures.latency_ms
    return Row(
        benchmark=benchmark.name,
        model=model,
        board=board_name,
        latency_ms=None if latency_ms is None else round(latency_ms, 3),
        error_percent=profile.error_percent,
        with_features=with_features,
        published_ms=published.latency_ms,
        published_by=published.by,
        tflm_ms=tflm_ms,
        flash_bytes=flash_bytes,
        network_ram_bytes=network_ram_bytes,
        bit_exact=profile.different_outputs == 0,
    )


def format_mlperf_tiny(rows: Sequence[Row]) -> str:
    """The table as text, with what its marks mean."""
    titles = {benchmark.name: benchmark.title for benchmark in load_benchmarks()}
    from_audio = {benchmark.name for benchmark in load_benchmarks() if benchmark.with_features}
    lines = [_HEADS]
    for row in rows:
        ms, tflm = "-", "-"
        if row.latency_ms is not None:
            ms = f"{row.latency_ms:.2f} ±{row.error_percent:.0f}%" + (" (f)" if row.with_features else "")
        if row.tflm_ms is not None:
            tflm = f"{row.tflm_ms:g}"
        # a network alone is no match for what was published from audio on
        comparable = row.latency_ms is not None and row.with_features == (row.benchmark in from_audio)
        ratios = [
            f"{row.latency_ms / other:.2f}" if row.latency_ms is not None and comparable and other else "-"
            for other in (row.published_ms, row.tflm_ms)
        ]
        published = f"{row.published_ms:g} {row.published_by}" + (" (f)" if row.benchmark in from_audio else "")
        title, exact = titles[row.benchmark], "yes" if row.bit_exact else "NO"
        sizes = f"{row.flash_bytes:,}", f"{row.network_ram_bytes:,}"
        lines.append((title, row.model, row.board, ms, published, ratios[0], tflm, ratios[1], *sizes, exact))
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    table = [
        "  ".join(
            cell.ljust(width) if column in _LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*table, NOTES])
