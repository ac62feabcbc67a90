"""Boards side by side: the same random networks on each."""

import csv
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from micronets.atomic import atomic_directory, write_json, write_text
from micronets.boards import find_board
from micronets.characterise.pictures import comparison_picture
from micronets.stage_file import reading
from micronets.timing.cycle_models import find_cycle_model


@dataclass(frozen=True)
class Comparison:
    """How much faster one board is than another, over the random networks of a backbone that fit both.

    Attributes:
        mean, lowest, highest: latency on `board` over latency on `other`.
        error_percent: mean error of such a ratio: of both boards' cycle models, as if independent.
    """

    backbone: str
    board: str
    other: str
    networks: int
    mean: float
    lowest: float
    highest: float
    error_percent: float


def compare(directories: Mapping[str, str | os.PathLike], directory: str | os.PathLike) -> tuple[Comparison, ...]:
    """The first of the boards against every other one.

    Writes `comparison.json`, `comparison.txt` and `pictures/*.png` to `directory`.

    Args:
        directories: by board, what `characterise` has left.
    """
    board, *others = directories
    latencies = {name: _read(Path(folder)) for name, folder in directories.items()}
    comparisons, pictures = [], []
    for other in others:
        points = {
            backbone: [(ms, latencies[other][backbone][name]) for name, ms in networks.items() if name in found]
            for backbone, networks in latencies[board].items()
            if (found := latencies[other].get(backbone))
        }
        comparisons += [_compare(backbone, board, other, pairs) for backbone, pairs in points.items() if pairs]
        pictures.append(comparison_picture(board, other, points))
    directory = Path(directory)
    with atomic_directory(directory / "pictures") as beside:
        for picture in pictures:
            picture.save(beside)
    write_text(directory / "comparison.txt", "".join(_sentence(found) + "\n" for found in comparisons))
    write_json(directory / "comparison.json", [asdict(found) for found in comparisons])
    return tuple(comparisons)


def _compare(backbone: str, board: str, other: str, pairs: Sequence[tuple[float, float]]) -> Comparison:
    ratios = np.array([ms / other_ms for ms, other_ms in pairs])
    models = [find_cycle_model(find_board(name)) for name in (board, other)]
    errors = [model.errors.mean for model in models if model is not None]
    return Comparison(
        backbone,
        board,
        other,
        len(ratios),
        round(float(ratios.mean()), 4),
        round(float(ratios.min()), 4),
        round(float(ratios.max()), 4),
        round(100 * float(math.hypot(*errors)), 2),
    )


def _sentence(found: Comparison) -> str:
    return (
        f"{found.backbone:10} {found.networks} networks: {found.other} {found.mean:.2f} times as fast as {found.board} "
        f"({found.lowest:.2f} to {found.highest:.2f}; ± {found.error_percent:.0f} % by the cycle models)"
    )


def _read(directory: Path) -> dict[str, dict[str, float]]:
    """Latency in ms by backbone and network."""
    found = {}
    for path in sorted(directory.glob("*_networks.csv")):
        note = directory / "characterisation.json"
        with reading(note, about=str(path)), open(path, encoding="utf-8", newline="") as stream:
            latencies = {row["network"]: float(row["latency_ms"]) for row in csv.DictReader(stream)}
        found[path.name.removesuffix("_networks.csv")] = latencies
    return found
