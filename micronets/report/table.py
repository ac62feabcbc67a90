"""The tables of figures as the page shows them: a row per build, its cells by groups of columns, and what they mean."""

from dataclasses import dataclass, replace

from micronets.report.columns import DETAILS, FEATURES, GLANCE, SCORE, Cell, Column, Group
from micronets.report.published_figures import PublishedFigures
from micronets.report.records import NOTABLE_POINTS, Build, Model, Results
from micronets.runtime import TFLM


@dataclass(frozen=True)
class Row:
    """A model on a board: its cells by group and column, and those of the same network in the paper.

    `paper` is None where the paper has no such network; `kind` says where the model comes from, or that the row is
    about TFLM as its runtime.
    """

    model: str
    kind: str
    board: str
    cells: list[list[Cell]]
    paper: list[list[Cell]] | None


@dataclass(frozen=True)
class Table:
    """Columns by groups, and the rows beneath them."""

    title: str
    groups: list[Group]
    rows: list[Row]


_NOTES = (
    "int8: the score of the quantised network as the firmware computes it, on all of the testing split, with its 95 % "
    "interval; that arithmetic is TensorFlow Lite Micro's (TFLM), whose reference kernels the generated C equals bit "
    "for bit. Emulator: the score of the inputs that were run there, spread evenly over the split. kB are 1000 bytes.",
    "Flash: everything that the linker places there; weights with biases and requantisation constants; code is the "
    "network's own. RAM: static data, the arena among it, with the deepest stack of an inference. Of floor: the time "
    "that the multiply-accumulates alone would take at two a cycle, as a share of the estimated time.",
    "Instructions are counted on the emulator, exactly. Milliseconds are estimated from them by a cycle model; ± is "
    "its mean error for this board or its core, against published latencies. Where a board was there, what its own "
    "counter measured stands beside.",
    "Equal outputs: how many of those on the emulator equalled TFLM's bit for bit. TFLM's arena is that of the same "
    "file in its interpreter with reference kernels, on a host of 64 bits, whose pointers make it a little larger than "
    "on the board.",
)
_WINDOWS_NOTE = (
    "Examples are windows of the {count:,} testing clips, {windows:,} in all; a clip is scored by the mean over its "
    "windows."
)
_LITERT_NOTE = (
    "LiteRT is more than {points:g} point away from the firmware for {models}. Its default kernels (XNNPACK) round "
    "otherwise than the reference kernels, which flips close answers{share}; with its own reference kernels it gives "
    "the firmware's outputs."
)
_FEATURES_NOTE = (
    "Features on the device: computing the network's input from sounds, in integers. A frame is due every "
    "{hops_ms} ms; it is in none of the other figures."
)
_TFLM_NOTE = (
    "With TFLM: the same benchmark program on the library of TensorFlow Lite Micro that the configuration names. Its "
    "weights are the .tflite file, its arena is the smallest in which it ran on the emulator, and ours is given as a "
    "share of that. Equal outputs compare the library's kernels with the reference kernels."
)
_PAPER_NOTE = (
    "In the paper: {source}. Flash is its compiled binary, weights the .tflite file, arena TFLM's; milliseconds were "
    "measured on the board. {scores}"
)
_SAME_DATA = "Scores are on the same data."
_OTHER_DATA = (
    "Its scores are left out, because they were measured on other data than these ({source}); only costs can be "
    "compared."
)


def tables(results: Results) -> list[Table]:
    """First what a reader asks first, then what flash and RAM consist of."""
    details = (*DETAILS, FEATURES) if _hops_ms(results) else DETAILS
    return [
        Table("Scores and costs", _named(GLANCE, results), _rows(results, GLANCE)),
        Table("Memory in detail", _named(details, results), _rows(results, details)),
    ]


def notes(results: Results) -> list[str]:
    """What the figures mean, a paragraph each."""
    hops_ms = " or ".join(f"{hop_ms:g}" for hop_ms in _hops_ms(results))
    has_paper = any(model.name in results.publication.figures for model in results.models)
    return [
        *_NOTES,
        *_windows_note(results),
        *_litert_note(results),
        *([_TFLM_NOTE] if any(build.runtime == TFLM for model in results.models for build in model.builds) else []),
        *([_FEATURES_NOTE.format(hops_ms=hops_ms)] if hops_ms else []),
        *([_paper_note(results)] if has_paper else []),
    ]


def _named(groups: tuple[Group, ...], results: Results) -> list[Group]:
    return [replace(group, name=group.name.format(metric=results.metric_name)) for group in groups]


def _hops_ms(results: Results) -> list[float]:
    profiles = [build.profile for model in results.models for build in model.builds if build.profile]
    return sorted({profile.features.hop_ms for profile in profiles if profile.features})


def _windows_note(results: Results) -> list[str]:
    """Where clips are cut into windows, how many there are of both."""
    clips = results.dataset.clips["testing"]
    windows = sorted({model.tested for model in results.models if model.export and model.tested != clips})
    return [_WINDOWS_NOTE.format(count=clips, windows=count) for count in windows]


def _litert_note(results: Results) -> list[str]:
    apart = [model for model in results.models if abs(model.litert_points or 0) > NOTABLE_POINTS]
    if not apart:
        return []
    shares = [model.export.litert_different_share for model in apart if model.export is not None]
    known = [f"{100 * share:.1f} %" for share in shares if share is not None]
    names = ", ".join(model.name for model in apart)
    share = f" ({', '.join(known)} of them here)" if known else ""
    return [_LITERT_NOTE.format(points=NOTABLE_POINTS, models=names, share=share)]


def _paper_note(results: Results) -> str:
    scores = _SAME_DATA if results.dataset.is_papers else _OTHER_DATA.format(source=results.dataset.source)
    return _PAPER_NOTE.format(source=results.publication.source, scores=scores)


def _rows(results: Results, groups: tuple[Group, ...]) -> list[Row]:
    """A row per model, board and runtime."""
    rows = []
    for model in results.models:
        figures = results.publication.figures.get(model.name)
        for build in model.builds:
            cells = [[column.cell(model, build) for column in group.columns] for group in groups]
            paper = None
            if figures is not None and build in model.main_builds:
                paper = [[_papers(results, column, figures, build) for column in group.columns] for group in groups]
            rows.append(Row(model.name, _kind(model, build), build.board.name, cells, paper))
    return rows


def _kind(model: Model, build: Build) -> str:
    return "with TFLM" if build.runtime == TFLM else model.kind


def _papers(results: Results, column: Column, figures: PublishedFigures, build: Build) -> Cell:
    """Empty where the paper's score is of other data."""
    return Cell("") if column is SCORE and not results.dataset.is_papers else column.paper_cell(figures, build)
