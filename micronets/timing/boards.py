"""Boards as a table, with how exact the estimates of time for them are."""

from collections.abc import Iterable

from micronets.boards import Board
from micronets.timing.cycle_models import find_cycle_model


def boards_table(boards: Iterable[Board]) -> str:
    """One line a board; what is estimated is `±` the cycle model's mean error on published latencies."""
    rows = [("board", "core", "MHz", "flash kB", "SRAM kB", "estimate of time", "program for the board itself")]
    for board in boards:
        model = find_cycle_model(board)
        estimate = "none" if model is None else f"± {model.errors.mean:.1%}, at worst {model.errors.worst:.1%}"
        rows.append(
            (
                board.name,
                board.core,
                f"{board.clock_hz / 1e6:g}",
                f"{board.flash_bytes / 1e3:,.0f}",
                f"{board.sram_bytes / 1e3:,.0f}",
                estimate,
                "no" if board.hardware is None else "yes",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numbers = (2, 3, 4)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
