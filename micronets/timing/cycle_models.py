"""What estimates of cycles are made of.

On a Cortex-M4: costs per class of instruction from the processor's technical reference manual, plus the board's wait
states: a fixed number of cycles for every word loaded from flash, fitted once to measurements on silicon. On a
Cortex-M7 or M33: what the same program would take on the Cortex-M4 that this model has been judged on, carried over
(`micronets.timing.transfer`). Every model knows how far it has been off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from micronets.boards import Board, find_board
from micronets.compiler.cores import Timing, find_core
from micronets.timing.published_latencies import PublishedLatencies, load_published_latencies
from micronets.timing.transfer import (
    REFERENCE_BOARD,
    ErrorBar,
    Transfer,
    find_pairs,
    fit_transfer,
    reference_errors,
    unseen_errors,
)

# Arm, "Cortex-M4 Technical Reference Manual" (DDI 0439): table 3-1, section 3.3.2; floating point: table 7-1.
_CORTEX_M4 = {
    "alu": 1,
    "multiply": 1,
    "mac": 1,
    "divide": 7,
    "load": 2,
    "store": 1,
    "branch": 1,
    "table_branch": 2,
    "fp_alu": 1,
    "fp_mac": 3,
    "fp_divide": 14,
    "fp_load": 2,
    "fp_store": 2,
}
_TAKEN_BRANCH = 2
# Code for a core of two instructions a cycle keeps loads apart, where code for a Cortex-M4 brings them together. What a
# load takes on average, so that programs built for the Cortex-M7 come out as the same networks built for the Cortex-M4
# do (`micronets load-order`): 1.42 to 1.46 for the seven networks of the benchmark.
_SCATTERED_LOAD = 1.44


@dataclass(frozen=True)
class CycleModel:
    """Costs on a Cortex-M4, how they carry over to the board's core, and how far estimates have been off.

    Attributes:
        fixed: cycles by instruction class; double and multiple transfers cost 1 and 1 for every word. What stands
            before a load or store changes its cost by rules of `micronets.timing.cycles`.
        scattered_load: what every single load costs instead, in code that is not in the order of a Cortex-M4.
        pipelines_after_write_back: whether a load may begin directly after one that moves its base register. The manual
            leaves it open; the errors are those of a model that says no.
        taken_branch: more cycles of every branch taken, return and load of the program counter.
        flash_load_cycles: more cycles of every word loaded from flash.
        transfer: from these cycles to those of the board's core; None where that is a Cortex-M4.
        errors: of a network's estimated latency against measured ones.
        description, source: what the estimate is, and which measurements the errors come from.
    """

    fixed: Mapping[str, int]
    scattered_load: float | None
    pipelines_after_write_back: bool
    taken_branch: int
    flash_load_cycles: float
    transfer: Transfer | None
    errors: ErrorBar
    description: str
    source: str

    def to_json(self) -> dict[str, str | int | float]:
        """What is to be said of every estimate."""
        return {
            "model": self.description,
            "mean_error": round(self.errors.mean, 4),
            "worst_error": round(self.errors.worst, 4),
            "figures": self.errors.figures,
            "source": self.source,
        }

    def cycles(self, reference_cycles: float, macs: int) -> float:
        """On the board's core, of a program or part of one with so many multiply-accumulates."""
        return reference_cycles if self.transfer is None else self.transfer.cycles(reference_cycles, macs)


def find_cycle_model(board: Board) -> CycleModel | None:
    """None where there is no model for the board's core, or its wait states are not known."""
    published = load_published_latencies()
    timing = find_core(board.core).timing
    if timing is Timing.COUNTED and board.flash_load_cycles is not None:
        return _cortex_m4(board, board.flash_load_cycles, published)
    if timing is Timing.CARRIED_OVER:
        return _carried_over(board.core, published)
    return None


def _cortex_m4(board: Board, flash_load_cycles: float, published: PublishedLatencies) -> CycleModel:
    record = published.cortex_m4_record
    errors = ErrorBar(record.mean_error, record.worst_error, record.figures)
    source = f"{record.figures} latencies published for {record.board}, against the same C sources emulated"
    if board.name != record.board:
        others = reference_errors(find_pairs(published, "cortex-m7"), board.name)
        if others:
            source += (
                f"; {len(others)} published for {board.name}, against the cycles of {record.board} that follow from "
            )
            source += "the same software's on a cortex-m7"
        else:
            pairs = find_pairs(published, "cortex-m4")
            others = tuple(pair.reference_cycles / pair.cycles - 1 for pair in pairs)
            names = ", ".join(sorted({pair.board for pair in pairs}))
            source += f"; {len(others)} published for {names}, against the same software's cycles on {record.board}"
        errors = errors.and_then(ErrorBar.of(others))
    return CycleModel(
        fixed=_CORTEX_M4,
        scattered_load=None,
        pipelines_after_write_back=False,
        taken_branch=_TAKEN_BRANCH,
        flash_load_cycles=flash_load_cycles,
        transfer=None,
        errors=errors,
        description=f"cortex-m4, {flash_load_cycles:g} more cycles per load from flash",
        source=source,
    )


def _carried_over(core: str, published: PublishedLatencies) -> CycleModel:
    reference = find_cycle_model(find_board(REFERENCE_BOARD))
    assert reference is not None
    pairs = find_pairs(published, core)
    transfer, unseen = fit_transfer(pairs), ErrorBar.of(unseen_errors(pairs))
    software = ", ".join(sorted({pair.software for pair in pairs}))
    return replace(
        reference,
        scattered_load=_SCATTERED_LOAD if find_core(core).dual_issue else None,
        transfer=transfer,
        errors=reference.errors.and_then(unseen),
        description=f"{REFERENCE_BOARD}'s cycles carried over to the {core}: half the MACs and {transfer.rest:.3f} of "
        "the rest",
        source=f"{reference.source}; {unseen.figures} published for boards with a {core} and one with a cortex-m4, "
        f"each against a fit to other software's than its own ({software})",
    )
