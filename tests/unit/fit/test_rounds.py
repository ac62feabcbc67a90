"""Widths are changed until what is measured keeps every limit; the measurements here are stand-ins for the emulator."""

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.fit.measured import Measured
from micronets.fit.rounds import MARGINS, run_rounds
from micronets.fit.targets import Limits
from micronets.fit.widths import choice_of, every_width, narrowed, widened
from micronets.layer_costs import find_layer_costs, layer_shapes
from micronets.search.budget import Budget, LatencyLimit
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.resnet_space import ResNetSpace

BOARD = find_board("nucleo-f446re")
TABLE = find_layer_costs(BOARD.name)
SPACE = every_width(DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1), (1, 1)), width_steps=4))
WIDE = choice_of(SPACE, [48, 1, 64, 1, 48, 1, 32])


class Emulator:
    """Answers like the board, but for factors: what its measurements are over what is expected."""

    def __init__(self, flash=1.0, ram=1.0, latency=1.0, largest_flash_bytes=10**9):
        self.factors = flash, ram, latency
        self.largest_flash_bytes = largest_flash_bytes
        self.asked = []

    def __call__(self, architecture, board):
        self.asked.append(architecture)
        exact, (flash, ram, latency) = costs(architecture), self.factors
        if exact.flash_bytes > self.largest_flash_bytes:
            return None
        taken = round(flash * exact.flash_bytes), round(ram * exact.sram_bytes)
        return Measured(*taken, 480_000, 120_000, latency * TABLE.latency_ms(layer_shapes(architecture)), None)


def rounds(emulator, limits, budget, choice=WIDE, space=SPACE):
    return run_rounds(space, budget, limits, [BOARD], choice, "found", emulator)


def test_a_network_that_keeps_its_limits_is_measured_once_and_left_as_it_is():
    emulator = Emulator()
    flash_bytes = round(1.05 * costs(SPACE.architecture("a", WIDE)).flash_bytes)
    found, kept = rounds(emulator, Limits(flash_bytes=flash_bytes), Budget(flash_bytes, 120_000))
    assert (len(found), kept, len(emulator.asked)) == (1, 0, 1)
    assert found[0].choice == WIDE
    assert [target.name for target in found[0].boards[0].targets] == ["flash", "RAM"]
    assert found[0].boards[0].targets[1].limit == 120_000  # what the board has left


@pytest.mark.parametrize(
    ("factors", "name"), [({"flash": 1.4}, "flash"), ({"ram": 1.4}, "RAM"), ({"latency": 1.4}, "latency")]
)
def test_what_takes_more_than_expected_is_narrowed_to_its_limit_and_not_far_below(factors, name):
    architecture = SPACE.architecture("a", WIDE)
    exact, ms = costs(architecture), TABLE.latency_ms(layer_shapes(architecture))
    limits = Limits(exact.flash_bytes, exact.sram_bytes, ms)
    budget = Budget(exact.flash_bytes, exact.sram_bytes, None, (LatencyLimit(ms, TABLE),))
    found, kept = rounds(Emulator(**factors), limits, budget)
    assert len(found) <= 3 and kept == len(found) - 1
    shares = {target.name: target.share for target in found[kept].boards[0].targets}
    assert max(shares.values()) <= 1.0
    assert shares[name] > 0.9
    assert {target.name: target.share > 1 for target in found[0].boards[0].targets}[name]


def test_a_network_that_cannot_be_linked_is_made_smaller_until_it_can():
    emulator = Emulator(largest_flash_bytes=8_000)
    found, kept = rounds(emulator, Limits(), Budget(480_000, 120_000))
    assert found[0].boards[0].measured is None and found[0].boards[0].targets is None
    assert 6_000 < costs(found[kept].architecture).flash_bytes <= 8_000


def test_a_latency_that_the_table_has_overrated_is_used_up():
    ms = TABLE.latency_ms(layer_shapes(SPACE.architecture("a", WIDE)))
    budget = Budget(480_000, 120_000, None, (LatencyLimit(ms, TABLE),))
    found, kept = rounds(Emulator(latency=0.75), Limits(latency_ms=ms), budget)
    assert (len(found), kept) == (2, 1)
    assert found[0].greatest_share == pytest.approx(0.75) and 0.9 < found[1].greatest_share <= 1.0
    assert all(after >= before for before, after in zip(WIDE, found[1].choice, strict=True))


def test_ram_that_the_model_has_overrated_is_used_up():
    sram_bytes = costs(SPACE.architecture("a", WIDE)).sram_bytes
    found, kept = rounds(Emulator(ram=0.75), Limits(sram_bytes=sram_bytes), Budget(480_000, sram_bytes))
    assert found[0].greatest_share == pytest.approx(0.75, abs=0.001) and 0.9 < found[kept].greatest_share <= 1.0


