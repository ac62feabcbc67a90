"""The same configuration under several seeds: mean and standard deviation over them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from micronets.boards import Board
from micronets.report.records import Build, Model, Results


@dataclass(frozen=True)
class Figure:
    """A figure that is averaged: its title, its value of a build (None: not known), its factor and decimals in text."""

    title: str
    of: Callable[[Model, Build], float | None]
    factor: float
    decimals: int


FIGURES = (
    Figure("int8, %", lambda model, build: None if model.merit is None else model.merit.share, 100, 1),
    Figure("flash, kB", lambda model, build: build.firmware and build.firmware.flash_bytes, 1e-3, 1),
    Figure("RAM, kB", lambda model, build: build.ram_bytes, 1e-3, 1),
    Figure("M instr.", lambda model, build: build.profile and build.profile.instructions, 1e-6, 2),
    Figure(
        "ms", lambda model, build: build.profile and build.profile.estimate and build.profile.estimate.latency_ms, 1, 1
    ),
)


@dataclass(frozen=True)
class SeedRow:
    """One configuration on one board: how many seeds, and `mean ± sd` by the titles of `FIGURES`."""

    name: str
    board: str
    seeds: int
    cells: tuple[str, ...]


def seed_groups(results: Results) -> dict[str, list[Model]]:
    """Models of a sweep that differ by nothing but their seed, by the name that they share; where there are several."""
    groups: dict[str, list[Model]] = {}
    for model in results.models:
        if model.group:
            groups.setdefault(model.group, []).append(model)
    return {name: models for name, models in groups.items() if len(models) > 1}


def seed_rows(results: Results) -> list[SeedRow]:
    """A row per configuration and board; empty where no configuration was run under several seeds."""
    rows = []
    for name, models in seed_groups(results).items():
        for board in dict.fromkeys(build.board for model in models for build in model.main_builds):
            pairs = on_board(models, board)
            cells = tuple(_cell([figure.of(*pair) for pair in pairs], figure) for figure in FIGURES)
            rows.append(SeedRow(name, board.name, len(pairs), cells))
    return rows


def on_board(models: Sequence[Model], board: Board) -> list[tuple[Model, Build]]:
    """Each model with its build for the board, where it has one."""
    return [(model, build) for model in models for build in model.main_builds if build.board == board]


def _cell(found: Sequence[float | None], figure: Figure) -> str:
    values = [figure.factor * value for value in found if value is not None]
    if not values:
        return "–"
    mean = f"{statistics.mean(values):.{figure.decimals}f}"
    return f"{mean} ± {statistics.stdev(values):.{figure.decimals}f}" if len(values) > 1 else mean
