"""Measuring and changing widths in turns, until a network keeps every limit."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.errors import ConfigurationError
from micronets.fit.measured import Measured
from micronets.fit.targets import Limits, OnBoard, Target, corrected
from micronets.fit.widths import narrowed, widened
from micronets.search.budget import LEAST_EFFORT, Budget
from micronets.search.space import Choice, SearchSpace, cheapest

logger = logging.getLogger(__name__)

MARGINS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Of every round: how far below its limits the next network is to be, as a share."""
_WIDENED_MARGIN = 0.02
"""Likewise of a network that is widened."""


@dataclass(frozen=True)
class Round:
    """One network that was measured, on every board of the search."""

    choice: Choice
    architecture: Architecture
    boards: tuple[OnBoard, ...]

    @property
    def keeps(self) -> bool:
        """Whether no limit is exceeded on any board."""
        return all(on.keeps for on in self.boards)

    @property
    def greatest_share(self) -> float:
        """Of everything that is limited, the memories included; 0 where the boards do not hold the program."""
        return max((target.share for on in self.boards for target in on.targets or ()), default=0.0)

    def to_json(self, space: SearchSpace) -> dict[str, Any]:
        """A JSON object; `values` are the options of the decisions."""
        return {
            "values": [decision.options[index] for decision, index in zip(space.decisions, self.choice, strict=True)],
            "boards": [on.to_json() for on in self.boards],
        }


def run_rounds(
    space: SearchSpace,
    budget: Budget,
    limits: Limits,
    boards: Sequence[Board],
    choice: Choice,
    name: str,
    measure: Callable[[Architecture, Board], Measured | None],
) -> tuple[list[Round], int]:
    """Measures a network and, where it does not keep a limit, narrower ones; where it leaves a tenth of every limit
    unused, wider ones, as far as what was expected of it was too much.

    Args:
        space: with every width (see `every_width`); `choice` and the rounds' are of it.
        budget: of the search, for what is expected of networks between two measurements.
        limits: on each of `boards`.
        measure: of one network on one board; None where it cannot be linked for it.

    Returns:
        All rounds in order, and the index of the one that uses most of the limits, all of which it keeps.

    Raises ConfigurationError, with the figures, where none was found.
    """

    def on_board(architecture: Architecture, board: Board) -> OnBoard:
        measured = measure(architecture, board)
        return OnBoard(board, measured, None if measured is None else limits.targets(architecture, measured))

    rounds: list[Round] = []
    kept: int | None = None
    for margin in MARGINS:
        architecture = space.architecture(name, choice)
        last = Round(choice, architecture, tuple(on_board(architecture, board) for board in boards))
        rounds.append(last)
        logger.info("%s", describe(last))
        if last.keeps and (kept is None or last.greatest_share > rounds[kept].greatest_share):
            kept = len(rounds) - 1
        if last.keeps:
            if last.greatest_share >= LEAST_EFFORT:
                break
            following = widened(space, corrected(budget, architecture, last.boards, _WIDENED_MARGIN), choice)
        elif choice == cheapest(space):
            break
        else:
            following = narrowed(space, corrected(budget, architecture, last.boards, margin), choice)
        if following in {earlier.choice for earlier in rounds}:
            break
        choice = following
    if kept is None:
        names = " and ".join(board.name for board in boards)
        raise ConfigurationError(
            f"No network of {name}'s search space was found that keeps its budget on {names}: "
            f"{describe(rounds[-1])}; raise search.budget or make search.backbone smaller."
        )
    return rounds, kept


def describe(measured: Round) -> str:
    """What a network takes of every limit, in words."""
    said = []
    for on in measured.boards:
        where = f" on {on.board.name}" if len(measured.boards) > 1 else ""
        if on.targets is None:
            said.append(f"is larger than the board's memories{where}")
        else:
            said.append(f"takes {', '.join(map(_taken, on.targets))}{where}")
    return f"{measured.architecture.name} {'; '.join(said)}"


def _taken(target: Target) -> str:
    decimals = 2 if isinstance(target.limit, float) else 0
    what = target.unit if target.name in ("latency", "energy", "operations") else f"{target.unit} of {target.name}"
    return f"{target.measured:,.{decimals}f} of {target.limit:,} {what} ({target.share:.1%})"
