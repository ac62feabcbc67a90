"""Evolution: networks that fit the budget are scored, and the best of them changed and crossed, again and again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from micronets.search.proposals import Proposal
from micronets.search.sampling import Sampler
from micronets.search.scoring import HeldBackScore
from micronets.search.space import Choice


@dataclass(frozen=True)
class Candidate:
    """A network that was scored.

    Attributes:
        generation: it came up in, from 0.
        use: largest share of any target, by the exact costs.
    """

    choice: Choice
    generation: int
    use: float
    score: HeldBackScore


def next_generation(
    found: list[Candidate],
    size: int,
    parents: int,
    sampler: Sampler,
    generator: np.random.Generator,
    propose: Proposal,
) -> list[Choice]:
    """Choices that have not been scored yet: proposed in the first generation, then half mutated, half crossed.

    Args:
        found: all that were scored before.
        size: how many to give; fewer where the space has no more.
        parents: how many of the best, by loss, are changed and crossed.
        propose: a network that fits.
    """
    known = {candidate.choice for candidate in found}
    best = [candidate.choice for candidate in ranked(found)[:parents]]
    fresh: list[Choice] = []
    for _ in range(20 * size):
        if len(fresh) == size:
            break
        if not best:
            choice = propose(sampler, generator)
        elif len(fresh) % 2 == 0 or len(best) < 2:
            choice = sampler.mutate(best[int(generator.integers(len(best)))])
        else:
            one, other = generator.choice(len(best), size=2, replace=False)
            choice = sampler.cross(best[int(one)], best[int(other)])
        if choice not in known:
            known.add(choice)
            fresh.append(choice)
    return fresh


def ranked(found: list[Candidate]) -> list[Candidate]:
    """By loss, the best first."""
    return sorted(found, key=lambda candidate: candidate.score.loss)


def run_generation(
    choices: list[Choice], generation: int, sampler: Sampler, score: Callable[[Choice], HeldBackScore]
) -> list[Candidate]:
    """Scores the networks of a generation."""
    return [Candidate(choice, generation, sampler.use(choice), score(choice)) for choice in choices]
