"""From a trained network to a .tflite file, and what that file computes in LiteRT and in TensorFlow Lite Micro."""

from micronets.export.litert import describe, invoke_litert, quantise_input, run_litert
from micronets.export.stage import export
from micronets.export.tflm import run_tflm, tflm_arena_bytes
from micronets.export.writer import tflite_bytes, write_tflite

__all__ = [
    "describe",
    "export",
    "invoke_litert",
    "quantise_input",
    "run_litert",
    "run_tflm",
    "tflite_bytes",
    "tflm_arena_bytes",
    "write_tflite",
]
