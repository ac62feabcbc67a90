"""The score of networks against what it costs: flash, RAM, instructions and time."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from micronets.boards import Board
from micronets.report.labels import Label, boxes_along, place_labels
from micronets.report.published_figures import PublishedFigures
from micronets.report.records import Build, Kind, Model, Results
from micronets.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILION,
    Picture,
    blank_figure,
    finish,
    label_bytes,
    label_counts,
    label_plain,
    logarithmic,
    percent_axis,
    styled,
)

COLOURS: dict[Kind, str] = {
    "searched": BLUE,
    "published": VERMILION,
    "baseline": GREEN,
    "given": ORANGE,
    "tflite": PURPLE,
}
_MARKERS: dict[Kind, str] = {"searched": "*", "published": "o", "baseline": "s", "given": "D", "tflite": "^"}
_SIZES: dict[Kind, float] = {"searched": 150, "published": 48, "baseline": 42, "given": 42, "tflite": 48}
KIND_NAMES: dict[Kind, str] = {
    "searched": "searched here",
    "published": "MicroNets, trained here",
    "baseline": "baseline, trained here",
    "given": "your own, trained here",
    "tflite": "trained elsewhere",
}
_LOGARITHMIC_FROM = 12
_LIMIT = "limit"


@dataclass(frozen=True)
class Cost:
    """One horizontal axis.

    Attributes:
        ours: the cost of a build, None where its stage has not run.
        papers: the figure the paper compares best with it.
        limit: what the board has of it.
        note: what ours mean, and `papers_note` the paper's.
    """

    name: str
    title: str
    label: str
    ours: Callable[[Build], float | None]
    papers: Callable[[PublishedFigures, Board], float | None]
    limit: Callable[[Board], float | None]
    format_axis: Callable
    note: str
    papers_note: str


@dataclass(frozen=True)
class Point:
    """A network on one board, or the mean of several that differ by their seed alone: what it costs, and its score in
    the firmware's arithmetic (0 to 1).

    Attributes:
        interval: of the score: 95 %, or of several one standard deviation to either side; likewise `cost_interval`, of
            no width for one network.
        seeds: how many it is the mean of.
    """

    name: str
    kind: Kind
    cost: float
    score: float
    interval: tuple[float, float]
    cost_interval: tuple[float, float]
    seeds: int = 1

    @property
    def spread(self) -> str:
        """The score's interval in words."""
        low, high = (100 * bound for bound in self.interval)
        return (
            f"95 %: {low:.1f} to {high:.1f} %" if self.seeds == 1 else f"{self.seeds} seeds: ± {(high - low) / 2:.1f}"
        )


COSTS = (
    Cost(
        "flash",
        "flash",
        "flash of the whole program",
        lambda build: build.firmware and build.firmware.flash_bytes,
        lambda figures, board: figures.binary_bytes,
        lambda board: board.flash_bytes,
        label_bytes,
        "Flash: all sections that the linker places there.",
        "The paper's: its compiled binary, with TFLM and Mbed OS.",
    ),
    Cost(
        "ram",
        "RAM",
        "RAM with stack",
        lambda build: build.ram_bytes,
        lambda figures, board: figures.sram_bytes,
        lambda board: board.sram_bytes,
        label_bytes,
        "RAM: arena, other static data and the deepest stack seen.",
        "The paper's: TFLM's arena alone.",
    ),
    Cost(
        "instructions",
        "instructions",
        "instructions per inference",
        lambda build: build.profile and build.profile.instructions,
        lambda figures, board: None,
        lambda board: None,
        label_counts,
        "Instructions per inference: counted one by one on the emulator.",
        "The paper publishes none.",
    ),
    Cost(
        "latency",
        "latency",
        "milliseconds per inference",
        lambda build: build.profile and build.profile.estimate and build.profile.estimate.latency_ms,
        lambda figures, board: figures.latency_ms.get(board.name),
        lambda board: None,
        label_plain,
        "Latency: estimated by the cycle model from counted instructions, with the error in the table.",
        "The paper's: measured on the board.",
    ),
)


def trade_off_pictures(results: Results) -> list[Picture]:
    """One picture per cost, with a panel per board; a cost that no build has yet gives no picture."""
    boards = list(dict.fromkeys(build.board for model in results.models for build in model.builds))
    pictures = []
    for cost in COSTS:
        panels = [(board, found) for board in boards if (found := points(results.models, board, cost))]
        if panels:
            pictures.append(_picture(results, cost, panels))
    return pictures


def points(models: Sequence[Model], board: Board, cost: Cost) -> list[Point]:
    """Every network whose cost on the board and score are known; one for those that differ by their seed alone."""
    groups: dict[str, list[Point]] = {}
    for model in models:
        for build in model.main_builds:
            value = cost.ours(build) if build.board == board else None
            merit = model.merit
            if value is not None and merit is not None:
                point = Point(model.name, model.kind, value, merit.share, merit.interval, (value, value))
                groups.setdefault(f"group {model.group}" if model.group else model.name, []).append(point)
    return [_mean(name.removeprefix("group "), found) for name, found in groups.items()]


