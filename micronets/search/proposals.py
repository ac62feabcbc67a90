"""Where networks come from that fit the budget: all of the space, or what has been learnt of it."""

from collections.abc import Callable

import numpy as np

from micronets.search.sampling import Sampler
from micronets.search.space import Choice

Proposal = Callable[[Sampler, np.random.Generator], Choice]
"""Of a network that fits."""


def drawn_evenly(sampler: Sampler, generator: np.random.Generator) -> Choice:
    """Any network that uses the budget."""
    return sampler.draw()


def drawn_from(probabilities: list[np.ndarray]) -> Proposal:
    """Networks of learnt decisions, made to fit.

    Args:
        probabilities: of every decision's options, float64 (options,).
    """

    def propose(sampler: Sampler, generator: np.random.Generator) -> Choice:
        return sampler.fitted(tuple(int(generator.choice(len(part), p=part)) for part in probabilities))

    return propose
