"""Our ahead-of-time compiler, from a .tflite file to C for Cortex-M, without interpreter or malloc."""

from micronets.compiler.compile import OPTIMISE, OPTIMISE_FLAGS, compile_network
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.compiler.cores import CORES, Core, find_core

__all__ = ["CORES", "OPTIMISE", "OPTIMISE_FLAGS", "CompiledNetwork", "Core", "compile_network", "find_core"]
