"""Networks drawn at random keep the budget and use it."""

from dataclasses import replace

import numpy as np
import pytest

from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.search.budget import Budget
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.sampling import Sampler

SPACE = DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1), (1, 1)))
BUDGET = Budget(10**6, 10**6, 3_000_000)


def sampler(space=SPACE, budget=BUDGET, seed=0) -> Sampler:
    return Sampler(space, budget, np.random.default_rng(seed))


def operations(choice, space=SPACE) -> int:
    return costs(space.architecture("drawn", choice)).ops


def test_drawn_networks_use_nine_tenths_of_the_operations_and_never_more():
    draw = sampler()
    shares = [operations(draw.draw()) / BUDGET.max_ops for _ in range(50)]
    assert max(shares) <= 1
    assert np.mean([share >= 0.9 for share in shares]) > 0.9
    halves = [operations(draw.draw(0.5)) / BUDGET.max_ops for _ in range(30)]
    assert max(halves) <= 0.5 and np.mean(halves) > 0.4


def test_memory_counts_too():
    tight = Budget(6_000, 20_000, 3_000_000)
    draw = sampler(budget=tight)
    for _ in range(30):
        exact = costs(SPACE.architecture("drawn", draw.draw()))
        assert exact.flash_bytes <= tight.flash_bytes and exact.sram_bytes <= tight.sram_bytes


def test_children_fit_and_differ_from_their_parents():
    draw = sampler()
    one, other = draw.draw(), draw.draw()
    mutated = [draw.mutate(one) for _ in range(20)]
    assert all(operations(child) <= BUDGET.max_ops for child in mutated)
    assert sum(child != one for child in mutated) > 15
    for _ in range(20):
        assert operations(draw.cross(one, other)) <= BUDGET.max_ops


@pytest.mark.parametrize("space", [SPACE, MobileNetV2Space((48, 48, 1), 2, 0.35)])
def test_the_teaching_network_is_wide_and_skips_nothing(space):
    draw = sampler(space, Budget(10**7, 10**7, 4_000_000))
    widest = draw.evenly_wide()
    assert 0.7 < operations(widest, space) / 4_000_000 <= 1.0
    kept = [index for d, index in zip(space.decisions, widest, strict=True) if d.options == (0, 1)]
    assert all(index == 1 for index in kept)


def test_networks_for_tight_budgets_still_have_blocks():
    space = DsCnnSpace((49, 10, 1), 12, 276, ((2, 2), *[(1, 1)] * 7))
    draw = sampler(space, Budget(10**7, 10**7, 16_700_000))
    for share in (0.25, 0.4, 1.0):
        kept = [sum(draw.draw(share)[1::2]) for _ in range(40)]
        assert np.mean(kept) > 4 and min(kept) >= 1


def test_a_skipped_block_has_no_width():
    draw = sampler()
    for choice in [draw.draw() for _ in range(40)]:
        assert all(kept or not width for kept, width in zip(choice[1::2], choice[2::2], strict=True))
        assert SPACE.architecture("a", choice) == SPACE.architecture("a", SPACE.canonical(choice))
    assert SPACE.canonical((3, 0, 4, 1, 5, 0, 6)) == (3, 0, 0, 1, 5, 0, 0)


def test_of_blocks_alike_the_first_are_kept():
    space = DsCnnSpace((32, 32, 1), 4, 64, ((1, 1), (1, 1), (2, 2), (1, 1), (1, 1)))
    choice = (2, 0, 4, 1, 5, 0, 3, 0, 1, 1, 6)
    canonical = space.canonical(choice)
    assert canonical == (2, 1, 5, 0, 0, 0, 0, 1, 6, 0, 0)
    assert space.architecture("a", canonical) == space.architecture("a", choice)
    kept = (2, 0, 4, 1, 5, 1, 3, 0, 1, 1, 6)
    assert space.canonical(kept) == (2, 1, 5, 0, 0, 1, 3, 1, 6, 0, 0)
    assert space.architecture("a", space.canonical(kept)) == space.architecture("a", kept)


def test_bits_are_drawn_apart_from_widths_and_given_up_before_layers():
    space = replace(SPACE, weight_bits=(4, 8), activation_bits=(4, 8))
    bits = [place for place, decision in enumerate(space.decisions) if decision.bits]
    draw = sampler(space)
    drawn = np.array([draw.draw() for _ in range(40)])
    assert 0.3 < drawn[:, bits[:2]].mean() < 0.7  # the stem's: nothing but the operations is limited
    # The narrowest stem's map has 8 x 490 bytes of 8 bits.
    tight = sampler(space, Budget(10**6, 2_600, 3_000_000))
    for _ in range(10):
        choice = tight.draw()
        assert space.architecture("drawn", choice).activation_bits()[0] == 4
        assert sum(choice[place] for place, d in enumerate(space.decisions) if d.options == (0, 1)) > 0


def test_the_teaching_network_has_eight_bits_unless_four_make_it_wider():
    space = replace(SPACE, weight_bits=(4, 8))
    bits = [place for place, decision in enumerate(space.decisions) if decision.bits]
    by_operations = sampler(space).evenly_wide()
    assert all(by_operations[place] for place in bits)
    by_flash = sampler(space, Budget(6_000, 10**6)).evenly_wide()
    assert not any(by_flash[place] for place in bits)


def test_the_same_seed_draws_the_same_networks():
    draws = [[draw.draw() for _ in range(5)] for draw in (sampler(seed=4), sampler(seed=4), sampler(seed=5))]
    assert draws[0] == draws[1] != draws[2]


def test_a_budget_below_every_network_is_refused():
    with pytest.raises(ConfigurationError, match="No network of the search space fits the budget"):
        sampler(budget=Budget(10, 10)).draw()
