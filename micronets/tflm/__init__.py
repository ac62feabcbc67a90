"""TensorFlow Lite Micro as the runtime of a firmware: a C++ program around a library that the user has built."""

from micronets.tflm.library import TflmLibrary
from micronets.tflm.program import TflmProgram, write_tflm_program

__all__ = ["TflmLibrary", "TflmProgram", "write_tflm_program"]
