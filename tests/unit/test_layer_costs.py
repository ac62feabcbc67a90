"""The tables of layer costs that are shipped."""

from dataclasses import replace

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.boards import load_boards
from micronets.layer_costs import (
    TERMS,
    LayerCost,
    LayerCostTable,
    NetworkCosts,
    boards_with_layer_costs,
    find_layer_costs,
    layer_shapes,
    of_eight_bits,
)
from micronets.published import published_architecture


@pytest.mark.parametrize("board", boards_with_layer_costs())
def test_a_table_is_of_a_board_at_its_clock_and_has_every_kind_of_layer(board):
    table = find_layer_costs(board)
    assert table.board == board
    assert table.clock_hz == load_boards()[board].clock_hz
    kinds = {"1x1 convolution", "convolution", "depthwise", "strided depthwise"}
    for costs in (table.of_bytes, table.mixed):
        assert set(map(of_eight_bits, costs.kinds)) == kinds
        assert 0 < costs.mean_error_percent < costs.worst_error_percent
    assert set(table.of_bytes.kinds) == kinds < set(table.mixed.kinds)


@pytest.mark.parametrize(
    "name, profiled_ms",
    [("micronet-kws-s", 99.4), ("micronet-kws-m", 175.9), ("micronet-vww-2", 57.8), ("resnet-8", 125.0)],
)
def test_published_networks_take_about_what_their_profiles_say(name, profiled_ms):
    """Profiles on NUCLEO-L4R5ZI, the first two of Arm's files (README); no table was fitted to any of them."""
    expected_ms = find_layer_costs("nucleo-l4r5zi").latency_ms(layer_shapes(published_architecture(name)))
    assert expected_ms == pytest.approx(profiled_ms, rel=0.1)


@pytest.mark.parametrize(
    "name, activation_bits, profiled_ms",
    [
        ("ds-cnn-s", 8, 48.8),
        ("ds-cnn-s", 4, 45.9),
        ("micronet-kws-s", 8, 100.1),
        ("micronet-kws-s", 4, 83.9),
        ("micronet-kws-m", 8, 177.8),
        ("micronet-kws-m", 4, 143.7),
        ("micronet-vww-2", 8, 57.1),
        ("micronet-vww-2", 4, 60.2),
    ],
)
def test_so_do_those_of_4_bit_weights(name, activation_bits, profiled_ms):
    """As docs/results.md has them, on NUCLEO-L4R5ZI."""
    architecture = published_architecture(name).with_precision(4, activation_bits)
    expected_ms = find_layer_costs("nucleo-l4r5zi").latency_ms(layer_shapes(architecture))
    assert expected_ms == pytest.approx(profiled_ms, rel=0.15)


def test_a_layer_counts_by_its_bits_and_as_one_of_eight_where_there_are_no_costs_for_them():
    layers = (
        Convolution(8, (3, 3), activation_bits=4),
        DepthwiseConvolution((3, 3), weight_bits=4),
        Convolution(8, weight_bits=4, activation_bits=4),
        AveragePooling(),
        Convolution(2, activation="linear"),
    )
    shapes = layer_shapes(Architecture("mixed", (6, 6, 1), layers))
    assert [shape.kind for shape in shapes] == [
        "convolution, bits of weights 8, inputs 8, outputs 4",
        "depthwise, bits of inputs 4, outputs 8",
        "1x1 convolution, bits of weights 4, inputs 8, outputs 4",
        "1x1 convolution, bits of weights 8, inputs 4, outputs 8",
    ]

    def per_mac(kind, cycles):
        coefficients = {**dict.fromkeys(TERMS, 0.0), "per_mac": cycles}
        return LayerCost(kind, 1, coefficients, mean_error_percent=0.0, worst_error_percent=0.0)

    known = [per_mac("depthwise", 3.0), per_mac("1x1 convolution", 1.0), per_mac(shapes[2].kind, 2.0)]
    of_bytes = NetworkCosts({cost.kind: replace(cost, coefficients=per_mac("", 50.0).coefficients) for cost in known})
    mixed = NetworkCosts({cost.kind: cost for cost in known}, scale=2.0)
    # 36 pixels of 8 channels; the first convolution is of a kind that the table has no costs of.
    expected = 3 * 36 * 8 * 9 + 2 * 36 * 8 * 8 + 1 * 8 * 2
    assert LayerCostTable("board", 1000, of_bytes, mixed).latency_ms(shapes) == 2 * expected
    of_eight = [replace(shape, kind=of_eight_bits(shape.kind)) for shape in shapes]
    assert LayerCostTable("board", 1000, mixed, of_bytes).latency_ms(of_eight) == 2 * (expected - 36 * 8 * 8)
    assert LayerCostTable("board", 1000, mixed).latency_ms(shapes) == 2 * expected


def test_a_board_without_a_table():
    assert find_layer_costs("frdm-kl25z") is None
