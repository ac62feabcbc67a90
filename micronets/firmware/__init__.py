"""Stage firmware: from a .tflite file and a board to a linked program, compiled, or around TensorFlow Lite Micro."""
