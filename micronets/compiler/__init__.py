"""Our ahead-of-time compiler, from a .tflite file to C for Cortex-M, without interpreter or malloc."""

from micronets.compiler.compile import CORES, OPTIMISE, compile_network
from micronets.compiler.compiled_network import CompiledNetwork

__all__ = ["CORES", "OPTIMISE", "CompiledNetwork", "compile_network"]
