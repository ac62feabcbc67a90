"""Operators at the edges of what is supported: float input and output, 4-bit weights, refusals."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.errors import ConfigurationError, ModelError
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host


def _write(content: bytes, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    return file


def test_float_edges_move_to_the_int8_side(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 2, 3, 4), "float32")
    values = [model.tensor((1, 2, 3, 4), "int8", 0.1, 5) for _ in range(2)]
    output = model.tensor((1, 2, 3, 4), "float32")
    model.operator("QUANTIZE", [source], [values[0]])
    model.operator("RELU", [values[0]], [values[1]], version=2)
    model.operator("DEQUANTIZE", [values[1]], [output], version=2)
    network = compile_network(_write(model.build([source], [output]), tmp_path), tmp_path / "network")
    assert [layer.operator for layer in network.layers] == ["lookup"]
    for edge in (network.input, network.output):
        assert edge.scale == pytest.approx(0.1) and edge.zero_point == 5 and edge.shape == (1, 2, 3, 4)
    inputs = np.arange(-120, 120, 10).astype(np.int8)[None]
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, inputs, 24), np.maximum(inputs, 5))


def test_differences_of_int16_take_ratios_of_scales_in_double(tmp_path):
    """In single precision about one of a thousand of these differences is off by one."""
    scales = (0.0024489802308380604, 0.0006148556130938232, 0.0024283817037940025)
    model = ModelBuilder()
    first, second, output = (model.tensor((1, 10, 20, 20), "int16", scale) for scale in scales)
    model.operator("SUB", [first, second], [output], {"fusedActivationFunction": 0, "potScaleInt16": False})
    content = model.build([first, second], [output])
    network = compile_network(_write(content, tmp_path), tmp_path / "network")
    inputs = np.random.default_rng(1).integers(-128, 128, (2, 16000)).astype(np.int8)
    expected = tflm_outputs(content, inputs).reshape(2, -1)
    executable = build_guarded(network, tmp_path / "run")
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH"])
def test_scales_that_tflm_cannot_shift_by_are_refused(kind, tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 4), "int8", 7e13)
    output = model.tensor((1, 4), "int8", 1 / 256, -128)
    model.operator(kind, [source], [output])
    with pytest.raises(ModelError, match=f"{kind}.*input scale 7e[+]13.*train it anew"):
        compile_network(_write(model.build([source], [output]), tmp_path), tmp_path / "network")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_four_bit_weights_equal_tflm(kind, tmp_path):
    random = np.random.default_rng(4)
    depthwise = kind == "DEPTHWISE_CONV_2D"
    model = ModelBuilder()
    source = model.tensor((1, 6, 7, 6), "int8", 0.05, -128)
    shape, channels = ((1, 3, 3, 6), 6) if depthwise else ((9, 1, 1, 6), 9)
    scales = random.uniform(0.02, 0.05, channels)
    weights = model.tensor(shape, "int4", scales, 0, 3 if depthwise else 0, random.integers(-7, 8, shape))
    bias = model.tensor((channels,), "int32", scales * 0.05, data=random.integers(0, 900, channels).astype(np.int32))
    output = model.tensor((1, 6, 7, channels), "int8", 0.02, -128)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "fusedActivationFunction": 1}
    if depthwise:
        options["depthMultiplier"] = 1
    model.operator(kind, [source, weights, bias], [output], options, 7)
    content = model.build([source], [output])
    network = compile_network(_write(content, tmp_path), tmp_path / "network")
    inputs = random.integers(-128, 128, (4, 1, 6, 7, 6)).astype(np.int8)
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    expected = tflm_outputs(content, inputs).reshape(4, -1)
    assert len(np.unique(expected)) > 50
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


def test_weights_with_a_zero_point_are_refused(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 8), "int8", 0.1)
    weights = model.tensor((4, 8), "int8", 0.1, 3, data=np.zeros((4, 8), np.int8))
    output = model.tensor((1, 4), "int8", 0.1)
    model.operator("FULLY_CONNECTED", [source, weights, -1], [output])
    file = _write(model.build([source], [output]), tmp_path)
    with pytest.raises(ModelError, match=r"operator 0 \(FULLY_CONNECTED\) has weights with a zero point"):
        compile_network(file, tmp_path / "network")


def test_equal_files_give_equal_code(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 8), "int8", 0.1)
    output = model.tensor((1, 8), "int8", 0.2, 7)
    model.operator("RELU", [source], [output], version=2)
    file = _write(model.build([source], [output]), tmp_path)
    for name in ("first", "second"):
        compile_network(file, tmp_path / name)
    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


@pytest.mark.parametrize("wrong", [{"core": "z80"}, {"optimise": "fast"}])
def test_unknown_settings_are_named(wrong, tmp_path):
    with pytest.raises(ConfigurationError, match=next(iter(wrong.values()))):
        compile_network(tmp_path / "model.tflite", tmp_path / "network", **wrong)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 5])
def test_channels_and_pixels_that_make_no_whole_words(depth, tmp_path):
    """A 1x1 convolution of as many pixels and channels as are left over from blocks of four."""
    random = np.random.default_rng(depth)
    model = ModelBuilder()
    source = model.tensor((1, 1, 7, depth), "int8", 0.05, 11)
    values = random.integers(-127, 128, (3, 1, 1, depth)).astype(np.int8)
    weights = model.tensor(values.shape, "int8", np.full(3, 0.03), 0, 0, values)
    bias = model.tensor((3,), "int32", np.full(3, 0.0015), data=random.integers(-900, 900, 3).astype(np.int32))
    output = model.tensor((1, 1, 7, 3), "int8", 0.1, -3)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "fusedActivationFunction": 0}
    model.operator("CONV_2D", [source, weights, bias], [output], options, 7)
    _equals_tflm(model.build([source], [output]), random.integers(-128, 128, (4, 1, 1, 7, depth)), tmp_path)


@pytest.mark.slow
def test_a_sum_of_values_with_a_zero_point(tmp_path):
    random = np.random.default_rng(1)
    model = ModelBuilder()
    source = model.tensor((1, 5, 3, 6), "int8", 0.05, 17)
    sides = model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
    output = model.tensor((1, 6), "int8", 0.07, -9)
    model.operator("SUM", [source, sides], [output], {"keepDims": False})
    _equals_tflm(model.build([source], [output]), random.integers(-20, 60, (8, 1, 5, 3, 6)), tmp_path)


def _equals_tflm(content: bytes, inputs: np.ndarray, tmp_path) -> None:
    network = compile_network(_write(content, tmp_path), tmp_path / "network")
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    expected = tflm_outputs(content, inputs.astype(np.int8)).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 10
    assert np.array_equal(run_on_host(executable, inputs.astype(np.int8), expected.shape[1]), expected)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_differences_on_the_edge_of_rounding_equal_tflm(dtype, tmp_path):
    """(5 first - 3 second) / 6 is often a half, which ratios of scales in float32 round otherwise."""
    model = ModelBuilder()
    scale = 1.0 if dtype == "int8" else 0.01
    inputs = [model.tensor((1, 2048), dtype, scale * ratio) for ratio in (0.05, 0.03)]
    output = model.tensor((1, 2048), dtype, scale * 0.06)
    model.operator("SUB", inputs, [output])
    content = model.build(inputs, [output])
    network = compile_network(_write(content, tmp_path), tmp_path / "network")
    values = np.random.default_rng(1).integers(-128, 128, (4, 4096 * np.dtype(dtype).itemsize)).astype(np.int8)
    executable = build_guarded(network, tmp_path / "run")
    expected = tflm_outputs(content, values).reshape(4, -1)
    assert np.array_equal(run_on_host(executable, values, expected.shape[1]), expected)
