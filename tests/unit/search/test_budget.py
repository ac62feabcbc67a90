"""Budgets: where they come from, and when nothing fits them."""

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.layer_costs import LayerCost, LayerCostTable, NetworkCosts, layer_shapes
from micronets.published import published_architecture
from micronets.search.budget import Budget, LatencyLimit
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.options import SearchOptions
from micronets.search.problem import check_feasible, search_problem
from micronets.search.sampling import Sampler
from micronets.yaml_file import read_yaml

SECTION = {
    "board": "nucleo-f446re",
    "max_mops": 0,
    "backbone": {"channels": 276, "blocks": 8, "width_steps": 10},
    "epochs": 2,
    "warmup_epochs": 1,
    "batch_size": 16,
    "learning_rate": 0.01,
    "final_learning_rate": 0.01,
    "weight_decay": 0.0,
    "architecture": {
        "share": 0.2,
        "learning_rate": 0.1,
        "penalty": 1.0,
        "first_temperature": 5.0,
        "last_temperature": 0.2,
    },
    "augmentation": {},
}


def test_bits_are_decided_where_a_strategy_can():
    choice = {"weight_bits": [8, 4], "activation_bits": [4]}
    options = SearchOptions.from_section({**SECTION, **choice, "strategy": "random"})
    space, _ = search_problem(options, (49, 10, 1), 12)
    assert isinstance(space, DsCnnSpace)
    assert (space.weight_bits, space.activation_bits) == ((4, 8), (4,))
    with pytest.raises(ConfigurationError, match="search.weight_bits .* leave a choice, but dnas"):
        SearchOptions.from_section({**SECTION, **choice})
    section = {**SECTION, **choice, "strategy": "random", "backbone": {"kind": "mobilenet-v2"}}
    with pytest.raises(ConfigurationError, match="other than 8 for backbones of kind ds-cnn alone"):
        search_problem(SearchOptions.from_section(section), (49, 10, 1), 12)


def test_the_recipe_of_mixed_precision_finds_networks_that_its_board_does_not_hold_in_int8(repository):
    section = read_yaml(repository / "config" / "mixed_precision.yaml")["kws"]["search"]
    space, budget = search_problem(SearchOptions.from_section({**SECTION, **section}), (49, 10, 1), 12)
    sampler = Sampler(space, budget, np.random.default_rng(0))
    for _ in range(3):
        choice = sampler.draw()
        architecture = space.architecture("drawn", choice)
        whole_bytes = tuple(
            decision.options.index(8) if decision.bits else index
            for decision, index in zip(space.decisions, choice, strict=True)
        )
        assert budget.fits(architecture) and {*architecture.weight_bits()} == {4, 8}
        assert costs(space.architecture("int8", whole_bytes)).flash_bytes > budget.flash_bytes


def test_the_budget_is_the_board_less_its_runtime():
    board = find_board("nucleo-f446re")
    budget = Budget.of_board(board)
    assert budget.flash_bytes == board.flash_bytes - board.reserved.flash_bytes
    assert budget.sram_bytes == board.sram_bytes - board.reserved.sram_bytes
    assert budget.max_ops is None
    assert Budget.of_board(board, 16.5).max_ops == 16_500_000


def test_excess_and_fit_agree_with_the_paper_on_what_runs_on_the_f446re():
    budget = Budget.of_board(find_board("nucleo-f446re"))
    for name, fits in {"micronet-kws-s": True, "micronet-kws-m": True, "micronet-kws-l": False}.items():
        architecture = published_architecture(name)
        assert budget.fits(architecture) is fits
        assert (budget.excess(architecture) == 0.0) is fits


def test_a_budget_met_to_the_byte_fits_and_one_byte_less_does_not():
    architecture = published_architecture("ds-cnn-s")
    exact = costs(architecture)
    exactly = Budget(exact.flash_bytes, exact.sram_bytes, exact.ops)
    assert exactly.fits(architecture)
    assert exactly.excess(architecture) == 0.0
    for less in (
        Budget(exact.flash_bytes - 1, exact.sram_bytes, exact.ops),
        Budget(exact.flash_bytes, exact.sram_bytes - 1, exact.ops),
        Budget(exact.flash_bytes, exact.sram_bytes, exact.ops - 1),
    ):
        assert not less.fits(architecture)
        assert less.excess(architecture) > 0.0


def test_the_configuration_gives_space_and_budget():
    space, budget = search_problem(SearchOptions.from_section(SECTION), (49, 10, 1), 12)
    assert space.strides == ((2, 2), *((1, 1),) * 7)
    assert space.decisions[0].options[-1] == 276
    assert budget == Budget.of_board(find_board("nucleo-f446re"))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"board": "nucleo-x"}, "nucleo-x"),
        ({"max_mops": 0.1}, "allowed; raise search.max_mops"),
        ({"backbone": {"channels": 30, "blocks": 2}}, "search.backbone.channels is 30"),
    ],
)
def test_an_impossible_problem_is_one_sentence(change, message):
    with pytest.raises(ConfigurationError, match=message):
        search_problem(SearchOptions.from_section({**SECTION, **change}), (49, 10, 1), 12)


