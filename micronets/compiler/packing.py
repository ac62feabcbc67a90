"""Decides which activations lie in the arena two in a byte: those of 16 levels at most, where it shrinks by that."""

from collections.abc import Iterator, Sequence

from micronets.compiler.arena import ArenaPlan, plan_arena
from micronets.compiler.cores import Core
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.kernel import Kernel, PlannedKernel
from micronets.compiler.kernels.packed import (
    GROUP,
    PackedHeliumDepthwise,
    PackedLayer,
    can_read_nibbles,
    can_write_nibbles,
    packed_kernel,
    unclamped,
)
from micronets.compiler.kernels.packed_point import PackedPoint
from micronets.compiler.kernels.point_fields import FieldsPoint
from micronets.compiler.registry import choose_kernel
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Program, Value

_LEVELS = 16
_Banded = PackedLayer | PackedPoint | FieldsPoint | PackedHeliumDepthwise


def pack_activations(
    program: Program, kernels: Sequence[Kernel], analysis: Analysis, core: Core, optimise: str
) -> list[Kernel] | None:
    """Marks values of `program` as packed, and returns the kernels for them; those of other steps stay. None where no
    value has so few levels, or kernels that can read and write it so."""
    levels = {id(value): least for value, least in _narrow(program, analysis)}
    for step, kernel in zip(program.steps, kernels, strict=True):
        for position, value in enumerate(step.inputs):
            if position > 0 or value.base is not None or not can_read_nibbles(kernel):
                levels.pop(id(value.storage), None)
        if not can_write_nibbles(kernel):
            levels.pop(id(step.output), None)
    if not levels:
        return None
    packed: list[Kernel] = []
    for step in program.steps:
        if id(step.output) in levels:
            step.output.least = levels[id(step.output)]
    for step, kernel in zip(program.steps, kernels, strict=True):
        free = None
        if step.output.is_packed and isinstance(step, ConvolutionStep | DepthwiseConvolutionStep):
            free = choose_kernel(unclamped(step), analysis, core, optimise)
        is_packed = step.output.is_packed or any(value.is_packed for value in step.inputs)
        packed.append(packed_kernel(kernel, free) if is_packed else kernel)
    return packed


def unpack_activations(program: Program) -> None:
    for step in program.steps:
        step.output.least = None


def packing_notes(program: Program, placement: ArenaPlan) -> list[str]:
    """One sentence on the layers whose outputs take 4 bits in the arena."""
    operators = [
        str(step.operators[-1])
        for step in program.steps
        if step.output.is_packed and step.operators and id(step.output) in placement.offsets
    ]
    return [f"operators {', '.join(operators)}: outputs of 16 levels lie two in a byte"] if operators else []


def widen_bands(program: Program, kernels: list[PlannedKernel], placement: ArenaPlan, limit_bytes: int) -> ArenaPlan:
    """Has packed layers, in `kernels`, take as many rows at a time as a plan has room for; the last of these plans."""
    for number, kernel in enumerate(kernels):
        for wider in kernel.wider() if isinstance(kernel, _Banded) else ():
            tried = placement.with_scratch(number, wider, limit_bytes)
            if tried is None and _least_bytes(wider) <= limit_bytes:
                tried = plan_arena(program, [*kernels[:number], wider, *kernels[number + 1 :]])
            if tried is not None and tried.plan.arena_bytes <= limit_bytes:
                kernels[number], placement = wider, tried
                break
    return placement


def _least_bytes(kernel: _Banded) -> int:
    """What any plan needs while a layer runs."""
    return max(kernel.step.inputs[0].size_bytes, kernel.step.output.size_bytes) + kernel.scratch_bytes


def _narrow(program: Program, analysis: Analysis) -> Iterator[tuple[Value, int]]:
    for step in program.steps:
        value = step.output
        owns_bytes = value.base is None and value.in_arena and value.item_bytes == 1
        if not owns_bytes or value is program.output.storage or value.shape[2] % GROUP:
            continue
        bounds = analysis.of(value)
        if bounds.high.max() - bounds.low.min() < _LEVELS:
            yield value, int(bounds.low.min())
