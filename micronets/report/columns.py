"""The columns of the page's summary: what each is called, how its figures are known, and what stands in its cells."""

from collections.abc import Callable
from dataclasses import dataclass

from micronets.report.published_figures import PublishedFigures
from micronets.report.records import NOTABLE_POINTS, Build, Merit, Model

_MISSING = "–"


@dataclass(frozen=True)
class Cell:
    """What one cell shows; `detail` stands small beneath."""

    value: str
    detail: str = ""
    alarming: bool = False


def _unpublished(figures: PublishedFigures, build: Build) -> Cell:
    return Cell("")


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        how: whether its figures are measured, counted or estimated.
        cell: of a model's build.
        paper_cell: of the same network in the paper; empty where the paper has no such figure.
    """

    name: str
    how: str
    cell: Callable[[Model, Build], Cell]
    paper_cell: Callable[[PublishedFigures, Build], Cell] = _unpublished


@dataclass(frozen=True)
class Group:
    """Columns under one heading, in which `{metric}` stands for the score's name."""

    name: str
    columns: tuple[Column, ...]


def _float(model: Model, build: Build) -> Cell:
    return _merit(model.training and model.training.float_merit, model.tested)


def _litert(model: Model, build: Build) -> Cell:
    """With the difference from the firmware's score where that is more than a point."""
    cell, points = _merit(model.export and model.export.litert_merit, model.tested), model.litert_points
    if points is None or abs(points) <= NOTABLE_POINTS:
        return cell
    return Cell(cell.value, f"{points:+.1f} points", alarming=True)


def _emulated(model: Model, build: Build) -> Cell:
    """With the number of examples where that is not the whole testing split."""
    merit = build.profile and build.profile.merit
    if merit is None:
        return Cell(_MISSING)
    count = "all examples" if merit.count == model.tested else f"of {merit.count:,}"
    return Cell(f"{100 * merit.share:.1f} %", count)


def _merit(merit: Merit | None, tested: int) -> Cell:
    """With its interval, and the number of examples where that is not the whole testing split."""
    if merit is None:
        return Cell(_MISSING)
    low, high = merit.interval
    count = "" if merit.count == tested else f", n = {merit.count:,}"
    return Cell(f"{100 * merit.share:.1f} %", f"{100 * low:.1f}–{100 * high:.1f}{count}")


def _percent(share: float | None) -> Cell:
    return Cell(_MISSING) if share is None else Cell(f"{100 * share:.0f} %")


def _kilobytes(size_bytes: int | None) -> Cell:
    return Cell(_MISSING) if size_bytes is None else Cell(f"{size_bytes / 1000:.1f}")


def _millions(count: float | None) -> Cell:
    return Cell(_MISSING) if count is None else Cell(f"{count / 1e6:.2f}")


def _arena(model: Model, build: Build) -> Cell:
    share = model.arena_share(build)
    cell = _kilobytes(build.firmware and build.firmware.arena_bytes)
    return Cell(cell.value, "" if share is None else f"{share:.2f} of TFLM's")


def _paper_macs(figures: PublishedFigures, build: Build) -> Cell:
    return _millions(None if figures.mops is None else figures.mops * 1e6 / 2)


def _latency(model: Model, build: Build) -> Cell:
    profile = build.profile
    measured = f"measured: {profile.measured_latency_ms:.1f}" if profile and profile.measured_latency_ms else ""
    if profile is None or profile.estimate is None:
        return Cell(_MISSING, measured)
    errors = f"± {profile.estimate.mean_error_percent:.1f} %"
    return Cell(f"{profile.estimate.latency_ms:.1f}", f"{errors}, {measured}" if measured else errors)


def _paper_latency(figures: PublishedFigures, build: Build) -> Cell:
    latency_ms = figures.latency_ms.get(build.board.name)
    return Cell("" if latency_ms is None else f"{latency_ms:.0f}")


def _equal_outputs(model: Model, build: Build) -> Cell:
    profile = build.profile
    if profile is None or profile.bit_exact is None:
        return Cell(_MISSING)
    return Cell(f"{profile.equal_outputs} of {profile.compared_outputs}", alarming=not profile.bit_exact)


def _frame(model: Model, build: Build) -> Cell:
    features = build.profile and build.profile.features
    if features is None or features.frame_ms is None:
        return Cell(_MISSING)
    return Cell(f"{features.frame_ms:.2f}", f"± {features.frame_error_percent:.1f} %")


def _features_ram(model: Model, build: Build) -> Cell:
    features = build.profile and build.profile.features
    return _kilobytes(features and features.static_ram_bytes)


def _features_flash(model: Model, build: Build) -> Cell:
    features = build.profile and build.profile.features
    return _kilobytes(features and features.flash_bytes)


SCORE = Column(
    "int8",
    "firmware's arithmetic",
    lambda model, build: _merit(model.merit, model.tested),
    lambda figures, build: Cell(f"{figures.accuracy_percent:g} %"),
)
"""The score that networks are compared by."""

GLANCE = (
    Group(
        "{metric}, testing split",
        (
            SCORE,
            Column("float", "measured", _float),
            Column("LiteRT", "measured", _litert),
            Column("emulator", "measured", _emulated),
        ),
    ),
    Group(
        "program, kB",
        (
            Column(
                "flash",
                "linked",
                lambda model, build: _kilobytes(build.firmware and build.firmware.flash_bytes),
                lambda figures, build: _kilobytes(figures.binary_bytes),
            ),
            Column("RAM", "linked, stack measured", lambda model, build: _kilobytes(build.ram_bytes)),
        ),
    ),
    Group(
        "one inference",
        (
            Column("M MACs", "counted", lambda model, build: _millions(model.macs(build)), _paper_macs),
            Column(
                "M instr.",
                "counted",
                lambda model, build: _millions(build.profile and build.profile.instructions),
            ),
            Column("ms", "estimated", _latency, _paper_latency),
            Column(
                "of floor",
                "estimated",
                lambda model, build: _percent(build.profile and build.profile.share_of_floor),
            ),
        ),
    ),
    Group("TFLM", (Column("equal outputs", "compared", _equal_outputs),)),
)
"""What a reader asks first."""

DETAILS = (
    Group(
        "flash, kB",
        (
            Column(
                "weights",
                "linked",
                lambda model, build: _kilobytes(build.firmware and build.firmware.weights_bytes),
                lambda figures, build: _kilobytes(figures.tflite_bytes),
            ),
            Column("code", "linked", lambda model, build: _kilobytes(build.firmware and build.firmware.code_bytes)),
        ),
    ),
    Group(
        "RAM, kB",
        (
            Column("arena", "planned", _arena, lambda figures, build: _kilobytes(figures.sram_bytes)),
            Column("stack", "measured", lambda model, build: _kilobytes(build.profile and build.profile.stack_bytes)),
            Column(
                "TFLM's arena",
                "measured",
                lambda model, build: _kilobytes(model.export and model.export.tflm_arena_bytes),
            ),
        ),
    ),
)
"""What the program's flash and RAM consist of."""

FEATURES = Group(
    "features on the device",
    (
        Column("ms per frame", "estimated", _frame),
        Column("RAM, kB", "linked", _features_ram),
        Column("flash, kB", "linked", _features_flash),
    ),
)
"""Of networks whose input the device computes from sounds."""
