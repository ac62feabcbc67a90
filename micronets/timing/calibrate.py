"""How far the cycle models are off published latencies, figure by figure."""

from collections.abc import Sequence
from dataclasses import replace

from micronets.compiler.cores import CORES, Timing
from micronets.timing.published_latencies import PublishedLatencies
from micronets.timing.transfer import (
    REFERENCE_BOARD,
    ErrorBar,
    Pair,
    find_pairs,
    fit_transfer,
    reference_errors,
    unseen_errors,
)


def report(published: PublishedLatencies, *, figures: bool) -> str:
    """The errors of every model as text; `figures`: of every single figure, too."""
    lines = [*_cortex_m4(published)]
    for core in CORES.values():
        if core.timing is Timing.CARRIED_OVER:
            pairs = find_pairs(published, core.name)
            lines += ["", *_carried_over(core.name, pairs, published, figures)]
    return "\n".join(lines)


def _cortex_m4(published: PublishedLatencies) -> list[str]:
    record = published.cortex_m4_record
    lines = [
        f"cortex-m4 on {record.board}: mean {record.mean_error:.1%}, worst {record.worst_error:.1%} over "
        f"{record.figures} figures on record; those that are kept:"
    ]
    for submission in published.submissions:
        for board, estimates in submission.estimated_ms.items():
            for network, estimated_ms in estimates.items():
                measured_ms = submission.cycles[board][network] / published.boards[board].clock_hz * 1e3
                lines.append(
                    f"  {submission.software} ({submission.version}), {network}: {estimated_ms:.1f} ms estimated, "
                    f"{measured_ms:.1f} measured, {estimated_ms / measured_ms - 1:+.1%}"
                )
    m7 = find_pairs(published, "cortex-m7")
    for board in sorted({pair.reference_board for pair in m7} - {REFERENCE_BOARD}):
        errors = reference_errors(m7, board)
        lines.append(f"{board} by {REFERENCE_BOARD}'s cycles, which follow from those on a cortex-m7: {_bar(errors)}")
    others = find_pairs(published, "cortex-m4")
    errors = tuple(pair.reference_cycles / pair.cycles - 1 for pair in others)
    names = ", ".join(sorted({pair.board for pair in others}))
    lines.append(f"{names} by {REFERENCE_BOARD}'s cycles, same software: {_bar(errors)}")
    return lines


def _carried_over(core: str, pairs: Sequence[Pair], published: PublishedLatencies, figures: bool) -> list[str]:
    unseen = unseen_errors(pairs)
    proportional = [replace(pair, macs=0) for pair in pairs]
    lines = [
        f"{core}: half the MACs + {fit_transfer(pairs).rest:.3f} of the rest of a cortex-m4's cycles",
        f"  software left out of the fit:  {_bar(unseen)}",
        f"  figure left out of the fit:    {_bar(_leave_one_out(pairs))}",
        f"  all in the fit:                {_bar(_fitted(pairs))}",
        f"  instead, {fit_transfer(proportional).rest:.3f} of all the cycles, software left out: "
        f"{_bar(unseen_errors(proportional))}",
    ]
    for software in sorted({pair.software for pair in pairs}):
        of_it = [error for pair, error in zip(pairs, unseen, strict=True) if pair.software == software]
        lines.append(f"  {software + ' left out:':30} {_bar(of_it)}, {sum(of_it) / len(of_it):+.1%} on average")
    if figures:
        for pair, error in zip(pairs, unseen, strict=True):
            clock_hz = published.boards[pair.board].clock_hz
            measured_ms = pair.cycles / clock_hz * 1e3
            lines.append(
                f"    {pair.software + ', ' + pair.version:40} {pair.board:16} {pair.network:15} measured "
                f"{measured_ms:7.2f} ms, estimated {measured_ms * (1 + error):7.2f}, {error:+6.1%}"
            )
    return lines


def _leave_one_out(pairs: Sequence[Pair]) -> list[float]:
    errors = []
    for index, pair in enumerate(pairs):
        fit = fit_transfer([*pairs[:index], *pairs[index + 1 :]])
        errors.append(fit.cycles(pair.reference_cycles, pair.macs) / pair.cycles - 1)
    return errors


def _fitted(pairs: Sequence[Pair]) -> list[float]:
    fit = fit_transfer(pairs)
    return [fit.cycles(pair.reference_cycles, pair.macs) / pair.cycles - 1 for pair in pairs]


def _bar(errors: Sequence[float]) -> str:
    bar = ErrorBar.of(errors)
    return f"mean {bar.mean:.1%}, worst {bar.worst:.1%} over {bar.figures} figures"