def _mean(name: str, found: list[Point]) -> Point:
    if len(found) == 1:
        return found[0]
    costs, scores = [point.cost for point in found], [point.score for point in found]
    cost, score = statistics.mean(costs), statistics.mean(scores)
    of_cost, of_score = statistics.stdev(costs), statistics.stdev(scores)
    interval, cost_interval = (score - of_score, score + of_score), (cost - of_cost, cost + of_cost)
    return Point(name, found[0].kind, cost, score, interval, cost_interval, len(found))


def spreads(found: Sequence[Point]) -> str:
    """What the bars around points are, in a sentence."""
    kinds = {"95 % interval": any(point.seeds == 1 for point in found)}
    kinds |= {"standard deviation around the mean over seeds": any(point.seeds > 1 for point in found)}
    return f"Bars: {' or '.join(kind for kind, there in kinds.items() if there)}."


def _picture(results: Results, cost: Cost, panels: list[tuple[Board, list[Point]]]) -> Picture:
    with styled():
        figure = blank_figure(6.4 * len(panels), 4.6)
        axes_row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axes, (board, points) in zip(axes_row, panels, strict=True):
            _draw_points(axes, cost, board, points, paper_points(results, cost, board))
        axes_row[0].set_ylabel(f"{results.metric_name} of the int8 network, {results.dataset.source} data")
        handles, names = axes_row[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8.5)
        figure.draw_without_rendering()
        for axes, (board, points) in zip(axes_row, panels, strict=True):
            _name_points(axes, points, paper_points(results, cost, board))
        return finish(
            figure,
            f"{results.metric}_{cost.name}",
            f"{results.metric_title} against {cost.title}",
            f"{note(results, cost)} {spreads([point for _, points in panels for point in points])} Line: networks that "
            "none beats in both.",
            "; ".join(
                f"{point.name} {100 * point.score:.1f} % at {_figure(point.cost)} {cost.label}"
                for _, points in panels
                for point in points
            ),
        )


def note(results: Results, cost: Cost) -> str:
    """What the figures on the axis mean."""
    return f"{cost.note} {cost.papers_note}" if results.dataset.is_papers else cost.note


def paper_points(results: Results, cost: Cost, board: Board) -> list[tuple[str, float, float]]:
    """Name, cost and score of every network with a published figure; none where ours are scored on other data."""
    if not results.dataset.is_papers:
        return []
    return [
        (figures.model, value, figures.accuracy_percent / 100)
        for figures in results.publication.figures.values()
        if (value := cost.papers(figures, board)) is not None
    ]


def _draw_points(
    axes: Axes, cost: Cost, board: Board, points: list[Point], papers: list[tuple[str, float, float]]
) -> None:
    axes.set_title(board.name)
    axes.set_xlabel(cost.label)
    values = [point.cost for point in points] + [value for _, value, _ in papers]
    if max(values) > _LOGARITHMIC_FROM * min(values):
        logarithmic(axes)
    if papers:
        axes.scatter(
            [value for _, value, _ in papers],
            [score for _, _, score in papers],
            s=30,
            facecolors="white",
            edgecolors=MUTED,
            label="published in the paper",
            zorder=2,
        )
    front = pareto_front([(point.cost, point.score) for point in points])
    axes.plot(*zip(*front, strict=True), color=MUTED, linewidth=0.9, zorder=2)
    for kind in dict.fromkeys(point.kind for point in points):
        _draw_kind(axes, kind, [point for point in points if point.kind == kind])
    limit = cost.limit(board)
    if limit is not None:
        axes.axvline(limit, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="limit of the board", gid=_LIMIT)
    cost.format_axis(axes.xaxis)
    percent_axis(axes)
    axes.margins(x=0.09, y=0.12)
    axes.set_ylim(top=min(axes.get_ylim()[1], 1.03))
    if axes.get_xscale() == "linear":
        axes.set_xlim(left=0)


def _draw_kind(axes: Axes, kind: Kind, points: list[Point]) -> None:
    for point in points:
        bars: dict[str, Any] = {"color": COLOURS[kind], "linewidth": 1.2, "alpha": 0.45, "zorder": 3}
        axes.vlines(point.cost, *point.interval, **bars)
        axes.hlines(point.score, *point.cost_interval, **bars)
    axes.scatter(
        [point.cost for point in points],
        [point.score for point in points],
        s=_SIZES[kind],
        color=COLOURS[kind],
        marker=_MARKERS[kind],
        label=KIND_NAMES[kind],
        edgecolors="white",
        linewidths=0.6,
        zorder=4,
    )


def _name_points(axes: Axes, points: list[Point], papers: list[tuple[str, float, float]]) -> None:
    ours = [Label(point.name, point.cost, point.score, COLOURS[point.kind]) for point in points]
    theirs = [Label(name, value, score, MUTED) for name, value, score in papers]
    bars = [
        Bbox(axes.transData.transform([(point.cost, bound) for bound in point.interval])).padded(1) for point in points
    ]
    limits = [line.get_window_extent().padded(1) for line in axes.lines if line.get_gid() == _LIMIT]
    front = axes.transData.transform(pareto_front([(point.cost, point.score) for point in points]))
    place_labels(axes, ours + theirs, [*bars, *limits, *boxes_along(front.tolist())], font_size=8.5)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.4g}"


def pareto_front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (cost, score) pairs that no other pair beats in both, by rising cost."""
    front: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or score > front[-1][1]:
            front.append((cost, score))
    return front