def test_the_configuration_limits_what_the_board_has():
    limits = {"flash_bytes": 50_000, "sram_bytes": 10**9, "latency_ms": 40, "energy_mj": 2}
    _, budget = search_problem(SearchOptions.from_section({**SECTION, "budget": limits}), (49, 10, 1), 12)
    board = find_board("nucleo-f446re")
    assert budget.flash_bytes == 50_000
    assert budget.sram_bytes == board.budget.sram_bytes  # no more than there is
    (latency,) = budget.latencies
    assert latency.max_ms == pytest.approx(2 / board.active_power_w)  # 12.5 ms
    _, budget = search_problem(SearchOptions.from_section({**SECTION, "budget": {"latency_ms": 40}}), (49, 10, 1), 12)
    assert [limit.max_ms for limit in budget.latencies] == [40]


def test_the_budget_of_several_boards_is_what_keeps_to_each():
    names, limits = ["nucleo-f446re", "nucleo-l4r5zi"], {"latency_ms": 40}
    section = {**SECTION, "board": names, "budget": limits, "max_mops": 9}
    _, budget = search_problem(SearchOptions.from_section(section), (49, 10, 1), 12)
    boards = [find_board(name) for name in names]
    assert budget.flash_bytes == min(board.budget.flash_bytes for board in boards)
    assert budget.sram_bytes == min(board.budget.sram_bytes for board in boards)
    assert [limit.table.board for limit in budget.latencies] == names
    network = published_architecture("micronet-kws-s")
    alone = [
        search_problem(SearchOptions.from_section({**section, "board": name}), (49, 10, 1), 12)[1] for name in names
    ]
    shares = [single.exact_usage(network) for single in alone]
    assert max(budget.exact_usage(network)) == max(map(max, shares))
    assert budget.effort(budget.exact_usage(network)) == max(b.effort(s) for b, s in zip(alone, shares, strict=True))


def test_a_target_that_cannot_be_computed_is_refused():
    section = {**SECTION, "board": "frdm-kl25z", "budget": {"latency_ms": 40}}
    with pytest.raises(ConfigurationError, match="no table of its layers' costs, only of .*nucleo-f446re"):
        search_problem(SearchOptions.from_section(section), (49, 10, 1), 12)


def test_latency_is_a_target_like_the_others():
    costs_of_pointwise = LayerCost("1x1 convolution", 1, {"per_mac": 2.0}, 0, 0)
    table = LayerCostTable("b", 10**6, NetworkCosts({"1x1 convolution": costs_of_pointwise}))
    network = published_architecture("ds-cnn-s")
    # Four 1x1 convolutions of 64 channels on 25 x 5 pixels, and the classifier.
    pointwise_macs = 4 * 64 * 64 * 125 + 64 * 12
    assert table.latency_ms(layer_shapes(network)) == pytest.approx(2 * pointwise_macs / 10**3)
    assert Budget(10**6, 10**6, None, (LatencyLimit(4098, table),)).fits(network)
    assert not Budget(10**6, 10**6, None, (LatencyLimit(4097, table),)).fits(network)


@pytest.mark.parametrize(
    "space",
    [
        DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1))),
        DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1)), weight_bits=(4, 8), activation_bits=(4, 8)),
        DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1)), weight_bits=(4,), activation_bits=(4,)),
        MobileNetV2Space((48, 48, 1), 2, 0.35),
    ],
)
def test_expected_latency_of_a_decided_network_is_that_of_its_layers(space):
    generator = np.random.default_rng(3)
    for _ in range(5):
        choice = space.canonical(tuple(int(generator.integers(len(d.options))) for d in space.decisions))
        values = [decision.options[index] for decision, index in zip(space.decisions, choice, strict=True)]
        greatest = [max(values[place] for place in group) for group in space.maxima]
        expected = [
            (layer.kind, layer.macs, layer.inputs, layer.outputs, layer.channels)
            for layer in space.expected_costs(values, greatest).layers
            if layer.share
        ]
        exact = layer_shapes(space.architecture("decided", choice))
        assert expected == [(layer.kind, layer.macs, layer.inputs, layer.outputs, layer.channels) for layer in exact]


@pytest.mark.parametrize(
    "budget, what", [(Budget(100, 10**6), "bytes of flash"), (Budget(10**6, 100), "bytes of SRAM")]
)
def test_an_impossible_budget_names_memory_and_board(budget, what):
    space = DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1)))
    boards = [find_board("nucleo-f446re"), find_board("nucleo-l4r5zi")]
    remedy = "choose a larger board than nucleo-f446re or nucleo-l4r5zi"
    with pytest.raises(ConfigurationError, match=f"{what}, but 100 are allowed; {remedy}"):
        check_feasible(space, budget, boards)
