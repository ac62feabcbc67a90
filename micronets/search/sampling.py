"""Networks drawn at random from a search space, near a share of the budget, and changed at random."""

import numpy as np

from micronets.errors import ConfigurationError
from micronets.search.budget import Budget
from micronets.search.space import KEPT, SKIPPED, Choice, Decision, SearchSpace, cheapest

LEAST_EFFORT = 0.9
"""Share of the operations (or flash) that a network should take: below the budget, they decide how good it is."""
_TRIES = 200
_UPPER_USE = 2.0
"""Of the budget, that the teacher among the shared weights takes."""


class Sampler:
    """Draws choices whose exact costs keep the budget; what they cost is remembered.

    Args:
        generator: decides all draws.
    """

    def __init__(self, space: SearchSpace, budget: Budget, generator: np.random.Generator):
        self._space = space
        self._budget = budget
        self._generator = generator
        self._known: dict[Choice, tuple[float, float]] = {}

    def use(self, choice: Choice) -> float:
        """The largest share of any target that the network takes, by its exact costs; above 1 it does not fit."""
        return self._shares(choice)[0]

    def effort(self, choice: Choice) -> float:
        """See `Budget.effort`."""
        return self._shares(choice)[1]

    def draw(self, most: float = 1.0) -> Choice:
        """A network that takes at most `most` of every target and, where that is possible, `LEAST_EFFORT` of `most`.

        Every decision is drawn evenly; then decisions, drawn evenly as well, change by one option, up or down, until
        the network fits and uses the budget.
        """
        choice = tuple(int(self._generator.integers(len(decision.options))) for decision in self._space.decisions)
        return self._fitted(choice, most)

    def mutate(self, choice: Choice) -> Choice:
        """A neighbour: one to three decisions drawn anew, made to fit as in `draw`."""
        changed = list(choice)
        for place in self._generator.choice(len(choice), size=int(self._generator.integers(1, 4)), replace=False):
            changed[place] = int(self._generator.integers(len(self._space.decisions[place].options)))
        return self._fitted(tuple(changed))

    def cross(self, one: Choice, other: Choice) -> Choice:
        """Every decision from either of two networks, made to fit as in `draw`."""
        picked = self._generator.random(len(one)) < 0.5
        return self._fitted(tuple(a if first else b for a, b, first in zip(one, other, picked, strict=True)))

    def _fitted(self, choice: Choice, most: float = 1.0) -> Choice:
        while self.use(choice) > most:
            lower = [place for place, index in enumerate(choice) if index > 0]
            if not lower:
                raise ConfigurationError(
                    "No network of the search space fits the budget; relax it or shrink the backbone."
                )
            choice = _moved(choice, int(self._generator.choice(lower)), -1)
        for _ in range(_TRIES):
            if self.effort(choice) >= LEAST_EFFORT * most:
                break
            higher = [
                place
                for place, decision in enumerate(self._space.decisions)
                if choice[place] + 1 < len(decision.options)
            ]
            if not higher:
                break
            dearer = _moved(choice, int(self._generator.choice(higher)), 1)
            if self.use(dearer) <= most:
                choice = dearer
        return choice

    def upper(self) -> Choice:
        """The widest network, evenly wide in all decisions, that takes at most `_UPPER_USE` of every target; all layers
        that may be kept are.

        It teaches the others. The backbone itself would cost many times as much as all of them.
        """
        steps = max(len(decision.options) for decision in self._space.decisions)
        for step in range(steps, 0, -1):
            choice = tuple(
                len(d.options) - 1 if _is_depth(d) else max(round(step / steps * len(d.options)) - 1, 0)
                for d in self._space.decisions
            )
            if self.use(choice) <= _UPPER_USE:
                return choice
        return narrowest(self._space)

    def _shares(self, choice: Choice) -> tuple[float, float]:
        if choice not in self._known:
            architecture = self._space.architecture("candidate", choice)
            self._known[choice] = self._budget.largest_use(architecture), self._budget.effort(architecture)
        return self._known[choice]


def narrowest(space: SearchSpace) -> Choice:
    """The narrowest network of full depth: every width at its least, nothing skipped that may be kept.

    (A network without any block teaches the shared weights nothing.)
    """
    least = cheapest(space)
    return tuple(len(d.options) - 1 if _is_depth(d) else i for d, i in zip(space.decisions, least, strict=True))


def _is_depth(decision: Decision) -> bool:
    return decision.options == (SKIPPED, KEPT)


def _moved(choice: Choice, place: int, by: int) -> Choice:
    return (*choice[:place], choice[place] + by, *choice[place + 1 :])
