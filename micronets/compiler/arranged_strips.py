"""Decides how many rows of how many strips a 3x3 convolution computes at once: the fewest cycles that memory allows."""

from collections.abc import Iterator, Sequence

from micronets.compiler.arena import ArenaPlan, plan_arena
from micronets.compiler.kernels.fused_residual import FusedResidual
from micronets.compiler.kernels.fused_rows import FusedRows
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.kernels.point import BLOCK_PIXELS
from micronets.compiler.kernels.strip import StripConvolution, Strips
from micronets.compiler.steps import Program

_RESIDUAL_BANDS = (1, 2, 4, 8, 16)
# New plans tried for a step, and of how many steps a network may consist for that: a plan takes some hundredths of a
# second.
_MOST_PLANS = 6
_MOST_STEPS = 64

Arrangement = tuple[float, PlannedKernel, Strips]
"""Cycles of a block beside the products, and the kernel that computes so much at once."""


def strips_of(kernel: PlannedKernel) -> list[StripConvolution]:
    """The strip convolutions that a step runs."""
    convolutions: Sequence[PlannedKernel] = (kernel,)
    if isinstance(kernel, FusedResidual):
        convolutions = (kernel.first, kernel.second)
    elif isinstance(kernel, FusedRows):
        convolutions = (kernel.first,)
    return [convolution for convolution in convolutions if isinstance(convolution, StripConvolution)]


def arrange_strips(
    kernels: list[PlannedKernel], number: int, placement: ArenaPlan, most_blocks: int, limit_bytes: int
) -> ArenaPlan:
    """Has a step of strips compute at once what the plan has room for, in `kernels`; the plan with its scratch."""
    least = kernels[number]
    for _, candidate, at_once in _arrangements(least, most_blocks):
        _set(candidate, at_once)
        tried = placement.with_scratch(number, candidate, limit_bytes)
        if tried is not None:
            kernels[number] = candidate
            return tried
    _set(least, Strips(1, 1))
    return placement


def rearrange_strips(
    program: Program, kernels: list[PlannedKernel], placement: ArenaPlan, most_blocks: int, limit_bytes: int
) -> ArenaPlan:
    """Lets steps of strips compute more at once where another plan of the same size has room for that."""
    for number, kernel in enumerate(kernels if len(kernels) <= _MOST_STEPS else ()):
        if not strips_of(kernel):
            continue
        now = strips_of(kernel)[0].at_once
        plans = 0
        for cycles, candidate, at_once in _arrangements(kernel, most_blocks):
            if cycles >= _cycles(kernel, now) or plans == _MOST_PLANS:
                break
            _set(candidate, at_once)
            if _least_bytes(placement, number, candidate) > limit_bytes:
                continue
            plans += 1
            tried = plan_arena(program, [*kernels[:number], candidate, *kernels[number + 1 :]])
            if tried.plan.arena_bytes <= limit_bytes:
                kernels[number], placement, now = candidate, tried, at_once
                break
        _set(kernels[number], now)
    return placement


def _least_bytes(placement: ArenaPlan, number: int, kernel: PlannedKernel) -> int:
    """What any plan needs while step `number` runs on a kernel of one input."""
    source, output = kernel.step.inputs[0].storage, kernel.step.output.storage
    others_bytes = sum(
        buffer.size_bytes
        for key, buffer in zip(placement.offsets, placement.buffers, strict=False)  # those of scratch come last
        if key not in (id(source), id(output)) and buffer.first_step <= number <= buffer.last_step
    )
    least_distance = kernel.overlaps()[0].least
    apart_bytes = source.size_bytes + output.size_bytes
    overlapped_bytes = max(output.size_bytes, least_distance + source.size_bytes)
    return others_bytes + min(apart_bytes, overlapped_bytes) + kernel.scratch_bytes


def _set(kernel: PlannedKernel, at_once: Strips) -> None:
    for convolution in strips_of(kernel):
        convolution.at_once = at_once


def _arrangements(kernel: PlannedKernel, most_blocks: int) -> Iterator[Arrangement]:
    """Those of the fewest cycles first."""
    first = strips_of(kernel)[0]
    banded: list[tuple[int, PlannedKernel]] = [(first.step.output.shape[0], kernel)]
    if isinstance(kernel, FusedRows):
        banded = [(kernel.second.bands.band * kernel.second.bands.stride, kernel)]
    elif isinstance(kernel, FusedResidual):
        tried = [(band, kernel.banded(band)) for band in _RESIDUAL_BANDS if band <= kernel.bands.out_rows]
        banded = [(band, residual) for band, residual in tried if residual is not None]
    found = [
        (_cycles(candidate, at_once), index, candidate, at_once)
        for index, (most_rows, candidate) in enumerate(banded)
        for at_once in first.arrangements(most_rows, most_blocks)
    ]
    for cycles, _, candidate, at_once in sorted(found, key=lambda item: item[:2]):
        yield cycles, candidate, at_once


def _cycles(kernel: PlannedKernel, at_once: Strips) -> float:
    cycles = sum(convolution.overhead_cycles(at_once) for convolution in strips_of(kernel))
    if isinstance(kernel, FusedResidual):
        # Rows that stay are moved between two bands.
        kept_bytes = kernel.row_bytes * (kernel.bands.window_rows - 1)
        cycles += kept_bytes * BLOCK_PIXELS / (kernel.bands.band * kernel.step.output.shape[1])
    return cycles
