"""Repair ends inside the budget by the exact costs, and gives up no more than it must."""

import numpy as np
import pytest

from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.search.budget import Budget
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.problem import check_feasible
from micronets.search.repair import repair

SPACE = DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1), (1, 1)))


def _random_problem(seed):
    generator = np.random.default_rng(seed)
    probabilities = [generator.dirichlet(np.ones(len(decision.options))) for decision in SPACE.decisions]
    budget = Budget(
        int(generator.integers(2_000, 15_000)),
        int(generator.integers(6_000, 40_000)),
        int(generator.integers(500_000, 4_000_000)) if seed % 2 else None,
    )
    check_feasible(SPACE, budget, "random")
    return probabilities, budget, tuple(int(np.argmax(part)) for part in probabilities)


def _fits(budget, choice):
    return budget.fits(SPACE.architecture("searched", choice))


@pytest.mark.parametrize("seed", range(40))
def test_ends_inside_the_budget_with_nothing_given_up_in_vain(seed):
    probabilities, budget, first = _random_problem(seed)
    choice, moves = repair(SPACE, probabilities, budget, first)
    assert _fits(budget, choice)
    assert all(after <= before for before, after in zip(first, choice, strict=True))
    assert bool(moves) is not _fits(budget, first)
    for decision, (before, after) in enumerate(zip(first, choice, strict=True)):
        for index in range(after + 1, before + 1):
            dearer = (*choice[:decision], index, *choice[decision + 1 :])
            assert not _fits(budget, dearer), f"{SPACE.decisions[decision].name} could have stayed dearer"


@pytest.mark.parametrize("seed", range(5))
def test_the_moves_lead_from_the_first_choice_to_the_last(seed):
    probabilities, _, first = _random_problem(seed)
    choice, moves = repair(SPACE, probabilities, Budget(4_000, 10_000), first)
    names = [decision.name for decision in SPACE.decisions]
    values = [decision.options[index] for decision, index in zip(SPACE.decisions, first, strict=True)]
    assert moves
    for move in moves:
        assert values[names.index(move.decision)] == move.before
        values[names.index(move.decision)] = move.after
    assert values == [decision.options[index] for decision, index in zip(SPACE.decisions, choice, strict=True)]


def test_what_fits_stays():
    widest = tuple(len(decision.options) - 1 for decision in SPACE.decisions)
    uniform = [np.full(len(decision.options), 1 / len(decision.options)) for decision in SPACE.decisions]
    assert repair(SPACE, uniform, Budget(10**6, 10**6), widest) == (widest, ())


def test_narrows_where_the_least_probability_is_lost():
    widest = tuple(len(decision.options) - 1 for decision in SPACE.decisions)
    probabilities = []
    for decision in SPACE.decisions:
        count = len(decision.options)
        probabilities.append(np.array([1e-6] * (count - 1) + [1 - 1e-6 * (count - 1)]))
    indifferent = [decision.name for decision in SPACE.decisions].index("block 2 width")
    probabilities[indifferent] = np.full(len(SPACE.decisions[indifferent].options), 0.1)
    exact = costs(SPACE.architecture("widest", widest))
    choice, _ = repair(SPACE, probabilities, Budget(exact.flash_bytes - 1_000, exact.sram_bytes), widest)
    changed = [d for d, (before, after) in enumerate(zip(widest, choice, strict=True)) if before != after]
    assert changed == [indifferent]


def test_an_impossible_budget_is_an_error():
    widest = tuple(len(decision.options) - 1 for decision in SPACE.decisions)
    uniform = [np.full(len(decision.options), 1 / len(decision.options)) for decision in SPACE.decisions]
    with pytest.raises(ConfigurationError, match="fits the budget"):
        repair(SPACE, uniform, Budget(10, 10**6), widest)
