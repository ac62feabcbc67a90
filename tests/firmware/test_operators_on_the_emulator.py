"""Operators that no network of other tests has: random models equal TensorFlow Lite Micro on an emulated Cortex-M4."""

import pytest

from micronets.fuzz.checks import check_sample
from micronets.fuzz.oracle import RefusedByTflm

# Those that a board with a Cortex-M4 is drawn for.
_SEEDS = (0, 6)
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


@pytest.mark.slow
@pytest.mark.parametrize("operator", _OPERATORS)
def test_equals_tflm_on_the_emulator(operator, tmp_path):
    compared = 0
    for seed in _SEEDS:
        try:
            problem = check_sample(operator, seed, tmp_path, emulated=True)
        except RefusedByTflm:
            continue
        assert problem is None, f"seed {seed}: {problem}"
        compared += 1
    assert compared
