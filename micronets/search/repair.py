"""Makes a choice fit its budget by the exact costs, giving up as little probability as it can."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from micronets.errors import ConfigurationError
from micronets.search.budget import Budget
from micronets.search.space import Choice, SearchSpace

SMALLEST_PROBABILITY = 1e-12
SMALLEST_LOSS = 1e-6


@dataclass(frozen=True)
class Move:
    """One change of one decision, by the options' values."""

    decision: str
    before: int
    after: int
    probability_before: float
    probability_after: float
    excess_after: float
    """What is still above the targets, summed over them, as a share of each."""

    def __str__(self) -> str:
        return (
            f"{self.decision}: {self.before} -> {self.after} (probability {self.probability_before:.3f} -> "
            f"{self.probability_after:.3f}), {self.excess_after:.1%} above the targets"
        )


def repair(
    space: SearchSpace, probabilities: Sequence[np.ndarray], budget: Budget, choice: Choice
) -> tuple[Choice, tuple[Move, ...]]:
    """Cheapens decisions until the network fits, then takes back what was not needed.

    First, greedily, the change with the best ratio of saved excess to lost log-probability; then, beginning with the
    changes that lost most, every decision returns as far towards its first option as the budget allows. In the end no
    changed decision alone could be dearer.

    Args:
        probabilities: of every decision's options.
        choice: the most probable option of every decision.

    Raises ConfigurationError where no choice below `choice` fits.
    """
    first = choice
    moves: list[Move] = []
    excess = _excess(space, budget, choice)
    while excess > 0.0:
        candidates = [
            ((excess - left) / _lost(probabilities[decision], choice[decision], index), -decision, index, left)
            for decision, current in enumerate(choice)
            for index in range(current)
            if (left := _excess(space, budget, _replace(choice, decision, index))) < excess
        ]
        if not candidates:
            raise ConfigurationError("No network of the search space fits the budget; relax it or shrink the backbone.")
        _, negative_decision, index, excess = max(candidates)
        moves.append(_move(space, probabilities, -negative_decision, choice, index, excess))
        choice = _replace(choice, -negative_decision, index)
    while (restored := _restore(space, probabilities, budget, first, choice)) is not None:
        decision, index = restored
        moves.append(_move(space, probabilities, decision, choice, index, 0.0))
        choice = _replace(choice, decision, index)
    return choice, tuple(moves)


def _restore(
    space: SearchSpace, probabilities: Sequence[np.ndarray], budget: Budget, first: Choice, choice: Choice
) -> tuple[int, int] | None:
    """The next decision that can return towards `first` within the budget, and its index; None where none can."""
    changed = [decision for decision in range(len(choice)) if choice[decision] != first[decision]]
    for decision in sorted(changed, key=lambda d: -_lost(probabilities[d], first[d], choice[d])):
        for index in range(first[decision], choice[decision], -1):
            if _excess(space, budget, _replace(choice, decision, index)) == 0.0:
                return decision, index
    return None


def _excess(space: SearchSpace, budget: Budget, choice: Choice) -> float:
    return budget.excess(space.architecture("candidate", choice))


def _replace(choice: Choice, decision: int, index: int) -> Choice:
    return (*choice[:decision], index, *choice[decision + 1 :])


def _lost(probabilities: np.ndarray, before: int, after: int) -> float:
    lost = math.log(max(probabilities[before], SMALLEST_PROBABILITY)) - math.log(
        max(probabilities[after], SMALLEST_PROBABILITY)
    )
    return max(lost, SMALLEST_LOSS)


def _move(
    space: SearchSpace,
    probabilities: Sequence[np.ndarray],
    decision: int,
    choice: Choice,
    index: int,
    excess: float,
) -> Move:
    options = space.decisions[decision].options
    return Move(
        space.decisions[decision].name,
        options[choice[decision]],
        options[index],
        float(probabilities[decision][choice[decision]]),
        float(probabilities[decision][index]),
        excess,
    )
