"""Float32 between DEQUANTIZE and QUANTIZE becomes tables of 256 values, and whatever cannot is refused by name."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.errors import ModelError
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

SHAPE = (1, 8, 8, 4)
EVERY_INT8 = np.arange(-128, 128).astype(np.int8).reshape(1, *SHAPE)


def _dequantised(model: ModelBuilder, scale: float, zero: int) -> tuple[int, int]:
    source, real = model.tensor(SHAPE, "int8", scale, zero), model.tensor(SHAPE, "float32")
    model.operator("DEQUANTIZE", [source], [real])
    return source, real


def _then(model: ModelBuilder, kind: str, inputs: list[int], options: dict | None = None) -> int:
    output = model.tensor(SHAPE, "float32")
    model.operator(kind, inputs, [output], options)
    return output


def _finished(model: ModelBuilder, source: int, real: int, scale: float, zero: int) -> bytes:
    output = model.tensor(SHAPE, "int8", scale, zero)
    model.operator("QUANTIZE", [real], [output])
    return model.build([source], [output])


def _compiled(content: bytes, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    return compile_network(file, tmp_path / "network")


def test_a_chain_with_constants_and_two_uses_of_one_value_is_one_table(tmp_path):
    """Mish-like: x * tanh(log(1 + exp(x))), then a leaky one."""
    model = ModelBuilder()
    source, x = _dequantised(model, 0.06, 11)
    one = model.tensor((), "float32", data=np.array(1, np.float32))
    soft = _then(model, "LOG", [_then(model, "ADD", [_then(model, "EXP", [x]), one])])
    product = _then(model, "MUL", [x, _then(model, "TANH", [soft])])
    result = _then(model, "LEAKY_RELU", [product], {"alpha": 0.3})
    content = _finished(model, source, result, 0.031, -90)
    network = _compiled(content, tmp_path)
    assert [layer.kernel for layer in network.layers] == ["mn_lookup"]
    assert network.layers[0].operators == tuple(range(8))
    expected = tflm_outputs(content, EVERY_INT8)
    assert len(np.unique(expected)) > 50
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, EVERY_INT8, 256), expected.reshape(1, -1))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ABS", "ELU", "HARD_SWISH", "LOGISTIC", "RELU", "RELU6", "RSQRT", "TANH"])
def test_functions_that_int8_has_as_well(kind, tmp_path):
    model = ModelBuilder()
    source, x = _dequantised(model, 0.05, -128 if kind == "RSQRT" else 3)
    if kind == "RSQRT":  # of zero it is none
        half = model.tensor((), "float32", data=np.array(0.5, np.float32))
        x = _then(model, "ADD", [x, half])
    content = _finished(model, source, _then(model, kind, [x]), 0.02, -20)
    executable = build_guarded(_compiled(content, tmp_path), tmp_path / "run", flags=("-O1",))
    assert np.array_equal(run_on_host(executable, EVERY_INT8, 256), tflm_outputs(content, EVERY_INT8).reshape(1, -1))


def test_numbers_beyond_int32_saturate(tmp_path):
    model = ModelBuilder()
    source, x = _dequantised(model, 0.5, 0)
    content = _finished(model, source, _then(model, "EXP", [x]), 1e-6, 0)
    executable = build_guarded(_compiled(content, tmp_path), tmp_path / "run", flags=SANITIZERS)
    outputs = run_on_host(executable, EVERY_INT8, 256).reshape(-1)
    real = np.exp(0.5 * np.arange(-128, 128)) / 1e-6
    assert np.array_equal(outputs, np.minimum(np.floor(real + 0.5), 127).astype(np.int8))


def test_float32_of_two_values_is_refused_by_name(tmp_path):
    model = ModelBuilder()
    first, x = _dequantised(model, 0.05, 0)
    second, y = _dequantised(model, 0.05, 0)
    output = model.tensor(SHAPE, "int8", 0.1, 0)
    model.operator("QUANTIZE", [_then(model, "MUL", [x, y])], [output])
    with pytest.raises(ModelError, match=r"operator 2 \(MUL\) works on two float32 tensors; convert"):
        _compiled(model.build([first, second], [output]), tmp_path)


def test_a_network_in_float32_is_refused_by_name(tmp_path):
    model = ModelBuilder()
    source, x = _dequantised(model, 0.05, 0)
    weights = model.tensor((3, 1, 1, 4), "float32", data=np.ones((3, 1, 1, 4), np.float32))
    bias = model.tensor((3,), "float32", data=np.ones(3, np.float32))
    result, output = model.tensor((1, 8, 8, 3), "float32"), model.tensor((1, 8, 8, 3), "int8", 0.1)
    model.operator("CONV_2D", [x, weights, bias], [result], {"strideH": 1, "strideW": 1})
    model.operator("QUANTIZE", [result], [output])
    with pytest.raises(ModelError, match=r"operator 1 \(CONV_2D\) has float32 as its input; convert"):
        _compiled(model.build([source], [output]), tmp_path)


@pytest.mark.parametrize("kind", ["EXP", "NEG", "SQUARE"])
def test_what_tflm_has_in_float32_only_is_refused_in_int8(kind, tmp_path):
    model = ModelBuilder()
    source, output = model.tensor(SHAPE, "int8", 0.1), model.tensor(SHAPE, "int8", 0.1)
    model.operator(kind, [source], [output])
    with pytest.raises(ModelError, match=rf"operator 0 \({kind}\) works on int8, which TFLM refuses"):
        _compiled(model.build([source], [output]), tmp_path)
