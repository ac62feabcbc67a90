"""What a search has to solve, and whether it can be solved at all: known before anything is trained."""

import math
from collections.abc import Sequence
from dataclasses import replace

from micronets.architecture import Shape
from micronets.boards import Board, find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.layer_costs import boards_with_layer_costs, find_layer_costs, layer_shapes
from micronets.search.budget import Budget, LatencyLimit
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.options import BudgetOptions, SearchOptions
from micronets.search.space import SearchSpace, cheapest


def search_problem(options: SearchOptions, input_shape: Shape, classes: int) -> tuple[SearchSpace, Budget]:
    """The search space and the budget of a search; needs no backend, so that a configuration can be checked by it.

    Of several boards, the budget is what keeps to each of them.

    Raises ConfigurationError where a board is unknown, the backbone impossible, or the budget too small for every
    network of the space.
    """
    boards = [find_board(name) for name in options.boards]
    budget = Budget.of_all([budget_of(board, options.budget, options.max_mops) for board in boards])
    space = options.backbone.space(input_shape, classes)
    if {options.weight_bits, options.activation_bits} != {(8,)}:
        if not isinstance(space, DsCnnSpace):
            raise ConfigurationError(
                "search.weight_bits and search.activation_bits can be other than 8 for backbones of kind ds-cnn alone; "
                "remove them, or set train.weight_bits and train.activation_bits for the whole network."
            )
        space = replace(space, weight_bits=options.weight_bits, activation_bits=options.activation_bits)
    check_feasible(space, budget, boards)
    return space, budget


def budget_of(board: Board, options: BudgetOptions, max_mops: float = 0.0) -> Budget:
    """The board's memories with the targets of a configuration; raises ConfigurationError where one cannot be computed.

    Args:
        max_mops: greatest number of operations in millions; 0: any.
    """
    budget = Budget.of_board(board, max_mops)
    budget = replace(
        budget,
        flash_bytes=min(budget.flash_bytes, options.flash_bytes or budget.flash_bytes),
        sram_bytes=min(budget.sram_bytes, options.sram_bytes or budget.sram_bytes),
    )
    limits_ms = [options.latency_ms] if options.latency_ms else []
    if options.energy_mj:
        if board.active_power_w is None:
            raise ConfigurationError(
                f"search.budget.energy_mj needs the board's power, and none is known of {board.name}; give latency_ms."
            )
        limits_ms.append(options.energy_mj / board.active_power_w)
    if not limits_ms:
        return budget
    table = find_layer_costs(board.name)
    if table is None:
        raise ConfigurationError(
            f"search.budget limits the latency on {board.name}, but there is no table of its layers' costs, only of "
            f"{', '.join(boards_with_layer_costs())}; limit search.max_mops instead."
        )
    return replace(budget, latencies=(LatencyLimit(min(limits_ms), table),))


def check_feasible(space: SearchSpace, budget: Budget, boards: Sequence[Board]) -> None:
    """Raises ConfigurationError, with the figures, where not even the cheapest network of `space` fits.

    Of RAM only what is certain counts here, the input's bytes; `with_planned_memory` asks the compiler.
    """
    board = " or ".join(each.name for each in boards)
    architecture = space.architecture("cheapest", cheapest(space))
    exact = costs(architecture)
    shapes = layer_shapes(architecture)
    latencies = (
        (f"ms on {limit.table.board}", float(limit.table.latency_ms(shapes)), limit.max_ms, "raise search.budget")
        for limit in budget.latencies
    )
    for what, need, limit, remedy in (
        ("bytes of flash", exact.flash_bytes, budget.flash_bytes, f"choose a larger board than {board}"),
        ("bytes of SRAM", math.prod(space.input_shape), budget.sram_bytes, f"choose a larger board than {board}"),
        ("operations", exact.ops, budget.max_ops, "raise search.max_mops"),
        *latencies,
    ):
        if limit is not None and need > limit:
            raise ConfigurationError(
                f"The smallest network of the search space needs {_told(need)} {what}, but {_told(limit)} are allowed; "
                f"{remedy} or make search.backbone smaller."
            )


def _told(amount: float) -> str:
    return f"{amount:,}" if isinstance(amount, int) else f"{amount:,.2f}"
