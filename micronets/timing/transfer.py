"""From cycles on a Cortex-M4 to those on another core, by what others have measured with the same software on both.

The multiply-accumulates go two a cycle on either core (SMLAD); all the rest (loads, addresses, requantisation,
branches, wait states) takes a share of what it takes on the Cortex-M4, one number for a core, which is fitted:

    cycles = MACs / 2 + rest * (cycles on the Cortex-M4 - MACs / 2)

How far it is off is told by figures that a fit has not seen: those of one software by a fit to all others'.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from micronets.timing.published_latencies import PublishedLatencies

REFERENCE_BOARD = "nucleo-l4r5zi"
"""The board with a Cortex-M4 whose own cycle model has been judged by measurements."""

REFERENCE_CORE = "cortex-m4"


@dataclass(frozen=True)
class ErrorBar:
    """How far estimates have been from measurements, as shares (0.1 is 10 %), and over how many figures."""

    mean: float
    worst: float
    figures: int

    @classmethod
    def of(cls, errors: Sequence[float]) -> "ErrorBar":
        """Of signed errors."""
        sizes = [abs(error) for error in errors]
        return cls(sum(sizes) / len(sizes), max(sizes), len(sizes))

    def and_then(self, following: "ErrorBar") -> "ErrorBar":
        """Of an estimate made from an estimate: mean errors as if independent, worst ones at once."""
        worst = (1 + self.worst) * (1 + following.worst) - 1
        return ErrorBar(math.hypot(self.mean, following.mean), worst, following.figures)


@dataclass(frozen=True)
class Pair:
    """One network by one version of one software on two boards: `reference_board` with a Cortex-M4, and `board`."""

    software: str
    version: str
    network: str
    macs: int
    reference_board: str
    reference_cycles: float
    board: str
    cycles: float


@dataclass(frozen=True)
class Transfer:
    """See the module; `rest` is the share that all but the multiply-accumulates keeps."""

    rest: float

    def cycles(self, reference_cycles: float, macs: int) -> float:
        """On the other core, of what takes `reference_cycles` on the Cortex-M4, with so many multiply-accumulates."""
        products = min(macs / 2, reference_cycles)
        return products + self.rest * (reference_cycles - products)

    def reference_cycles(self, cycles: float, macs: int) -> float:
        """The way back."""
        return macs / 2 + (cycles - macs / 2) / self.rest


def find_pairs(published: PublishedLatencies, core: str) -> tuple[Pair, ...]:
    """Every figure of a board with `core` beside that of a Cortex-M4 in the same submission.

    Of two boards with a Cortex-M4 the one whose model has been judged counts.
    """
    pairs = []
    for submission in published.submissions:
        references = [board for board in submission.cycles if published.boards[board].core == REFERENCE_CORE]
        reference = REFERENCE_BOARD if REFERENCE_BOARD in references else next(iter(references), None)
        for board, figures in submission.cycles.items():
            if reference is None or board == reference or published.boards[board].core != core:
                continue
            known = submission.cycles[reference]
            pairs += [
                Pair(
                    submission.software,
                    submission.version,
                    network,
                    published.macs[network],
                    reference,
                    known[network],
                    board,
                    cycles,
                )
                for network, cycles in figures.items()
                if network in known
            ]
    return tuple(pairs)


def fit_transfer(pairs: Sequence[Pair]) -> Transfer:
    """The share with the least squares of relative errors."""
    # relative error = rest * rise - fall
    rises = [(pair.reference_cycles - pair.macs / 2) / pair.cycles for pair in pairs]
    falls = [1 - pair.macs / 2 / pair.cycles for pair in pairs]
    return Transfer(
        sum(rise * fall for rise, fall in zip(rises, falls, strict=True)) / sum(rise * rise for rise in rises)
    )


def unseen_errors(pairs: Sequence[Pair]) -> tuple[float, ...]:
    """Signed relative errors in the order of `pairs`, each by the fit to all other software's; of at least two."""
    fits = {
        software: fit_transfer([pair for pair in pairs if pair.software != software])
        for software in {pair.software for pair in pairs}
    }
    return tuple(fits[pair.software].cycles(pair.reference_cycles, pair.macs) / pair.cycles - 1 for pair in pairs)


def reference_errors(pairs: Sequence[Pair], board: str) -> tuple[float, ...]:
    """What would have been wrong in taking the reference board's cycles for those of `board`, another Cortex-M4.

    No software is published on both, but some on `board` and on a third with the core of `pairs`: from its cycles
    there, the fit to the pairs with the reference board tells the reference's, to be held against those of `board`.
    Errors of that fit count among them.
    """
    way = fit_transfer([pair for pair in pairs if pair.reference_board == REFERENCE_BOARD])
    return tuple(
        way.reference_cycles(pair.cycles, pair.macs) / pair.reference_cycles - 1
        for pair in pairs
        if pair.reference_board == board
    )
