"""Measuring and changing widths in turns, until a network keeps every limit."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.errors import ConfigurationError
from micronets.fit.measured import Measured
from micronets.fit.targets import Limits, Target, corrected
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
    """One network that was measured.

    Attributes:
        measured, targets: None where it could not be linked.
    """

    choice: Choice
    architecture: Architecture
    measured: Measured | None
    targets: tuple[Target, ...] | None

    @property
    def keeps(self) -> bool:
        """Whether no limit is exceeded."""
        return self.targets is not None and all(target.share <= 1.0 for target in self.targets)

    @property
    def greatest_share(self) -> float:
        """Of the latency, energy and operations that are limited; of everything where none of them is."""
        targets = self.targets or ()
        bought = [target.share for target in targets if target.name in ("latency", "energy", "operations")]
        return max(bought or [target.share for target in targets])

    def to_json(self, space: SearchSpace) -> dict[str, Any]:
        """A JSON object; `values` are the options of the decisions."""
        return {
            "values": [decision.options[index] for decision, index in zip(space.decisions, self.choice, strict=True)],
            "measured": None if self.measured is None else asdict(self.measured),
            "targets": None if self.targets is None else [target.to_json() for target in self.targets],
        }


def run_rounds(
    space: SearchSpace,
    budget: Budget,
    limits: Limits,
    board: Board,
    choice: Choice,
    name: str,
    measure: Callable[[Architecture], Measured | None],
) -> tuple[list[Round], int]:
    """Measures a network and, where it does not keep a limit, narrower ones; one whose latency leaves a tenth unused is
    widened once, as far as the table of latencies was wrong about it.

    Args:
        space: with every width (see `every_width`); `choice` and the rounds' are of it.
        budget: of the search, for what is expected of networks between two measurements.
        measure: of one network; None where it cannot be linked for the board.

    Returns:
        All rounds in order, and the index of the one whose network keeps every limit.

    Raises ConfigurationError, with the figures, where none was found.
    """
    rounds: list[Round] = []
    kept: int | None = None
    for margin in MARGINS:
        architecture = space.architecture(name, choice)
        measured = measure(architecture)
        targets = None if measured is None else limits.targets(architecture, measured)
        rounds.append(Round(choice, architecture, measured, targets))
        logger.info("%s", describe(rounds[-1]))
        if rounds[-1].keeps:
            kept = len(rounds) - 1
            if len(rounds) > 1 or budget.layer_costs is None or rounds[-1].greatest_share >= LEAST_EFFORT:
                break
            following = widened(space, corrected(budget, architecture, targets, board, _WIDENED_MARGIN), choice)
        elif kept is not None or choice == cheapest(space):
            break
        else:
            following = narrowed(space, corrected(budget, architecture, targets, board, margin), choice)
        if following == choice:
            break
        choice = following
    if kept is None:
        raise ConfigurationError(
            f"No network of {name}'s search space was found that keeps its budget on {board.name}: "
            f"{describe(rounds[-1])}; raise search.budget or make search.backbone smaller."
        )
    return rounds, kept


def describe(measured: Round) -> str:
    """What a network takes of every limit, in words."""
    if measured.targets is None:
        return f"{measured.architecture.name} is larger than the board's memories"
    return f"{measured.architecture.name} takes {', '.join(map(_taken, measured.targets))}"


def _taken(target: Target) -> str:
    decimals = 2 if isinstance(target.limit, float) else 0
    what = target.unit if target.name in ("latency", "energy", "operations") else f"{target.unit} of {target.name}"
    return f"{target.measured:,.{decimals}f} of {target.limit:,} {what} ({target.share:.1%})"
