"""What the choice of kernels did, for the network's notes: with 4-bit weights, and where no fast kernel is exact."""

from collections.abc import Iterable

from micronets.compiler.kernels.fused_residual import FusedResidual
from micronets.compiler.kernels.fused_rows import FusedRows
from micronets.compiler.kernels.kernel import Kernel, PlannedKernel
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep


def four_bit_notes(kernels: Iterable[PlannedKernel]) -> list[str]:
    """One sentence on the layers whose 4-bit weights stay packed, and one on each whose weights take 8 bits."""
    packed, notes = [], []
    for kernel in (of_layer for planned in kernels for of_layer in _of_layers(planned)):
        step = kernel.step
        if isinstance(step, ConvolutionStep | DepthwiseConvolutionStep) and step.weight_bits == 4:
            if kernel.weight_bits == 4:
                packed.append(step.operators[0])
            else:
                notes.append(f"operator {step.operators[0]}: 4-bit weights take 8 bits each, {_reason(kernel)}")
    if packed:
        notes.insert(0, f"operators {', '.join(map(str, packed))}: 4-bit weights stay packed, two per byte")
    return notes


def _of_layers(kernel: PlannedKernel) -> Iterable[Kernel]:
    """One for each layer."""
    if isinstance(kernel, FusedRows | FusedResidual):
        return [of_layer for of_layer in (kernel.first, kernel.second) if isinstance(of_layer, Kernel)]
    return [kernel] if isinstance(kernel, Kernel) else []


def reference_notes(kernels: Iterable[Kernel]) -> list[str]:
    """One sentence on each layer that a portable reference kernel runs, several times slower than the others."""
    return [
        f"operator {kernel.step.operators[0]}: runs on the reference kernel {kernel.function}, as no faster one takes "
        "its shape, weights or quantisation"
        for kernel in kernels
        if kernel.is_reference
    ]


def _reason(kernel: Kernel) -> str:
    if "helium" in kernel.function:
        return f"as {kernel.function} loads whole bytes; with `optimise: size` they stay packed, much slower"
    return f"as only {kernel.function} is exact for its weights and accumulators"
