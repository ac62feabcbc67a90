"""Inputs of a profile from a CSV file."""

import numpy as np
import pytest

from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.errors import DataError
from micronets.profile.inputs import random_inputs, read_inputs

EDGES = (
    EdgeQuantisation(0.5, 3, (1, 2), "int8", "sound"),
    EdgeQuantisation(0.5, 0, (1, 2), "int16", "state"),
    EdgeQuantisation(1.0, 0, (1,), "bool", "first"),
)


def test_every_value_is_written_in_its_inputs_type(tmp_path):
    file = tmp_path / "inputs.csv"
    file.write_text("-128, 127, 258, -2, 1\n0,1,-32768,3,0\n", encoding="utf-8")
    assert read_inputs(file, EDGES).view(np.uint8).tolist() == [
        [0x80, 0x7F, 0x02, 0x01, 0xFE, 0xFF, 1],
        [0x00, 0x01, 0x00, 0x80, 0x03, 0x00, 0],
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("1,2,3,4\n", "1 rows of 4 values; the network takes 2 of int8 \\+ 2 of int16 \\+ 1 of bool"),
        ("1,2,3,4,0\n1,128,3,4,0\n", "row 2 has 128 for sound, int8"),
        ("1,2,3,4,2\n", "row 1 has 2 for first, bool"),
        ("1,2,3,4.5,0\n", "whole numbers between commas"),
        ("1,2,3,4,0\n1,2\n", "whole numbers between commas"),
    ],
)
def test_what_does_not_fit_is_named(content, complaint, tmp_path):
    file = tmp_path / "inputs.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=complaint):
        read_inputs(file, EDGES)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="none.csv: cannot be read"):
        read_inputs(tmp_path / "none.csv", EDGES)


def test_random_inputs_are_the_same_in_every_call_and_bools_are_bools():
    first = random_inputs(EDGES, 40)
    assert first.shape == (40, 7) and np.array_equal(first, random_inputs(EDGES, 40))
    assert set(first[:, 6].tolist()) == {0, 1} and len(set(first[:, 0].tolist())) > 10
