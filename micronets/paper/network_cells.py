"""Cells that several tables have of a network: its score, and what is estimated for it on a board."""

from collections.abc import Sequence

from micronets.paper import reasons
from micronets.paper.cells import Cell, estimated, explained_line, measured, missing, on_other_data
from micronets.paper.costs import BuiltCosts
from micronets.paper.figures import PaperNetwork
from micronets.paper.here import Here
from micronets.report.records import Merit


def with_reasons(
    here: Here, task: str, ours: Sequence[Cell], papers: Sequence[Cell], why: Sequence[str]
) -> tuple[Cell, ...]:
    """Our line of a network, the first of its cells the score, with reasons where figures differ from the paper's."""
    score, *others = explained_line(ours, papers, why)
    if not here.is_papers_data(task):
        score = on_other_data(score, reasons.OTHER_DATA)
    return (score, *others)


def score_cell(here: Here, network: PaperNetwork) -> Cell:
    """In percent, of the network trained here, or else of Arm's file."""
    trained, released = here.trained(network.task, network.name), here.released.get(network.name)
    if trained is not None:
        beside = "" if released is None else f"; Arm's file: {100 * released.share:.1f}"
        return merit_cell(trained, f"{here.data(network.task)}{beside}")
    if released is not None:
        return merit_cell(released, f"Arm's file, {here.data(network.task)}")
    why = "" if network.unknown else here.released_reasons.get(network.name, "")
    return missing(f"{network.unknown or reasons.NOT_TRAINED}{f'; {why}' if why else ''}")


def score_reason(here: Here, network: PaperNetwork) -> str:
    """Why `score_cell` differs from the paper's."""
    return reasons.RELEASED if here.trained(network.task, network.name) is None else reasons.OWN_RECIPE


def merit_cell(merit: Merit, data: str) -> Cell:
    """In percent, with its interval and the data it was measured on."""
    low, high = (100 * bound for bound in merit.interval)
    share = 100 * merit.share
    return measured(share, detail=f"{low:.1f}–{high:.1f}; {data}", error=max(high - share, share - low))


def latency_cell(built: BuiltCosts) -> Cell:
    return estimate_cell(built.latency_ms, built.latency_error_percent, "no cycle model for the board")


def energy_cell(built: BuiltCosts) -> Cell:
    return estimate_cell(built.energy_mj, built.energy_error_percent, reasons.POWER_UNKNOWN)


def estimate_cell(value: float | None, error_percent: float | None, why_not: str) -> Cell:
    if value is None or error_percent is None:
        return missing(why_not)
    return estimated(value, error_percent, 1 if value >= 10 else 2)
