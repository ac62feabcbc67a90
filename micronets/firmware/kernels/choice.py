"""The choice of a kernel for a step."""

from micronets.firmware.kernels.kernel import Kernel
from micronets.firmware.kernels.reference import (
    ReferenceConvolution,
    ReferenceDepthwise,
    ReferenceTransposedConvolution,
)
from micronets.firmware.kernels.simple import SIMPLE_KERNELS
from micronets.firmware.steps import Convolution, DepthwiseConvolution, FullyConnected, Step, TransposedConvolution

_REFERENCE: dict[type, type[Kernel]] = {
    Convolution: ReferenceConvolution,
    FullyConnected: ReferenceConvolution,
    DepthwiseConvolution: ReferenceDepthwise,
    TransposedConvolution: ReferenceTransposedConvolution,
    **SIMPLE_KERNELS,
}


def choose_kernel(step: Step) -> Kernel:
    return _REFERENCE[type(step)](step)
