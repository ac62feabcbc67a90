"""Shapes that a network works out are worked out while compiling, as Keras leaves them for any batch size."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.errors import ModelError
from micronets.fuzz.builder import ModelBuilder


def _integers(model: ModelBuilder, *values: int) -> int:
    return model.tensor((len(values),), "int32", data=np.array(values, np.int32))


def _product(model: ModelBuilder, values: int) -> int:
    output = model.tensor((1,), "int32")
    model.operator("REDUCE_PROD", [values, _integers(model, 0)], [output], {"keepDims": True})
    return output


def _compiled(model: ModelBuilder, source: int, output: int, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([source], [output]))
    return compile_network(file, tmp_path / "network")


def test_a_reshape_to_a_product_of_sides(tmp_path):
    """(1, 4, 6, 2) -> (2, 24) by SHAPE, REDUCE_PROD, FLOOR_DIV, CONCATENATION."""
    model = ModelBuilder()
    source = model.tensor((-1, 4, 6, 2), "int8", 0.1, 3)
    sides, half, target = model.tensor((4,), "int32"), model.tensor((1,), "int32"), model.tensor((2,), "int32")
    model.operator("SHAPE", [source], [sides], {"outType": 2})
    model.operator("FLOOR_DIV", [_product(model, sides), _integers(model, 2)], [half])
    model.operator("CONCATENATION", [_integers(model, 2), half], [target])
    flat, output = model.tensor((2, 24), "int8", 0.1, 3), model.tensor((2, 24), "int8", 0.1, 3)
    model.operator("RESHAPE", [source, target], [flat])
    model.operator("RELU", [flat], [output])
    network = _compiled(model, source, output, tmp_path)
    assert [layer.operator for layer in network.layers] == ["lookup"]
    assert network.output.shape == (2, 24)


def test_a_product_of_what_the_input_decides_is_refused(tmp_path):
    model = ModelBuilder()
    source, counts = model.tensor((1, 4), "int8", 0.1), model.tensor((1, 4), "int32")
    model.operator("CAST", [source], [counts])
    with pytest.raises(ModelError, match=r"operator 1 \(REDUCE_PROD\) depends on the input; TFLM has no product"):
        _compiled(model, source, _product(model, counts), tmp_path)
