"""The same networks by our compiler and on TensorFlow Lite Micro: flash, RAM and instructions, bar beside bar."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.axis import Axis

from micronets.boards import Board
from micronets.report.records import Build, Model, Results
from micronets.runtime import MICRONETS, TFLM
from micronets.style import BLUE, ORANGE, Picture, blank_figure, finish, label_bytes, label_counts, styled

_HEIGHT = 0.38
_NAMES = {MICRONETS: "our compiler", TFLM: "TensorFlow Lite Micro"}
_COLOURS = {MICRONETS: BLUE, TFLM: ORANGE}


@dataclass(frozen=True)
class _Figure:
    title: str
    of: Callable[[Build], int | None]
    format_axis: Callable[[Axis], None]


_FIGURES = (
    _Figure("flash, whole program", lambda build: build.firmware and build.firmware.flash_bytes, label_bytes),
    _Figure("RAM with stack", lambda build: build.ram_bytes, label_bytes),
    _Figure("instructions", lambda build: build.profile and build.profile.instructions, label_counts),
)

Pair = tuple[Model, dict[str, Build]]


def runtime_pictures(results: Results) -> list[Picture]:
    """One picture for each board on which a model was profiled with both runtimes."""
    boards = list(dict.fromkeys(build.board for model in results.models for build in model.builds))
    return [_picture(board, pairs) for board in boards if (pairs := _pairs(results, board))]


def _pairs(results: Results, board: Board) -> list[Pair]:
    pairs = []
    for model in results.models:
        builds = {
            build.runtime: build for build in model.builds if build.board == board and build.ram_bytes is not None
        }
        if len(builds) == len(_NAMES):
            pairs.append((model, builds))
    return pairs


def _picture(board: Board, pairs: list[Pair]) -> Picture:
    with styled():
        figure = blank_figure(12.0, 1.5 + 0.62 * len(pairs))
        panels = figure.subplots(1, len(_FIGURES), sharey=True)
        for axes, what in zip(panels, _FIGURES, strict=True):
            _draw(axes, what, pairs)
        panels[0].set_yticks(range(len(pairs)), [model.name for model, _ in pairs])
        panels[0].invert_yaxis()
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2, fontsize=8.5)
        return finish(
            figure,
            f"runtimes_{board.name}",
            f"Both runtimes on {board.name}",
            "The same .tflite files in the same program. Figures at our bars: as a share of TensorFlow Lite Micro's.",
            "; ".join(
                f"{model.name}: " + ", ".join(f"{_share(what, builds):.2f} of TFLM's {what.title}" for what in _FIGURES)
                for model, builds in pairs
            ),
        )


def _draw(axes: Axes, what: _Figure, pairs: list[Pair]) -> None:
    for position, runtime in enumerate(_NAMES):
        rows = [row + (position - 0.5) * _HEIGHT for row in range(len(pairs))]
        values = [what.of(builds[runtime]) or 0 for _, builds in pairs]
        axes.barh(rows, values, height=_HEIGHT * 0.94, color=_COLOURS[runtime], label=_NAMES[runtime])
        if runtime == MICRONETS:
            for row, value, (_, builds) in zip(rows, values, pairs, strict=True):
                text = f"{_share(what, builds):.2f}"
                axes.annotate(text, (value, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.set_title(what.title)
    axes.margins(x=0.14)
    axes.grid(axis="y", visible=False)
    what.format_axis(axes.xaxis)


def _share(what: _Figure, builds: dict[str, Build]) -> float:
    return (what.of(builds[MICRONETS]) or 0) / (what.of(builds[TFLM]) or 1)
