"""4-bit weights stay packed in flash, two per byte, where the kernels for them are exact, and answer as TFLM does."""

from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.compiler.explain import explain
from micronets.errors import ModelError
from micronets.export.writer import write_tflite
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import RefusedByTflm, tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.networks import random_network, small_ds_cnn

pytestmark = pytest.mark.slow

DEPTH = 6


def layer(kind, kernel, weights, *, sides=(6, 7), bias=900, activation=1, out_scale=0.1, stride=1) -> bytes:
    """A convolution of an input of `DEPTH` channels, SAME, with 4-bit `weights` of the TFLite layout."""
    random = np.random.default_rng(8)
    depthwise = kind == "DEPTHWISE_CONV_2D"
    channels = weights.shape[3 if depthwise else 0]
    model = ModelBuilder()
    source = model.tensor((1, *sides, DEPTH), "int8", 0.05, -128)
    scales = random.uniform(0.02, 0.05, channels)
    tensor = model.tensor(weights.shape, "int4", scales, 0, 3 if depthwise else 0, weights)
    biases = random.integers(-bias // 2, bias, channels).astype(np.int32)
    inputs = [source, tensor, model.tensor((channels,), "int32", scales * 0.05, data=biases)]
    output = model.tensor((1, *(-(-side // stride) for side in sides), channels), "int8", out_scale, -128)
    options = {"strideH": stride, "strideW": stride, "dilationHFactor": 1, "dilationWFactor": 1}
    options["fusedActivationFunction"] = activation
    if depthwise:
        options["depthMultiplier"] = 1
    model.operator(kind, inputs, [output], options, 7)
    return model.build([source], [output])


def check(content: bytes, directory: Path, input_shape: tuple[int, ...] = (1, 6, 7, DEPTH)) -> CompiledNetwork:
    """Compiles, runs with sanitizers and guards, compares with TFLM."""
    file = directory / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, directory / "network")
    inputs = edge_inputs(input_shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 5
    executable = build_guarded(network, directory / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    return network


def random_weights(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(4).integers(-7, 8, shape).astype(np.int8)


@pytest.mark.parametrize(
    ("kernel", "channels", "activation"),
    [((1, 1), 1, 1), ((1, 1), 8, 1), ((1, 1), 7, 3), ((3, 2), 3, 1), ((3, 2), 8, 3)],
)
def test_convolutions(kernel, channels, activation, tmp_path):
    network = check(
        layer("CONV_2D", kernel, random_weights((channels, *kernel, DEPTH)), activation=activation), tmp_path
    )
    # Pixels of one channel alone have no pairs of channels.
    assert network.layers[0].kernel.startswith(("mn_point_int4_", "mn_patch_int4_")) == (channels > 1)
    assert any("stay packed" in note for note in network.notes) == (channels > 1)


@pytest.mark.parametrize(("columns", "activation"), [(1, 0), (3, 3)])
def test_few_pixels(columns, activation, tmp_path):
    """One and three, which take no code for whole blocks of four."""
    content = layer("CONV_2D", (1, 1), random_weights((5, 1, 1, DEPTH)), sides=(1, columns), activation=activation)
    network = check(content, tmp_path, (1, 1, columns, DEPTH))
    assert network.layers[0].kernel.startswith("mn_point_int4_few_")


@pytest.mark.parametrize(("activation", "stride"), [(1, 1), (3, 2)])
def test_depthwise_convolutions(activation, stride, tmp_path):
    content = layer("DEPTHWISE_CONV_2D", (3, 3), random_weights((1, 3, 3, DEPTH)), activation=activation, stride=stride)
    network = check(content, tmp_path)
    # Three words per channel, and the description.
    assert network.layers[0].constant_bytes == 12 * DEPTH + 84
    assert any("stay packed" in note for note in network.notes)


def test_depthwise_convolutions_of_other_sizes(tmp_path):
    network = check(layer("DEPTHWISE_CONV_2D", (5, 3), random_weights((1, 5, 3, DEPTH))), tmp_path)
    # Two quads of channels: starts, factors or multipliers, and a word per two of fifteen taps.
    assert network.layers[0].kernel.startswith("mn_depthwise_") and not network.layers[0].kernel.endswith("3x3")
    assert network.layers[0].constant_bytes <= 2 * 4 * (4 + 10 + 8) + 88


def test_extreme_weights(tmp_path):
    for value in (-8, 7):
        check(layer("CONV_2D", (1, 1), np.full((5, 1, 1, DEPTH), value, np.int8), bias=30_000, out_scale=0.3), tmp_path)


def test_minus_eight_beside_negative_weights_stays_packed(tmp_path):
    weights = random_weights((5, 1, 1, DEPTH))
    weights[:, :, :, 2] = -8
    network = check(layer("CONV_2D", (1, 1), weights), tmp_path)
    assert network.layers[0].kernel.startswith("mn_point_int4_")
    assert "operators 0: 4-bit weights stay packed" in explain(network)


def test_accumulators_beyond_the_lanes_take_eight_bits(tmp_path):
    network = check(layer("CONV_2D", (1, 1), random_weights((4, 1, 1, DEPTH)), bias=900_000, out_scale=8.0), tmp_path)
    assert "int4" not in network.layers[0].kernel
    assert "operator 0: 4-bit weights take 8 bits each" in explain(network)


@pytest.mark.parametrize("scales", [1, 8])
def test_fully_connected(scales, tmp_path):
    """With one scale as TFLM runs it; with one per channel refused, as by TFLM."""
    model = ModelBuilder()
    source = model.tensor((1, 6 * 7 * DEPTH), "int8", 0.05, -128)
    scale = np.full(scales, 0.03)
    weights = model.tensor((8, 6 * 7 * DEPTH), "int4", scale, data=random_weights((8, 6 * 7 * DEPTH)))
    bias = model.tensor((8,), "int32", scale * 0.05, data=np.arange(8, dtype=np.int32))
    output = model.tensor((1, 8), "int8", 0.4, 0)
    model.operator("FULLY_CONNECTED", [source, weights, bias], [output], version=10)
    content = model.build([source], [output])
    if scales == 1:
        assert "int4" in check(content, tmp_path, (1, 6 * 7 * DEPTH)).layers[0].kernel
        return
    with pytest.raises(RefusedByTflm):
        tflm_outputs(content, edge_inputs((1, 6 * 7 * DEPTH), 3))
    (tmp_path / "model.tflite").write_bytes(content)
    with pytest.raises(ModelError, match=r"operator 0 \(FULLY_CONNECTED\) has 4-bit weights with a scale per channel"):
        compile_network(tmp_path / "model.tflite", tmp_path / "network")


def test_helium_reads_packed_weights(tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(layer("CONV_2D", (1, 1), random_weights((8, 1, 1, DEPTH))))
    for optimise in ("speed", "balanced", "size"):
        network = compile_network(file, tmp_path / "network", core="cortex-m55", optimise=optimise)
        assert network.layers[0].kernel == "mn_helium_point_int4_fast_1"
        assert any("stay packed" in line for line in network.notes)


def test_helium_takes_whole_bytes_for_other_depthwise_convolutions_unless_size_counts(tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(layer("DEPTHWISE_CONV_2D", (3, 3), random_weights((1, 3, 3, DEPTH))))
    for optimise, kernel, note in (("balanced", "helium", "loads whole bytes"), ("size", "mn_", "stay packed")):
        network = compile_network(file, tmp_path / "network", core="cortex-m55", optimise=optimise)
        assert kernel in network.layers[0].kernel
        assert any(note in line for line in network.notes)


def test_a_network_takes_about_half_the_flash(tmp_path):
    """Weights of 4 bits, and starts, factors and offsets in fewer words than with 8."""
    sizes = {}
    for bits in (8, 4):
        file = tmp_path / f"{bits}.tflite"
        write_tflite(random_network(small_ds_cnn(64), seed=1, weight_bits=bits), file)
        sizes[bits] = compile_network(file, tmp_path / f"network_{bits}").weights_bytes
    assert sizes[4] < 0.58 * sizes[8]
