"""Decides how many blocks of pixels a convolution computes at once, with a pair of channels' weights copied to RAM.

Every load from flash waits. A pair's weights, copied once and used for several blocks of pixels, cost more room for
these blocks' columns: as much as the memory plan leaves free while the layer runs, or a limit above it lets through.
"""

from micronets.compiler.arena import ArenaPlan
from micronets.compiler.arranged_strips import arrange_strips, rearrange_strips, strips_of
from micronets.compiler.cores import Core, Extension
from micronets.compiler.kernels.fused_residual import FusedResidual
from micronets.compiler.kernels.fused_rows import FusedRows
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.kernels.patch import PatchConvolution
from micronets.compiler.kernels.point import BLOCK_PIXELS, PointConvolution
from micronets.compiler.packing import widen_bands
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Program

_BLOCKS = (16, 12, 10, 8, 7, 6, 5, 4, 3, 2)
_BLOCKS_FOR_SPEED = (64, 48, 32, 24, *_BLOCKS)
# Activations of 4 bits are there to save memory: speed takes so much of it back, or a share of what it would of bytes;
# and never more than the larger share.
_PACKED_ALLOWANCE = 1.25
_PACKED_SHARE = 0.4
_LARGEST_PACKED_SHARE = 0.55
# An interpreter's own records of an operator, and the multiplier and shift of one channel.
_OPERATOR_BYTES = 128
_CHANNEL_BYTES = 8


def share_weights(
    program: Program, kernels: list[PlannedKernel], placement: ArenaPlan, core: Core, optimise: str, limit_bytes: int
) -> ArenaPlan:
    """Sets `blocks` and `at_once` of the kernels, some of which it may replace; the plan with their scratch, of at most
    `limit_bytes`."""
    if core.extension is Extension.HELIUM and optimise != "size":
        return widen_bands(program, kernels, placement, limit_bytes)
    if core.extension is not Extension.DSP or optimise == "size":  # other kernels read weights where they are
        return placement
    tried_blocks = _BLOCKS_FOR_SPEED if optimise == "speed" else _BLOCKS
    placement = widen_bands(program, kernels, placement, limit_bytes)
    for number, kernel in enumerate(kernels):
        if strips_of(kernel):
            placement = arrange_strips(kernels, number, placement, tried_blocks[0], limit_bytes)
            continue
        convolutions = [
            convolution
            for convolution in _convolutions(kernel)
            if isinstance(convolution, PointConvolution | PatchConvolution) and convolution.packed.shareable
        ]
        for blocks in tried_blocks if convolutions else ():
            if blocks * BLOCK_PIXELS > _pixels_at_once(kernel):
                continue
            for convolution in convolutions:
                convolution.blocks = blocks
            tried = placement.with_scratch(number, kernel, limit_bytes)
            if tried is not None:
                placement = tried
                break
            for convolution in convolutions:
                convolution.blocks = 1
    return rearrange_strips(program, kernels, placement, tried_blocks[0], limit_bytes)


def arena_limit_bytes(program: Program, arena_bytes: int, core: Core, optimise: str) -> int:
    """What an arena that needs `arena_bytes` may grow to for speed."""
    if core.extension is not Extension.DSP or optimise == "size":
        return arena_bytes
    least = interpreter_bytes(program)
    # Never beyond one step's inputs and output side by side: by that a search takes a network to fit.
    enough_bytes = least if optimise == "speed" else min(least // 2, _values_bytes(program))
    if not any(step.output.is_packed for step in program.steps):
        return max(arena_bytes, enough_bytes)
    wanted_bytes = max(_PACKED_ALLOWANCE * arena_bytes, _PACKED_SHARE * enough_bytes)
    return max(arena_bytes, int(min(wanted_bytes, _LARGEST_PACKED_SHARE * enough_bytes)))


def _convolutions(kernel: PlannedKernel) -> list[PlannedKernel]:
    """Those that copy weights, in their turns."""
    if isinstance(kernel, FusedResidual):
        return [kernel.first, kernel.second]
    return [kernel.first if isinstance(kernel, FusedRows) else kernel]


def _values_bytes(program: Program) -> int:
    """Of a step's inputs and output, none of them packed."""
    sizes = (sum(value.elements * value.item_bytes for value in (*step.inputs, step.output)) for step in program.steps)
    return max(sizes, default=0)


def interpreter_bytes(program: Program) -> int:
    """What TensorFlow Lite Micro takes of RAM at least: one step's inputs and output side by side, and its records."""
    channels = sum(
        len(step.bias) for step in program.steps if isinstance(step, ConvolutionStep | DepthwiseConvolutionStep)
    )
    return _values_bytes(program) + _CHANNEL_BYTES * channels + _OPERATOR_BYTES * len(program.steps)


def _pixels_at_once(kernel: PlannedKernel) -> int:
    if isinstance(kernel, FusedResidual):
        return kernel.bands.band * kernel.step.output.shape[1]
    if isinstance(kernel, FusedRows):
        bands = kernel.second.bands
        return bands.band * bands.stride * kernel.first.step.output.shape[1]
    rows, columns, _ = kernel.step.output.shape
    return rows * columns
