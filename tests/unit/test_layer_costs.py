"""The tables of layer costs that are shipped."""

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.boards import load_boards
from micronets.layer_costs import (
    TERMS,
    LayerCost,
    LayerCostTable,
    boards_with_layer_costs,
    find_layer_costs,
    layer_shapes,
)
from micronets.published import published_architecture


@pytest.mark.parametrize("board", boards_with_layer_costs())
def test_a_table_is_of_a_board_at_its_clock_and_has_every_kind_of_layer(board):
    table = find_layer_costs(board)
    assert table.board == board
    assert table.clock_hz == load_boards()[board].clock_hz
    assert set(table.kinds) == {"1x1 convolution", "convolution", "depthwise", "strided depthwise"}
    assert 0 < table.mean_error_percent < table.worst_error_percent


@pytest.mark.parametrize(
    "name, profiled_ms",
    [("micronet-kws-s", 99.4), ("micronet-kws-m", 175.9), ("micronet-vww-2", 57.8), ("resnet-8", 125.0)],
)
def test_published_networks_take_about_what_their_profiles_say(name, profiled_ms):
    """Profiles on NUCLEO-L4R5ZI, the first two of Arm's files (README); no table was fitted to any of them."""
    expected_ms = find_layer_costs("nucleo-l4r5zi").latency_ms(layer_shapes(published_architecture(name)))
    assert expected_ms == pytest.approx(profiled_ms, rel=0.1)


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
    table = LayerCostTable("board", 1000, {cost.kind: cost for cost in known})
    # 36 pixels of 8 channels; the first convolution is of a kind that the table has no costs of.
    assert table.latency_ms(shapes) == 3 * 36 * 8 * 9 + 2 * 36 * 8 * 8 + 1 * 8 * 2


def test_a_board_without_a_table():
    assert find_layer_costs("frdm-kl25z") is None