def test_what_turned_out_too_wide_is_narrowed_to_between_the_two():
    """A layout that jumps: beyond 20 % more, the network takes twice what is expected of it."""
    sram_bytes = costs(SPACE.architecture("a", WIDE)).sram_bytes

    def measure(architecture, board):
        taken = costs(architecture).sram_bytes
        factor = 0.7 if taken <= 1.2 * sram_bytes else 1.4
        return Measured(10_000, round(factor * taken), 480_000, 120_000, None, None)

    budget, limits = Budget(480_000, sram_bytes), Limits(sram_bytes=sram_bytes)
    found, kept = run_rounds(SPACE, budget, limits, [BOARD], WIDE, "a", measure)
    shares = [measured.greatest_share for measured in found]
    assert shares[0] == pytest.approx(0.7, abs=0.001) and shares[1] > 1.0
    assert shares[kept] == max(share for share in shares if share <= 1.0)


def test_a_network_for_two_boards_is_narrowed_until_both_keep_their_limits():
    small, fast = BOARD, find_board("nucleo-f746zg")
    architecture = SPACE.architecture("a", WIDE)
    exact, shapes = costs(architecture), layer_shapes(architecture)
    tables = {board.name: find_layer_costs(board.name) for board in (small, fast)}
    ms = {name: float(table.latency_ms(shapes)) for name, table in tables.items()}
    limit_ms = 0.8 * max(ms.values())
    assert ms[fast.name] < limit_ms < ms[small.name]
    limits = Limits(flash_bytes=exact.flash_bytes, latency_ms=limit_ms)
    latencies = tuple(LatencyLimit(limit_ms, table) for table in tables.values())
    budget = Budget(exact.flash_bytes, 120_000, None, latencies)

    def measure(candidate, board):
        code_bytes = 2_000 if board == fast else 0  # flash is exceeded on the fast board, latency on the slow one
        flash_bytes, latency_ms = costs(candidate).flash_bytes, tables[board.name].latency_ms(layer_shapes(candidate))
        return Measured(flash_bytes + code_bytes, 1_000, 480_000, 120_000, float(latency_ms), None)

    found, kept = run_rounds(SPACE, budget, limits, [small, fast], WIDE, "found", measure)
    exceeded = [(on.board.name, t.name) for on in found[0].boards for t in on.targets if t.share > 1]
    assert exceeded == [(small.name, "latency"), (fast.name, "flash")]
    last = {on.board.name: {t.name: t.share for t in on.targets} for on in found[kept].boards}
    assert all(share <= 1 for shares in last.values() for share in shares.values())
    assert max(last[small.name]["latency"], last[fast.name]["flash"]) > 0.9
    assert [entry["board"] for entry in found[kept].to_json(SPACE)["boards"]] == [small.name, fast.name]


def test_operations_that_are_used_up_forbid_widening():
    architecture = SPACE.architecture("a", WIDE)
    ms, ops = TABLE.latency_ms(layer_shapes(architecture)), costs(architecture).ops
    budget = Budget(480_000, 120_000, ops, (LatencyLimit(ms, TABLE),))
    found, kept = rounds(Emulator(latency=0.5), Limits(latency_ms=ms, ops=ops), budget)
    assert (len(found), kept) == (1, 0)


def test_where_nothing_keeps_the_budget_a_sentence_says_what_the_last_one_takes():
    emulator = Emulator(flash=1.4)
    with pytest.raises(ConfigurationError, match=r"No network of found's search space .* takes [\d,]+ of 900 bytes"):
        rounds(emulator, Limits(flash_bytes=900), Budget(900, 120_000))
    assert len(emulator.asked) <= len(MARGINS)
    assert len({architecture.layers for architecture in emulator.asked}) == len(emulator.asked)


@pytest.mark.parametrize(
    "space",
    [
        DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1), (1, 1))),
        MobileNetV2Space((32, 32, 1), 2, 0.1),
        ResNetSpace((32, 32, 3), 10, 16, (False, True, True)),
    ],
    ids=["ds-cnn", "mobilenet-v2", "resnet"],
)
def test_narrowing_and_widening_keep_every_target_in_every_space(space):
    fine = every_width(space)
    values = [decision.options[-1] for decision in space.decisions]
    choice = fine.canonical(choice_of(fine, values))
    exact = costs(fine.architecture("a", choice))
    for flash, ram, work in ((0.8, 1.0, 1.0), (1.0, 0.9, 1.0), (1.0, 1.0, 0.8)):
        budget = Budget(int(flash * exact.flash_bytes), int(ram * exact.sram_bytes), int(work * exact.ops))
        smaller = narrowed(fine, budget, choice)
        assert budget.fits(fine.architecture("a", smaller))
        assert max(budget.exact_usage(fine.architecture("a", smaller))) > 0.9
        again = widened(fine, Budget(exact.flash_bytes, exact.sram_bytes, exact.ops), smaller)
        assert all(np.greater_equal(again, smaller))
        assert costs(fine.architecture("a", again)).ops > costs(fine.architecture("a", smaller)).ops
