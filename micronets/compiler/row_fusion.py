"""Decides which convolutions run row by row into what reads their rows next: those that save memory."""

from collections.abc import Sequence

from micronets.compiler.arena import ArenaPlan, plan_arena
from micronets.compiler.kernels.fused_residual import FusedResidual, fuse_residual
from micronets.compiler.kernels.fused_rows import FusedRows, fuse
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.kernels.patch import PatchConvolution
from micronets.compiler.kernels.point import BLOCK_PIXELS, PointConvolution
from micronets.compiler.passes.uses import Uses
from micronets.compiler.steps import Program

_NEAR_PEAK = 0.05
_BANDS = (1, 2, 3, 4, 6, 8)
# A larger band gathers fewer rows twice; it may cost this share of the arena.
_BAND_ALLOWANCE = 1.005
_MOST_BLOCKS = 16


def fuse_rows(
    program: Program, kernels: Sequence[PlannedKernel], least_gain: float
) -> tuple[list[PlannedKernel], ArenaPlan]:
    """Fuses the pair that shrinks the arena most, again and again, until none shrinks it by the share `least_gain`."""
    kernels = list(kernels)
    placement = plan_arena(program, kernels)
    uses = Uses(program)
    while True:
        best: tuple[list[PlannedKernel], ArenaPlan] | None = None
        for i in _at_peak(kernels, placement):
            for candidate in (_fused_at(uses, kernels, i, 1), _residual_at(uses, kernels, i)):
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


def widen_rows(kernels: list[PlannedKernel], placement: ArenaPlan) -> ArenaPlan:
    """Bands as large as the arena has room for where a convolution unpacks its weights anew for each.

    All else stays in its place; blocks of pixels cover a whole band, or are as many as before.
    """
    for number, kernel in enumerate(kernels):
        if not isinstance(kernel, FusedRows) or kernel.first.weight_bits == 8:
            continue
        first = kernel.first
        assert isinstance(first, PointConvolution | PatchConvolution)
        blocks = first.blocks
        for band in reversed(_BANDS[1:]):
            wider = fuse(kernel.first, kernel.second, band)
            if wider is None or wider.second.bands.band <= kernel.second.bands.band:
                continue
            rows = wider.second.bands.band * wider.second.bands.stride
            first.blocks = min(_MOST_BLOCKS, -(-rows * first.step.output.shape[1] // BLOCK_PIXELS))
            tried = (
                placement.with_scratch(number, wider, placement.plan.arena_bytes) if first.blocks >= blocks else None
            )
            if tried is not None:
                kernels[number], placement = wider, tried
                break
            first.blocks = blocks
    return placement


def _gain(placement: ArenaPlan, arena_bytes: int) -> float:
    return 1 - placement.plan.arena_bytes / arena_bytes


def _at_peak(kernels: list[PlannedKernel], placement: ArenaPlan) -> list[int]:
    """Where one of the steps i to i + 2 has some buffer that reaches close to the arena's end."""
    arena = placement.plan.arena_bytes * (1 - _NEAR_PEAK)
    steps = {
        step
        for buffer, offset in zip(placement.buffers, placement.plan.offsets, strict=True)
        if offset + buffer.size_bytes > arena
        for step in range(buffer.first_step, buffer.last_step + 1)
    }
    return [i for i in range(len(kernels) - 1) if not steps.isdisjoint(range(i, i + 3))]


def _fused_at(uses: Uses, kernels: list[PlannedKernel], i: int, band: int) -> list[PlannedKernel] | None:
    first, second = kernels[i], kernels[i + 1]
    if uses.only_reader(first.step.output) is not second.step:
        return None
    fused = fuse(first, second, band)
    return None if fused is None else [*kernels[:i], fused, *kernels[i + 2 :]]


def _residual_at(uses: Uses, kernels: list[PlannedKernel], i: int) -> list[PlannedKernel] | None:
    if i + 2 >= len(kernels):
        return None
    first, second, addition = kernels[i : i + 3]
    readers = [uses.only_reader(kernel.step.output) for kernel in (first, second)]
    if readers[0] is not second.step or readers[1] is not addition.step:
        return None
    fused = fuse_residual(first, second, addition)
    return None if fused is None else [*kernels[:i], fused, *kernels[i + 3 :]]


def _widen_bands(
    program: Program, kernels: list[PlannedKernel], placement: ArenaPlan
) -> tuple[list[PlannedKernel], ArenaPlan]:
    least_bytes = placement.plan.arena_bytes
    for i, kernel in enumerate(kernels):
        if not isinstance(kernel, FusedRows | FusedResidual):
            continue
        whole = kernel.first.step.output.elements
        if isinstance(kernel, FusedResidual):
            whole += kernel.second.step.output.elements
        program.notes.append(
            f"operators {', '.join(map(str, kernel.step.operators))} run row by row: "
            f"{kernel.buffer_bytes} bytes of rows instead of {whole}"
        )
        for band in _BANDS[1:]:
            wider = _banded(kernel, band)
            if wider is None:
                break
            candidate = [*kernels[:i], wider, *kernels[i + 1 :]]
            tried = plan_arena(program, candidate)
            if tried.plan.arena_bytes > least_bytes * _BAND_ALLOWANCE:
                break
            kernels, placement = candidate, tried
            least_bytes = min(least_bytes, tried.plan.arena_bytes)
    return kernels, placement


def _banded(kernel: FusedRows | FusedResidual, band: int) -> FusedRows | FusedResidual | None:
    """None where no such band is wider."""
    if isinstance(kernel, FusedResidual):
        return kernel.banded(band)
    wider = fuse(kernel.first, kernel.second, band)
    return None if wider is None or wider.second.bands.band < band else wider
