"""Networks drawn at random from a search space, near a share of the budget, and changed at random."""

import numpy as np

from micronets.errors import ConfigurationError
from micronets.search.budget import LEAST_EFFORT, Budget
from micronets.search.space import Choice, SearchSpace, is_depth

_KEPT = 0.75
"""Probability that a layer which may be skipped is kept. Drawn evenly, and then cheapened until they fit, networks for
tight budgets would be one wide stem without any block."""
_LEAST_WIDTH = 0.25
"""Relative widths of a network's layers lie between this and 1."""
_BISECTIONS = 12
_TRIES = 200


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
        self._depths = [place for place, decision in enumerate(space.decisions) if is_depth(decision)]
        self._bits = [place for place, decision in enumerate(space.decisions) if decision.bits]
        self._widths = [place for place in range(len(space.decisions)) if place not in {*self._depths, *self._bits}]

    def use(self, choice: Choice) -> float:
        """The largest share of any target that the network takes, by its exact costs; above 1 it does not fit."""
        return self._shares(choice)[0]

    def effort(self, choice: Choice) -> float:
        """See `Budget.effort`."""
        return self._shares(choice)[1]

    def draw(self, most: float = 1.0) -> Choice:
        """A network that takes at most `most` of every target and, where that is possible, `LEAST_EFFORT` of `most`.

        Depths, bits and the proportions of the widths are drawn; the widths are as great as the budget allows.
        """
        kept = self._generator.random(len(self._depths)) < _KEPT
        relative = self._generator.uniform(_LEAST_WIDTH, 1.0, len(self._widths))
        bits = [int(self._generator.integers(self._options(place))) for place in self._bits]
        return self._raised(self._widest([int(depth) for depth in kept], bits, relative, most), most)

    def evenly_wide(self, most: float = 1.0) -> Choice:
        """The network of full depth, evenly wide, that is as wide as `most` of every target allows; with as many bits
        throughout as leave it as wide as the fewest would."""
        depths, relative = [1] * len(self._depths), np.ones(len(self._widths))
        dearest = self._widest(depths, [self._options(place) - 1 for place in self._bits], relative, most)
        cheapest = self._widest(depths, [0] * len(self._bits), relative, most)
        wider = any(cheapest[place] > dearest[place] for place in (*self._depths, *self._widths))
        return cheapest if wider else dearest

    def mutate(self, choice: Choice) -> Choice:
        """A neighbour: one to three decisions drawn anew, made to fit as in `draw`; `choice` only if alone."""
        mutated = choice
        for _ in range(_TRIES):
            changed = list(choice)
            count = min(int(self._generator.integers(1, 4)), len(choice))
            for place in self._generator.choice(len(choice), size=count, replace=False):
                changed[place] = int(self._generator.integers(len(self._space.decisions[place].options)))
            mutated = self.fitted(tuple(changed))
            if mutated != choice:
                break
        return mutated

    def cross(self, one: Choice, other: Choice) -> Choice:
        """Every decision from either of two networks, made to fit as in `draw`."""
        picked = self._generator.random(len(one)) < 0.5
        return self.fitted(tuple(a if first else b for a, b, first in zip(one, other, picked, strict=True)))

    def _options(self, place: int) -> int:
        return len(self._space.decisions[place].options)

    def _widest(self, depths: list[int], bits: list[int], relative: np.ndarray, most: float) -> Choice:
        """Of the networks with these proportions the widest that fits; where none does, with fewer bits, and then with
        fewer layers."""
        depths, bits = list(depths), list(bits)
        while self.use(self._scaled(depths, bits, relative, 0.0)) > most:
            lowered = bits if any(bits) else depths
            open_places = [place for place, index in enumerate(lowered) if index]
            if not open_places:
                raise ConfigurationError(
                    "No network of the search space fits the budget; relax it or shrink the backbone."
                )
            lowered[int(self._generator.choice(open_places))] -= 1
        low, high = 0.0, 1.0 / float(relative.min())
        if self.use(self._scaled(depths, bits, relative, high)) <= most:
            return self._scaled(depths, bits, relative, high)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            if self.use(self._scaled(depths, bits, relative, middle)) <= most:
                low = middle
            else:
                high = middle
        return self._scaled(depths, bits, relative, low)

    def _scaled(self, depths: list[int], bits: list[int], relative: np.ndarray, scale: float) -> Choice:
        choice = [0] * len(self._space.decisions)
        for place, index in zip(self._bits, bits, strict=True):
            choice[place] = index
        for place, depth in zip(self._depths, depths, strict=True):
            choice[place] = depth
        for place, share in zip(self._widths, relative, strict=True):
            options = self._space.decisions[place].options
            choice[place] = max(int(np.sum(np.asarray(options) <= scale * share * options[-1])) - 1, 0)
        return self._space.canonical(tuple(choice))

    def fitted(self, choice: Choice) -> Choice:
        """Narrows layers or takes bits from them, drawn evenly, one step at a time until the network fits; then widens
        them as `draw` does."""
        choice = self._space.canonical(choice)
        while self.use(choice) > 1.0:
            lower = [place for place in sorted([*self._widths, *self._bits]) if choice[place]]
            lower = lower or [place for place in self._depths if choice[place]]
            if not lower:
                raise ConfigurationError(
                    "No network of the search space fits the budget; relax it or shrink the backbone."
                )
            choice = self._moved(choice, int(self._generator.choice(lower)), -1)
        return self._raised(choice, 1.0)

    def _raised(self, choice: Choice, most: float) -> Choice:
        too_dear: set[int] = set()
        for _ in range(_TRIES):
            if self.effort(choice) >= LEAST_EFFORT * most:
                break
            higher = [
                place
                for place, decision in enumerate(self._space.decisions)
                if choice[place] + 1 < len(decision.options)
            ]
            if too_dear.issuperset(higher):
                break
            place = int(self._generator.choice(higher))
            dearer = self._moved(choice, place, 1)
            if self.use(dearer) <= most:
                choice, too_dear = dearer, set()
            else:
                too_dear.add(place)
        return choice

    def _moved(self, choice: Choice, place: int, by: int) -> Choice:
        return self._space.canonical((*choice[:place], choice[place] + by, *choice[place + 1 :]))

    def _shares(self, choice: Choice) -> tuple[float, float]:
        if choice not in self._known:
            usage = self._budget.exact_usage(self._space.architecture("candidate", choice))
            self._known[choice] = max(usage), self._budget.effort(usage)
        return self._known[choice]
