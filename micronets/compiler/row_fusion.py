"""Decides which convolutions run row by row into what reads their rows next: those that save memory."""

from collections.abc import Sequence

from micronets.compiler.arena import ArenaPlan, plan_arena
from micronets.compiler.kernels.fused_rows import FusedRows, fuse
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.passes.uses import only_reader
from micronets.compiler.steps import Program

_NEAR_PEAK = 0.05
_BANDS = (1, 2, 3, 4, 6, 8)
# A larger band gathers fewer rows twice; it may cost this share of the arena.
_BAND_ALLOWANCE = 1.005


def fuse_rows(
    program: Program, kernels: Sequence[PlannedKernel], least_gain: float
) -> tuple[list[PlannedKernel], ArenaPlan]:
    """Fuses the pair that shrinks the arena most, again and again, until none shrinks it by the share `least_gain`."""
    kernels = list(kernels)
    placement = plan_arena(program, kernels)
    while True:
        best: tuple[list[PlannedKernel], ArenaPlan] | None = None
        for i in _at_peak(kernels, placement):
            candidate = _fused_at(program, kernels, i, 1)
            if candidate is None:
                continue
            tried = plan_arena(program, candidate)
            if best is None or tried.plan.arena_bytes < best[1].plan.arena_bytes:
                best = candidate, tried
        arena_bytes = placement.plan.arena_bytes
        if best is None or best[1].plan.arena_bytes >= arena_bytes or _gain(best[1], arena_bytes) < least_gain:
            break
        kernels, placement = best
    return _widen_bands(program, kernels, placement)


def _gain(placement: ArenaPlan, arena_bytes: int) -> float:
    return 1 - placement.plan.arena_bytes / arena_bytes


def _at_peak(kernels: list[PlannedKernel], placement: ArenaPlan) -> list[int]:
    """Pairs (i, i + 1) during which some buffer reaches close to the arena's end."""
    arena = placement.plan.arena_bytes * (1 - _NEAR_PEAK)
    steps = {
        step
        for buffer, offset in zip(placement.buffers, placement.plan.offsets, strict=True)
        if offset + buffer.size_bytes > arena
        for step in range(buffer.first_step, buffer.last_step + 1)
    }
    return [i for i in range(len(kernels) - 1) if i in steps or i + 1 in steps]


def _fused_at(program: Program, kernels: list[PlannedKernel], i: int, band: int) -> list[PlannedKernel] | None:
    first, second = kernels[i], kernels[i + 1]
    if only_reader(program, first.step.output) is not second.step:
        return None
    fused = fuse(first, second, band)
    return None if fused is None else [*kernels[:i], fused, *kernels[i + 2 :]]


def _widen_bands(
    program: Program, kernels: list[PlannedKernel], placement: ArenaPlan
) -> tuple[list[PlannedKernel], ArenaPlan]:
    least_bytes = placement.plan.arena_bytes
    for i, kernel in enumerate(kernels):
        if not isinstance(kernel, FusedRows):
            continue
        program.notes.append(
            f"operators {kernel.first.step.operators[0]} and {kernel.second.step.operators[0]} run row by row: "
            f"{kernel.buffer_bytes} bytes of rows instead of {kernel.first.step.output.size_bytes}"
        )
        for band in _BANDS[1:]:
            wider, current = fuse(kernel.first, kernel.second, band), kernels[i]
            assert isinstance(current, FusedRows)
            if wider is None or wider.second.bands.band == current.second.bands.band:
                break
            candidate = [*kernels[:i], wider, *kernels[i + 1 :]]
            tried = plan_arena(program, candidate)
            if tried.plan.arena_bytes > least_bytes * _BAND_ALLOWANCE:
                break
            kernels, placement = candidate, tried
            least_bytes = min(least_bytes, tried.plan.arena_bytes)
    return kernels, placement
