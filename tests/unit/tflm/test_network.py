"""The input of a .tflite file, read without LiteRT."""

import numpy as np
import pytest

from micronets.errors import ModelError
from micronets.export.writer import write_tflite
from micronets.litert import describe
from micronets.tflm.network import read_input
from tests.networks import random_network, small_ds_cnn


def test_it_is_what_litert_reads(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn()), path)
    expected, _ = describe(path)
    found = read_input(path)
    assert found.shape == expected.shape
    assert [np.float32(found.scale), found.zero_point] == [
        np.float32(expected.quantisation.scale),
        expected.quantisation.zero_point,
    ]


def test_a_float_input_is_refused(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn(), quantised=False), path)
    with pytest.raises(ModelError, match="the input is not int8 with one scale"):
        read_input(path)


def test_every_truncated_file_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn()), path)
    content = path.read_bytes()
    for length in (0, 7, 20, 60):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match="not a .tflite file|damaged"):
            read_input(path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_input(tmp_path / "none.tflite")
