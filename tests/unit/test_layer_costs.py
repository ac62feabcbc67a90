"""The tables of layer costs that are shipped."""

import pytest

from micronets.boards import load_boards
from micronets.layer_costs import boards_with_layer_costs, find_layer_costs, layer_shapes
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


def test_a_board_without_a_table():
    assert find_layer_costs("frdm-kl25z") is None
