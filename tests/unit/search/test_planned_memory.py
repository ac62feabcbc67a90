"""What networks need in RAM by the compiler's plan decides how wide a search draws them."""

from dataclasses import replace

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.search import planned_memory
from micronets.search.budget import Budget
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.planned_memory import planned_ram_bytes, with_planned_memory
from micronets.search.sampling import Sampler

BOARDS = [find_board("nucleo-f446re"), find_board("nucleo-l4r5zi")]
SPACE = DsCnnSpace((25, 10, 1), 4, 64, ((2, 2), (1, 1)))


def taken(budget):
    """Mean RAM of networks drawn for a budget, over its limit."""
    sampler = Sampler(SPACE, budget, np.random.default_rng(7))
    drawn = [planned_ram_bytes(SPACE.architecture("drawn", sampler.draw()), BOARDS) for _ in range(4)]
    return float(np.mean(drawn)) / budget.sram_bytes


def test_networks_are_drawn_as_wide_as_the_compiled_ones_may_be():
    by_model = Budget(10**6, 5_000)
    planned = with_planned_memory(SPACE, by_model, BOARDS, 1)
    assert planned == replace(by_model, planned_share=planned.planned_share)
    assert planned == with_planned_memory(SPACE, by_model, BOARDS, 1)
    assert taken(by_model) < 0.8 < 0.9 < taken(planned) < 1.1


def test_nothing_is_compiled_where_the_widest_network_fits(monkeypatch):
    monkeypatch.setattr(planned_memory, "planned_ram_bytes", None)
    widest = SPACE.architecture("widest", tuple(len(decision.options) - 1 for decision in SPACE.decisions))
    budget = Budget(10**6, costs(widest).sram_bytes)
    assert with_planned_memory(SPACE, budget, BOARDS, 1) == budget


def test_too_little_ram_for_the_smallest_network_is_refused_with_what_it_needs():
    with pytest.raises(
        ConfigurationError,
        match=r"needs [\d,]+ bytes of SRAM, but 400 are allowed; choose .* or nucleo-l4",
    ):
        with_planned_memory(SPACE, Budget(10**6, 400), BOARDS, 1)
