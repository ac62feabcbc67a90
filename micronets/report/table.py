"""The summary as the page shows it: a row per build, its cells by groups of columns, and what the figures mean."""

from dataclasses import dataclass, replace

from micronets.report.columns import FEATURES, GROUPS, Cell, Group
from micronets.report.records import Results
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


_NOTES = (
    "{metric}: on all of the testing split, except where a number n of examples is given; small figures are the 95 % "
    "interval. kB are 1000 bytes.",
    "Flash: program is everything the linker places there; weights with biases and requantisation constants; code is "
    "the network's own. RAM: program is static data with the deepest stack. In the paper, program is the compiled "
    "binary, weights the .tflite file, and arena TFLM's.",
    "Instructions are counted on the emulator, exactly. Milliseconds are estimated from them by a cycle model; ± is "
    "its mean error for this board or its core, against published latencies. Where a board was there, what its own "
    "counter measured stands beside. The paper's are measured on the board.",
    "TFLM: arena of the same file in TensorFlow Lite Micro's interpreter with its reference kernels, on a host of 64 "
    "bits, whose pointers make it a little larger than on the board. Equal outputs: how many of those on the emulator "
    "equalled TFLM's bit for bit.",
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


def groups(results: Results) -> list[Group]:
    """All columns, in order."""
    return [replace(group, name=group.name.format(metric=results.metric_name)) for group in _shown(results)]


def _shown(results: Results) -> tuple[Group, ...]:
    """All groups; that of the features only where there are some."""
    return (*GROUPS, FEATURES) if _hops_ms(results) else GROUPS


def _hops_ms(results: Results) -> list[float]:
    profiles = [build.profile for model in results.models for build in model.builds if build.profile]
    return sorted({profile.features.hop_ms for profile in profiles if profile.features})


def notes(results: Results) -> list[str]:
    """What the figures mean, a paragraph each."""
    hops_ms = " or ".join(f"{hop_ms:g}" for hop_ms in _hops_ms(results))
    return [
        *(note.format(metric=results.metric_title) for note in _NOTES),
        *([_TFLM_NOTE] if any(build.runtime == TFLM for model in results.models for build in model.builds) else []),
        *([_FEATURES_NOTE.format(hops_ms=hops_ms)] if hops_ms else []),
        f"In the paper: {results.publication.source}; there trained on all of the dataset.",
    ]


def summary_rows(results: Results) -> list[Row]:
    """A row per model, board and runtime."""
    shown = _shown(results)
    rows = []
    for model in results.models:
        figures = results.publication.figures.get(model.name)
        for build in model.builds:
            cells = [[column.cell(model, build) for column in group.columns] for group in shown]
            paper = None
            if figures is not None and build in model.main_builds:
                paper = [[column.paper_cell(figures, build) for column in group.columns] for group in shown]
            kind = "with TFLM" if build.runtime == TFLM else model.kind
            rows.append(Row(model.name, kind, build.board.name, cells, paper))
    return rows
