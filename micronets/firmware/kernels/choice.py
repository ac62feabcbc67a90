"""The choice of a kernel for a step."""

from micronets.firmware.intervals import (
    Analysis,
    convolution_accumulators,
    depthwise_accumulators,
    input_bounds,
)
from micronets.firmware.kernels.add import AddSame
from micronets.firmware.kernels.dense import Dense
from micronets.firmware.kernels.depthwise import depthwise_3x3
from micronets.firmware.kernels.depthwise_quads import depthwise_quads
from micronets.firmware.kernels.helium import helium_kernel
from micronets.firmware.kernels.kernel import Kernel
from micronets.firmware.kernels.patch import PatchConvolution
from micronets.firmware.kernels.point import PackedWeights, PointConvolution, pack
from micronets.firmware.kernels.quads import QuadWeights, pack_quads
from micronets.firmware.kernels.reference import (
    ReferenceConvolution,
    ReferenceDepthwise,
    ReferenceTransposedConvolution,
)
from micronets.firmware.kernels.simple import SIMPLE_KERNELS
from micronets.firmware.steps import Add, Convolution, DepthwiseConvolution, FullyConnected, Step, TransposedConvolution

_REFERENCE: dict[type, type[Kernel]] = {
    Convolution: ReferenceConvolution,
    FullyConnected: ReferenceConvolution,
    DepthwiseConvolution: ReferenceDepthwise,
    TransposedConvolution: ReferenceTransposedConvolution,
    **SIMPLE_KERNELS,
}


_HELIUM_CORES = ("cortex-m55",)
# Their C may be compiled with MN_DUAL_ISSUE.
_DUAL_ISSUE_CORES = ("cortex-m7",)


def choose_kernel(step: Step, analysis: Analysis, core: str, optimise: str) -> Kernel:
    """The fastest kernel that is exact for the step and the values it can meet; the reference where no other is.

    4-bit weights stay packed, which costs up to a seventh of the speed; but Helium, several times as fast, loads whole
    bytes and is given up for them only where `optimise` is `size`.
    """
    if core in _HELIUM_CORES and not (optimise == "size" and _four_bits(step)):
        vectorised = helium_kernel(step, analysis)
        if vectorised is not None:
            return vectorised
    if isinstance(step, Convolution):
        accumulators = convolution_accumulators(step, input_bounds(step, analysis))
        quads = pack_quads(step, accumulators)
        if quads is not None:
            return _dense(step, quads, core)
        packed = pack(step, accumulators)
        if packed is not None:
            if Dense.fits(step):
                return Dense(step, packed)
            return _dense(step, packed, core)
    if isinstance(step, DepthwiseConvolution):
        accumulators = depthwise_accumulators(step, input_bounds(step, analysis))
        fast = depthwise_3x3(step, accumulators) or depthwise_quads(step, accumulators)
        if fast is not None:
            return fast
    if isinstance(step, Add) and AddSame.fits(step):
        return AddSame(step)
    return _REFERENCE[type(step)](step)


def _four_bits(step: Step) -> bool:
    return isinstance(step, Convolution | DepthwiseConvolution) and step.weight_bits == 4


def _dense(step: Convolution, packed: PackedWeights | QuadWeights, core: str) -> Kernel:
    if step.window.is_point:
        return PointConvolution(step, packed, reads_ahead=core in _DUAL_ISSUE_CORES)
    return PatchConvolution(step, packed)
