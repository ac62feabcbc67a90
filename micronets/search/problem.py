"""What a search has to solve, and whether it can be solved at all: known before anything is trained."""

from micronets.architecture import Shape
from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.search.budget import Budget
from micronets.search.options import SearchOptions
from micronets.search.space import SearchSpace, cheapest


def search_problem(options: SearchOptions, input_shape: Shape, classes: int) -> tuple[SearchSpace, Budget]:
    """The search space and the budget of a search; needs no backend, so that a configuration can be checked by it.

    Raises ConfigurationError where the board is unknown, the backbone impossible, or the budget too small for every
    network of the space.
    """
    board = find_board(options.board)
    budget = Budget.of_board(board, options.max_mops)
    space = options.backbone.space(input_shape, classes)
    check_feasible(space, budget, board.name)
    return space, budget


def check_feasible(space: SearchSpace, budget: Budget, board: str) -> None:
    """Raises ConfigurationError, with the figures, where not even the cheapest network of `space` fits."""
    exact = costs(space.architecture("cheapest", cheapest(space)))
    for what, need, limit, remedy in (
        ("bytes of flash", exact.flash_bytes, budget.flash_bytes, f"choose a larger board than {board}"),
        ("bytes of SRAM", exact.sram_bytes, budget.sram_bytes, f"choose a larger board than {board}"),
        ("operations", exact.ops, budget.max_ops, "raise search.max_mops"),
    ):
        if limit is not None and need > limit:
            raise ConfigurationError(
                f"The smallest network of the search space needs {need:,} {what}, but {limit:,} are allowed; {remedy} "
                f"or make search.backbone smaller."
            )
