"""Layers that run on another layer's code where that costs them next to nothing: less flash for the program."""

from collections import defaultdict
from collections.abc import Sequence

from micronets.compiler.arena import ArenaPlan
from micronets.compiler.cores import Core, Extension
from micronets.compiler.kernels.dense import Dense
from micronets.compiler.kernels.depthwise import Depthwise3x3
from micronets.compiler.kernels.fused_rows import FusedRows
from micronets.compiler.kernels.int4 import Int4Weights
from micronets.compiler.kernels.kernel import Kernel, PlannedKernel
from micronets.compiler.kernels.packed import PackedDepthwise
from micronets.compiler.kernels.patch import PatchConvolution
from micronets.compiler.kernels.point import PointConvolution, pack

# Of all fully connected layers together; their own kernel takes about 1.5 KB, and saves 1 to 2 cycles for each.
_FEW_MACS = 4096
# A plane of longer lines takes more scratch; sweeping it takes no longer.
_LONGEST_PITCH = 2


def share_dense_code(kernels: Sequence[Kernel], core: Core) -> list[Kernel]:
    """Small fully connected layers on the code of 1x1 convolutions, where all of them can be."""
    dense = [kernel for kernel in kernels if isinstance(kernel, Dense)]
    functions = {kernel.function for kernel in kernels if isinstance(kernel, PointConvolution)}
    shared: dict[int, Kernel] = {}
    for kernel in dense:
        packed = pack(kernel.step, kernel.accumulators)
        if packed is not None:
            point = PointConvolution(kernel.step, packed, reads_ahead=core.dual_issue)
            if point.function in functions:
                shared[id(kernel)] = point
    if len(shared) < len(dense) or sum(kernel.step.macs for kernel in dense) > _FEW_MACS:
        return list(kernels)
    return [shared.get(id(kernel), kernel) for kernel in kernels]


def share_int4_code(kernels: Sequence[Kernel], core: Core) -> list[Kernel]:
    """Small layers of few pixels with 4-bit weights on the code of other convolutions, where that takes any number."""
    convolutions = [
        kernel
        for kernel in kernels
        if isinstance(kernel, PointConvolution | PatchConvolution) and isinstance(kernel.packed, Int4Weights)
    ]
    few = {id(k): k for k in convolutions if isinstance(k, PointConvolution) and k.has_few_pixels}
    if core.extension is not Extension.DSP or len(few) == len(convolutions):
        return list(kernels)
    blocks_fit = all(kernel.step.output.shape[2] > 1 for kernel in few.values())
    if not blocks_fit or sum(kernel.step.macs for kernel in few.values()) > _FEW_MACS:
        return list(kernels)
    return [few[id(kernel)].of_any_pixels() if id(kernel) in few else kernel for kernel in kernels]


def share_sweeps(kernels: Sequence[PlannedKernel], placement: ArenaPlan) -> ArenaPlan:
    """Has depthwise convolutions use the sweeps of longer lines, where the arena has room; returns its plan."""
    families: dict[str, dict[int, list[tuple[int, Depthwise3x3]]]] = defaultdict(lambda: defaultdict(list))
    for number, kernel in enumerate(kernels):
        depthwise = kernel.second if isinstance(kernel, FusedRows) else kernel
        depthwise = depthwise.inner if isinstance(depthwise, PackedDepthwise) else depthwise
        if isinstance(depthwise, Depthwise3x3):
            families[depthwise.sweep_family][depthwise.sweep.pitch_words].append((number, depthwise))
    for by_pitch in families.values():
        kept: list[int] = []
        for pitch in sorted(by_pitch, reverse=True):
            for longer in sorted(longer for longer in kept if longer <= _LONGEST_PITCH * pitch):
                tried = _lengthened(kernels, by_pitch[pitch], longer, placement)
                if tried is not None:
                    placement = tried
                    break
            else:
                kept.append(pitch)
    return placement


def _lengthened(
    kernels: Sequence[PlannedKernel], layers: Sequence[tuple[int, Depthwise3x3]], pitch: int, placement: ArenaPlan
) -> ArenaPlan | None:
    tried: ArenaPlan | None = placement
    for number, depthwise in layers:
        depthwise.lengthen(pitch)
        if tried is not None:
            tried = tried.with_scratch(number, kernels[number], placement.plan.arena_bytes)
    if tried is None:
        for _, depthwise in layers:
            depthwise.lengthen(0)
    return tried
