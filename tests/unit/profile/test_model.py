"""A model with float edges is profiled and compared like any other."""

from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.fuzz.builder import ModelBuilder
from micronets.profile.model import profile_model


def test_float_edges(tmp_path: Path) -> None:
    model = ModelBuilder()
    source, output = (model.tensor((1, 4, 5, 3), "float32") for _ in range(2))
    before = model.tensor((1, 4, 5, 3), "int8", 0.1, 5)
    after = model.tensor((1, 4, 5, 3), "int8", 1 / 256, -128)
    model.operator("QUANTIZE", [source], [before])
    model.operator("LOGISTIC", [before], [after])
    model.operator("DEQUANTIZE", [after], [output], version=2)
    tflite = tmp_path / "model.tflite"
    tflite.write_bytes(model.build([source], [output]))
    profile = profile_model(tflite, find_board("nucleo-l4r5zi"), tmp_path, optimise="balanced", inputs=3)
    assert (profile.compared_outputs, profile.different_outputs) == (3, 0)
    assert profile.firmware.input_bytes == int(np.prod((4, 5, 3)))
