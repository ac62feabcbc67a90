"""The choice of a kernel for a convolution."""

from micronets.compiler.cores import Core, Extension
from micronets.compiler.intervals import (
    Analysis,
    Bounds,
    convolution_accumulators,
    depthwise_accumulators,
    input_bounds,
)
from micronets.compiler.kernels.dense import Dense
from micronets.compiler.kernels.depthwise import depthwise_3x3
from micronets.compiler.kernels.depthwise_lines import depthwise_lines
from micronets.compiler.kernels.depthwise_point import depthwise_point
from micronets.compiler.kernels.depthwise_quads import depthwise_quads
from micronets.compiler.kernels.helium import helium_kernel
from micronets.compiler.kernels.helium_int4 import helium_int4_kernel
from micronets.compiler.kernels.helium_transposed import helium_transposed_convolution
from micronets.compiler.kernels.int4 import pack_int4
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.kernels.patch import PatchConvolution
from micronets.compiler.kernels.point import PackedWeights, PointConvolution, pack
from micronets.compiler.kernels.reference import (
    ReferenceConvolution,
    ReferenceDepthwise,
    ReferenceTransposedConvolution,
)
from micronets.compiler.kernels.single_pixel import single_pixel_transposed_convolution
from micronets.compiler.kernels.strip import StripConvolution
from micronets.compiler.kernels.transposed import phased_transposed_convolution
from micronets.compiler.kernels.transposed_sums import summed_transposed_convolution
from micronets.compiler.kernels.transposed_window import window_transposed_convolution
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    Step,
    TransposedConvolutionStep,
)

# Cycles on a Cortex-M4 that a layer must save for a sweep of its own, of about 1.5 KB.
_LEAST_GAIN_OF_ONE_LINE = 150_000

_REFERENCE: dict[type, type[Kernel]] = {
    ConvolutionStep: ReferenceConvolution,
    FullyConnectedStep: ReferenceConvolution,
    DepthwiseConvolutionStep: ReferenceDepthwise,
    TransposedConvolutionStep: ReferenceTransposedConvolution,
}


def choose_kernel(step: Step, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    """The fastest kernel that is exact for the step and the values it can meet; the reference where no other is.

    4-bit weights stay packed, which costs some per cent of the speed; but where only kernels of Helium for whole bytes
    take a layer, several times as fast, these are given up only where `optimise` is `size`.
    """
    if core.extension is Extension.HELIUM:
        vectorised = helium_int4_kernel(step, analysis)
        if vectorised is None and not (optimise == "size" and _four_bits(step)):
            vectorised = _helium(step, analysis, optimise)
        if vectorised is not None:
            return vectorised
    if isinstance(step, ConvolutionStep):
        accumulators = convolution_accumulators(step, input_bounds(step, analysis))
        int4 = pack_int4(step, accumulators)
        if int4 is not None:
            return _dense(step, int4, core, optimise)
        packed = pack(step, accumulators, in_order=True) if Dense.fits(step) else None
        if packed is not None:
            return Dense(step, packed, accumulators)
        packed = pack(step, accumulators)
        if packed is not None:
            return _dense(step, packed, core, optimise)
    if isinstance(step, DepthwiseConvolutionStep):
        accumulators = depthwise_accumulators(step, input_bounds(step, analysis))
        fast = depthwise_3x3(step, accumulators) or _depthwise(step, accumulators, core, optimise)
        if fast is not None:
            return fast
    # Starts and factors for every tap take a tenth more constants.
    if isinstance(step, TransposedConvolutionStep) and optimise == "speed":
        single = single_pixel_transposed_convolution(step, analysis, reads_ahead=core.dual_issue)
        if single is not None:
            return single
    if isinstance(step, TransposedConvolutionStep) and core.extension is Extension.DSP and optimise != "size":
        window = window_transposed_convolution(step, analysis)
        summed = summed_transposed_convolution(step, analysis, has_window=window is not None)
        made = summed or window or phased_transposed_convolution(step, analysis)
        if made is not None:
            return made
    return _REFERENCE[type(step)](step)


def _depthwise(step: DepthwiseConvolutionStep, accumulators: Bounds, core: Core, optimise: str) -> Kernel | None:
    """Of any size."""
    point = depthwise_point(step)
    if point is not None:
        return point
    quads = depthwise_quads(step, accumulators)
    if quads is None or core.extension is not Extension.DSP or optimise == "size":
        return quads
    lines = depthwise_lines(step, accumulators)
    if lines is None:
        return quads
    # Networks of one dimension have kernels of many lengths and little work for each, whose code is half of theirs.
    least = _LEAST_GAIN_OF_ONE_LINE if lines.window.size[0] == 1 and optimise == "balanced" else 0
    return lines if quads.cycles - lines.cycles > least else quads


def _helium(step: Step, analysis: Analysis, optimise: str) -> Kernel | None:
    if isinstance(step, TransposedConvolutionStep):
        return helium_transposed_convolution(step, analysis, optimise)
    return helium_kernel(step, analysis)


def _four_bits(step: Step) -> bool:
    return isinstance(step, ConvolutionStep | DepthwiseConvolutionStep) and step.weight_bits == 4


def _dense(step: ConvolutionStep, packed: PackedWeights, core: Core, optimise: str) -> Kernel:
    if step.window.is_point:
        return PointConvolution(step, packed, reads_ahead=core.dual_issue)
    # Strips gain little by the portable code, and take code of their own.
    if core.extension is Extension.DSP and optimise != "size" and packed.weight_bits == 8:
        if StripConvolution.fits(step, packed):
            return StripConvolution(step, packed, reads_ahead=core.dual_issue)
    return PatchConvolution(step, packed)
