"""What the page of the paper has to be made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from micronets.paper.costs import PRECISIONS
from micronets.paper.figures import load_paper
from micronets.paper.four_bit import FOUR_BIT_NETWORKS
from micronets.paper.released import find_released
from micronets.published import PUBLISHED

CHARACTERISED = ("S", "M")
"""Boards of the paper's Figure 4, by its letters."""


@dataclass(frozen=True)
class Plan:
    """Jobs behind the page.

    Attributes:
        networks: to be measured on every board, by their names.
        boards: those of the paper; characterised: those of which random networks are measured.
        released: Arm's files that the data at hand can score, by network; `tasks` says of which task each is.
        reasons: why the other networks have no such file.
    """

    networks: tuple[str, ...]
    boards: tuple[str, ...]
    characterised: tuple[str, ...]
    released: Mapping[str, Path]
    tasks: Mapping[str, str]
    reasons: Mapping[str, str]

    def outputs_of(self, network: str) -> list[str]:
        """What the outputs of Arm's file stand for, in order."""
        released = load_paper().network(network).released
        return [] if released is None else list(released.labels)


def plan(folder: str, labels: Mapping[str, Sequence[str]]) -> Plan:
    """Arguments as of `find_released`."""
    return _plan(folder, tuple((task, tuple(names)) for task, names in labels.items()))


@cache
def _plan(folder: str, labels: tuple[tuple[str, tuple[str, ...]], ...]) -> Plan:
    paper = load_paper()
    found = find_released(folder, dict(labels))
    named = [network.name for network in paper.networks if network.name in PUBLISHED]
    return Plan(
        networks=(*named, *(name + ending for ending in PRECISIONS for name in FOUR_BIT_NETWORKS)),
        boards=tuple(board.board for board in paper.boards),
        characterised=tuple(paper.board(letter) for letter in CHARACTERISED),
        released=found.files,
        tasks={network.name: network.task for network in paper.networks},
        reasons=found.reasons,
    )
