"""Which C kernel carries out a step, and how its constants are laid out for it."""

from micronets.compiler.kernels.choice import choose_kernel
from micronets.compiler.kernels.kernel import Kernel

__all__ = ["Kernel", "choose_kernel"]
