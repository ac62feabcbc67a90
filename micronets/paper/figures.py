"""What the paper states in figures, from `report/published_figures.yaml`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from micronets.errors import ConfigurationError
from micronets.report.published_figures import FIGURES_FILE

MAIN_RESULTS = "Table 4"
TASKS = ("kws", "vww", "ad")


@dataclass(frozen=True)
class PaperBoard:
    """A board as the paper's Table 1 has it; `letter` is what the paper calls it."""

    letter: str
    board: str
    power_w: float
    price_usd: float
    sram_kb: float
    flash_mb: float


@dataclass(frozen=True)
class Released:
    """Arm's `.tflite` file of a network: its name, its size, and what its outputs stand for; empty: nobody says."""

    file: str
    bytes: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class PaperNetwork:
    """One network in the paper's own units; None, or no entry, where the paper gives no figure.

    Attributes:
        name: as `micronets.published` knows it, unless `unknown` says why it cannot.
        place: the table or figure.
        latency_s, energy_mj, uptime_percent: by board.
        estimated: keys that the paper marks as estimated; of latencies with the board behind a blank.
        peer: its title in `benchmark/peers.yaml`; empty: today's TFLM has not run it.
    """

    name: str
    task: str
    title: str
    place: str = MAIN_RESULTS
    accuracy_percent: float | None = None
    binary_kb: float | None = None
    tflite_kb: float | None = None
    sram_kb: float | None = None
    mops: float | None = None
    latency_s: Mapping[str, float] = field(default_factory=dict)
    energy_mj: Mapping[str, float] = field(default_factory=dict)
    uptime_percent: Mapping[str, float] = field(default_factory=dict)
    estimated: tuple[str, ...] = ()
    unknown: str = ""
    released: Released | None = None
    peer: str = ""

    def is_estimate(self, key: str, board: str = "") -> bool:
        """Whether the paper marks this figure as estimated."""
        return f"{key} {board}".rstrip() in self.estimated


@dataclass(frozen=True)
class FourBit:
    """A row of Table 2; `bits` as in W4A8, 4-bit weights and 8-bit activations."""

    network: str
    bits: str
    accuracy_percent: float
    latency_s: float
    tflite_kb: float
    sram_kb: float
    estimated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Widths:
    """A row of Table 5: the stem's kernel, channels of stem and blocks, and which blocks, from 1, have stride 2."""

    stem: str
    channels: tuple[int, ...]
    strided: tuple[int, ...]


@dataclass(frozen=True)
class Paper:
    """Everything in the file.

    Attributes:
        networks: in the paper's order, task by task, those without known layers behind the others.
        characterisation: figures of sections 3.1 to 3.4, as the file has them.
        four_bit_longer_percent: Figure 10, by network.
        architectures: Table 5, by network.
    """

    boards: tuple[PaperBoard, ...]
    networks: tuple[PaperNetwork, ...]
    characterisation: Mapping[str, Any]
    four_bit: tuple[FourBit, ...]
    four_bit_longer_percent: Mapping[str, float]
    architectures: Mapping[str, Widths]

    def of_task(self, task: str) -> tuple[PaperNetwork, ...]:
        return tuple(network for network in self.networks if network.task == task)

    def network(self, name: str) -> PaperNetwork:
        """Raises KeyError where the paper has none of this name."""
        return next((network for network in self.networks if network.name == name), None) or _missing(name)

    def board(self, letter: str) -> str:
        """Name of the board that the paper calls S, M or L; raises KeyError."""
        return next((each.board for each in self.boards if each.letter == letter), None) or _missing(letter)


def _missing(name: str) -> Any:
    raise KeyError(name)


def load_paper(path: str | os.PathLike = FIGURES_FILE) -> Paper:
    """Raises ConfigurationError where the file is damaged."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return Paper(
            boards=tuple(PaperBoard(letter, **entry) for letter, entry in content["boards"].items()),
            networks=tuple(
                _network(task, name, entry)
                for task in TASKS
                for group in (content[task], content["others"].get(task, {}))
                for name, entry in group.items()
            ),
            characterisation=content["characterisation"],
            four_bit=tuple(FourBit(**_with_tuple(entry)) for entry in content["four_bit"]),
            four_bit_longer_percent=content["four_bit_longer_percent"],
            architectures={
                name: Widths(entry["stem"], tuple(entry["channels"]), tuple(entry["strided"]))
                for name, entry in content["architectures"].items()
            },
        )
    except (KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is damaged near {error!r}; restore it from the repository.") from error


def _network(task: str, name: str, entry: dict[str, Any]) -> PaperNetwork:
    released = entry.get("released")
    if released is not None:
        released = Released(released["file"], released["bytes"], tuple(released["labels"]))
    return PaperNetwork(name, task, **{**_with_tuple(entry), "released": released})


def _with_tuple(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "estimated": tuple(entry.get("estimated", ()))}
