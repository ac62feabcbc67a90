"""The figures that the paper published, to stand beside ours."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import yaml

from micronets.errors import ConfigurationError

FIGURES_FILE = Path(__file__).with_name("published_figures.yaml")
_BYTES_PER_KB = 1000


@final
@dataclass(frozen=True)
class PublishedFigures:
    """One network as the paper measured it; None where the paper gives no figure.

    Attributes:
        binary_bytes: the compiled program with weights, runtime and Mbed OS.
        tflite_bytes: the .tflite file.
        sram_bytes: TFLM's arena with its persistent buffers.
        mops: million operations, two per multiply-accumulate, under the paper's convention.
        latency_ms: measured, by board.
        estimated: keys of the data file whose figure the paper marks as an estimate, of latencies with the board.
    """

    model: str
    accuracy_percent: float
    binary_bytes: int | None
    tflite_bytes: int | None
    sram_bytes: int | None
    mops: float | None
    latency_ms: dict[str, float]
    estimated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Publication:
    """All figures of one task, by model, and where they were published.

    Attributes:
        data: how the paper's dataset is known; see `is_papers_data`. Empty where nothing is published.
    """

    source: str
    figures: dict[str, PublishedFigures]
    data: Mapping[str, Any]

    def is_papers_data(self, source: Mapping[str, Any], labels: Sequence[str], testing: int) -> bool:
        """Whether a prepared dataset is the one that the paper's scores were measured on; where it is not, scores must
        not be compared.

        Args:
            source: what dataset.json says of where it comes from.
            labels: of its classes.
            testing: examples of its testing split.
        """
        if not self.data or not all(label.startswith(self.data.get("labels", "")) for label in labels):
            return False
        if source.get("kind") == "folder":
            return testing == self.data.get("testing")
        return all(source.get(key) == value for key, value in self.data["source"].items())


def load_publication(task: str, path: str | os.PathLike = FIGURES_FILE) -> Publication:
    """The figures for `task`, empty where nothing is published; raises ConfigurationError where the file is damaged."""
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    try:
        return Publication(
            source=content["source"],
            figures={model: _figures(model, entry) for model, entry in content.get(task, {}).items()},
            data=content["data"].get(task, {}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is damaged near {error!r}; restore it from the repository.") from error


def _figures(model: str, entry: dict[str, Any]) -> PublishedFigures:
    return PublishedFigures(
        model=model,
        accuracy_percent=float(entry["accuracy_percent"]),
        binary_bytes=_kilobytes(entry.get("binary_kb")),
        tflite_bytes=_kilobytes(entry.get("tflite_kb")),
        sram_bytes=_kilobytes(entry.get("sram_kb")),
        mops=entry.get("mops"),
        latency_ms={board: round(1000 * seconds, 3) for board, seconds in entry["latency_s"].items()},
        estimated=tuple(entry.get("estimated", ())),
    )


def _kilobytes(value: float | None) -> int | None:
    return None if value is None else round(value * _BYTES_PER_KB)
