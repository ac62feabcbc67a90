"""Operators that no network of other tests has: random models equal TensorFlow Lite Micro on an emulated core."""

import pytest

from micronets.fuzz.checks import check_sample
from micronets.fuzz.oracle import RefusedByTflm

# Those that a board with a Cortex-M4, or a Cortex-M55, is drawn for.
_SEEDS, _HELIUM_SEEDS = (0, 6), (12, 18)
_OPERATORS = (
    "ARG_MAX",
    "BATCH_MATMUL",
    "CAST",
    "CONV_2D int16",
    "CUMSUM",
    "running sums float32",
    "DEPTHWISE_CONV_2D int16",
    "DIV",
    "GREATER",
    "SELECT_V2",
    "SOFTMAX",
    "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "UNIDIRECTIONAL_SEQUENCE_LSTM int16",
)


# Whose bytes Helium moves.
_MOVEMENTS = ("CONCATENATION", "PAD", "PADV2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operator", "seeds"),
    [*((operator, _SEEDS) for operator in _OPERATORS), *((operator, _HELIUM_SEEDS) for operator in _MOVEMENTS)],
)
def test_equals_tflm_on_the_emulator(operator, seeds, tmp_path):
    compared = 0
    for seed in seeds:
        try:
            problem = check_sample(operator, seed, tmp_path, emulated=True)
        except RefusedByTflm:
            continue
        assert problem is None, f"seed {seed}: {problem}"
        compared += 1
    assert compared
