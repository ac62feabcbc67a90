"""Stage firmware: our ahead-of-time compiler from a .tflite file to C for Cortex-M, without interpreter or malloc."""

from micronets.firmware.compiled import CompiledNetwork
from micronets.firmware.compiler import CORES, OPTIMISE, compile_network

__all__ = ["CORES", "OPTIMISE", "CompiledNetwork", "compile_network"]
