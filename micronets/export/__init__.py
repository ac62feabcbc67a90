"""From a trained network to a .tflite file, and what that file computes in LiteRT and in TensorFlow Lite Micro."""

from micronets.export.stage import export
from micronets.export.writer import tflite_bytes, write_tflite

__all__ = ["export", "tflite_bytes", "write_tflite"]
