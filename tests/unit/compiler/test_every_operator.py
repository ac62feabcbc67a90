"""Random models of every operator equal TensorFlow Lite Micro, on the host, under the sanitizers."""

import pytest

from micronets.compiler.registry import OPERATORS
from micronets.fuzz.checks import check_sample
from micronets.fuzz.oracle import RefusedByTflm
from micronets.fuzz.samples import SAMPLES
from micronets.fuzz.samples.int16 import SUFFIX
from micronets.fuzz.support import support_page
from micronets.tflm.operators import BUILTIN_OPERATORS

# Operators at the network's edge, or that only see bytes in another shape; tests of their own hold them.
_WITHOUT_SAMPLE = {"DEQUANTIZE", "EXPAND_DIMS", "SQUEEZE"}
# In the sample of READ_VARIABLE.
_OF_VARIABLES = {"ASSIGN_VARIABLE", "CALL_ONCE", "VAR_HANDLE"}
# In shapes only, which are worked out while compiling; TFLM lacks it.
_OF_SHAPES = {"REDUCE_PROD"}


# Tables, and operators that have a sample in int8 as well: one model here, more in a campaign.
_ONCE = {"CEIL", "COS", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE"}


# The kernel of TRANSPOSE moves their int16; in campaigns only.
_AS_TRANSPOSE = {
    kind + SUFFIX
    for kind in ("BROADCAST_TO", "PACK", "REVERSE_V2", "SLICE", "SPLIT", "SPLIT_V", "STRIDED_SLICE", "UNPACK")
}


@pytest.mark.parametrize("operator", [name for name in SAMPLES if name not in _AS_TRANSPOSE])
def test_equals_tflm(operator, tmp_path):
    wanted = 1 if operator in _ONCE or operator.endswith(SUFFIX) else 2
    compared = 0
    for seed in range(6):
        try:
            problem = check_sample(operator, seed, tmp_path)
        except RefusedByTflm:
            continue
        assert problem is None, f"seed {seed}: {problem}"
        compared += 1
        if compared == wanted:
            return
    pytest.fail("TFLM refuses all samples")


def test_every_operator_has_a_sample():
    assert set(OPERATORS) - set(SAMPLES) == _WITHOUT_SAMPLE | _OF_VARIABLES | _OF_SHAPES
    assert set(OPERATORS) - set(BUILTIN_OPERATORS) == _OF_SHAPES


def test_the_page_of_supported_operators_is_true(repository):
    assert (repository / "docs" / "operators.md").read_text(encoding="utf-8") == support_page(), (
        "write it anew: micronets operators --output docs/operators.md"
    )
