"""What is not taken is named by its name and index, with what would help."""

import pytest

from micronets.compiler.left_out import OF_OTHERS, OF_TFLM
from micronets.compiler.reader import read_graph
from micronets.compiler.registry import OPERATORS
from micronets.compiler.schema import OPERATOR_NAMES
from micronets.errors import ModelError
from micronets.fuzz.builder import ModelBuilder
from micronets.tflm.operators import BUILTIN_OPERATORS


def _refusal(kind: str, tmp_path) -> str:
    """Of a file whose second operator is of a kind."""
    model = ModelBuilder()
    tensors = [model.tensor((1, 4), "int8", 0.1) for _ in range(3)]
    model.operator("RELU", tensors[:1], tensors[1:2])
    model.operator(kind, tensors[1:2], tensors[2:])
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build(tensors[:1], tensors[2:]))
    with pytest.raises(ModelError) as raised:
        read_graph(file)
    return str(raised.value)


@pytest.mark.parametrize("kind", ["GELU", "IF", "TILE"])
def test_hints_stand_behind_name_and_index(kind, tmp_path):
    hint = {**OF_TFLM, **OF_OTHERS}[kind]
    assert _refusal(kind, tmp_path).endswith(f"model.tflite: operator 1 ({kind}) is not supported; {hint}")


def test_others_are_named_as_well(tmp_path):
    assert "operator 1 (RFFT2D) is not supported; docs/operators.md lists what is" in _refusal("RFFT2D", tmp_path)


def test_custom_operators_are_named_by_their_own_name(tmp_path):
    message = _refusal("CUSTOM", tmp_path)
    assert "operator 1 (custom operator ) is not supported; it is nobody's standard" in message


def test_what_is_left_out_is_what_the_schema_and_tflm_have():
    assert set(OF_TFLM) == set(BUILTIN_OPERATORS) - set(OPERATORS)
    assert set(OF_OTHERS) <= set(OPERATOR_NAMES) - set(BUILTIN_OPERATORS) - set(OPERATORS)
