"""The summary as the page shows it: groups of columns, each saying how its figures are known."""

from dataclasses import dataclass

from micronets.report.published_figures import PublishedFigures
from micronets.report.records import Build, Features, Merit, Model, Results
from micronets.runtime import TFLM

_MISSING = "–"


@dataclass(frozen=True)
class Column:
    """A column; `how` says whether its figures are measured, counted or estimated."""

    name: str
    how: str


@dataclass(frozen=True)
class Group:
    """Columns under one heading."""

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Cell:
    """What one cell shows; `detail` stands small beneath; `first` in its group."""

    value: str
    detail: str = ""
    alarming: bool = False
    first: bool = False


@dataclass(frozen=True)
class Row:
    """A model on a board, and the cells of the same network in the paper, None where it is not there.

    `kind` says where the model comes from, or that the row is about TFLM as its runtime.
    """

    model: str
    kind: str
    board: str
    cells: list[Cell]
    paper: list[Cell] | None


_GROUPS = (
    Group(
        "{metric} on the testing split",
        (
            Column("float", "measured"),
            Column("int8 in LiteRT", "measured"),
            Column("on emulator", "measured"),
        ),
    ),
    Group("flash, kB", (Column("program", "linked"), Column("weights", "linked"), Column("code", "linked"))),
    Group("RAM, kB", (Column("program", "linked"), Column("arena", "planned"), Column("stack", "measured"))),
    Group(
        "one inference",
        (Column("M MACs", "counted"), Column("M instr.", "counted"), Column("ms", "estimated")),
    ),
    Group("TFLM", (Column("arena, kB", "measured"), Column("equal outputs", "compared"))),
)

_FEATURES = Group(
    "features on the device",
    (Column("ms per frame", "estimated"), Column("RAM, kB", "linked"), Column("flash, kB", "linked")),
)

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
    return [Group(group.name.format(metric=results.metric_name), group.columns) for group in _shown(results)]


def _shown(results: Results) -> tuple[Group, ...]:
    """All groups; that of the features only where there are some."""
    return (*_GROUPS, _FEATURES) if _hops_ms(results) else _GROUPS


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
    groups = _shown(results)
    return [
        Row(
            model.name,
            "with TFLM" if build.runtime == TFLM else model.kind,
            build.board.name,
            _with_groups(_cells(model, build), groups),
            _paper_row(results.publication.figures.get(model.name), build, groups)
            if build in model.main_builds
            else None,
        )
        for model in results.models
        for build in model.builds
    ]


def _with_groups(cells: list[Cell], groups: tuple[Group, ...]) -> list[Cell]:
    """As many of the cells as the groups have columns; those of the features come last."""
    firsts = []
    for group in groups:
        firsts += [True] + [False] * (len(group.columns) - 1)
    shown = cells[: len(firsts)]
    return [Cell(cell.value, cell.detail, cell.alarming, first) for cell, first in zip(shown, firsts, strict=True)]


def _cells(model: Model, build: Build) -> list[Cell]:
    training, export, firmware, profile = model.training, model.export, build.firmware, build.profile
    return [
        _merit(training and training.float_merit, model.tested),
        _merit(export and export.litert_merit, model.tested),
        _merit(profile and profile.merit, model.tested),
        _kilobytes(firmware and firmware.flash_bytes),
        _kilobytes(firmware and firmware.weights_bytes),
        _kilobytes(firmware and firmware.code_bytes),
        _kilobytes(build.ram_bytes),
        _arena(model, build),
        _kilobytes(profile and profile.stack_bytes),
        _millions(model.costs.macs),
        _millions(profile and profile.instructions),
        _latency(build),
        _kilobytes(export and export.tflm_arena_bytes),
        _equal_outputs(build),
        *_features(profile and profile.features),
    ]


def _features(features: Features | None) -> list[Cell]:
    if features is None:
        return [Cell(_MISSING)] * len(_FEATURES.columns)
    frame = Cell(_MISSING)
    if features.frame_ms is not None:
        frame = Cell(f"{features.frame_ms:.2f}", f"± {features.frame_error_percent:.1f} %")
    return [frame, _kilobytes(features.ram_bytes), _kilobytes(features.flash_bytes)]


def _merit(merit: Merit | None, tested: int) -> Cell:
    """With its interval, and the number of examples where that is not the whole testing split."""
    if merit is None:
        return Cell(_MISSING)
    low, high = merit.interval
    count = "" if merit.count == tested else f", n = {merit.count:,}"
    return Cell(f"{100 * merit.share:.1f} %", f"{100 * low:.1f}–{100 * high:.1f}{count}")


def _kilobytes(size_bytes: int | None) -> Cell:
    return Cell(_MISSING) if size_bytes is None else Cell(f"{size_bytes / 1000:.1f}")


def _millions(count: float | None) -> Cell:
    return Cell(_MISSING) if count is None else Cell(f"{count / 1e6:.2f}")


def _latency(build: Build) -> Cell:
    profile = build.profile
    measured = f"measured: {profile.measured_latency_ms:.1f}" if profile and profile.measured_latency_ms else ""
    if profile is None or profile.estimate is None:
        return Cell(_MISSING, measured)
    errors = f"± {profile.estimate.mean_error_percent:.1f} %"
    return Cell(f"{profile.estimate.latency_ms:.1f}", f"{errors}, {measured}" if measured else errors)


def _arena(model: Model, build: Build) -> Cell:
    share = model.arena_share(build)
    cell = _kilobytes(build.firmware and build.firmware.arena_bytes)
    return Cell(cell.value, "" if share is None else f"{share:.2f} of TFLM's")


def _equal_outputs(build: Build) -> Cell:
    profile = build.profile
    if profile is None or profile.bit_exact is None:
        return Cell(_MISSING)
    return Cell(f"{profile.equal_outputs} of {profile.compared_outputs}", alarming=not profile.bit_exact)


def _paper_row(figures: PublishedFigures | None, build: Build, groups: tuple[Group, ...]) -> list[Cell] | None:
    if figures is None:
        return None
    latency_ms = figures.latency_ms.get(build.board.name)
    macs = None if figures.mops is None else figures.mops * 1e6 / 2
    cells = [
        Cell(""),
        Cell(f"{figures.accuracy_percent:g} %"),
        Cell(""),
        _kilobytes(figures.binary_bytes),
        _kilobytes(figures.tflite_bytes),
        Cell(""),
        Cell(""),
        _kilobytes(figures.sram_bytes),
        Cell(""),
        _millions(macs),
        Cell(""),
        Cell("" if latency_ms is None else f"{latency_ms:.0f}"),
        Cell(""),
        Cell(""),
        *[Cell("")] * len(_FEATURES.columns),
    ]
    return _with_groups(cells, groups)
