import dataclasses

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from micronets.architecture import (
    Architecture,
    AveragePooling,
    Convolution,
    DepthwiseConvolution,
    TransposedConvolution,
)
from micronets.errors import ModelError
from micronets.export import tflite_bytes, write_tflite
from micronets.litert import describe, invoke_litert, run_litert
from micronets.network import TrainedNetwork
from micronets.published import published_architecture
from micronets.tflm.host import run_tflm
from tests.networks import (
    mixed_ds_cnn,
    random_network,
    small_autoencoder,
    small_ds_cnn,
    small_one_dimensional,
    small_residual,
    small_skip_pool,
)
from tests.unit.export.integer_reference import OPERATORS, constant, read_model, run_integers

ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        small_ds_cnn(),
        small_residual(),
        small_skip_pool(),
        small_autoencoder(),
        small_one_dimensional(),
    )
}
INT8, INT4, INT32, FLOAT32 = (getattr(schema.TensorType, name) for name in ("INT8", "INT4", "INT32", "FLOAT32"))


def operators(model: schema.ModelT) -> list[tuple[str, int]]:
    """Names and versions in order of execution."""
    codes = [model.operatorCodes[operator.opcodeIndex] for operator in model.subgraphs[0].operators]
    return [(OPERATORS[code.builtinCode], code.version) for code in codes]


def random_inputs(shape: tuple[int, ...], count: int) -> np.ndarray:
    return np.random.default_rng(9).integers(-128, 128, (count, *shape)).astype(np.int8)


@pytest.mark.parametrize("precision", [(8, 8), (4, 8), (8, 4), (4, 4)], ids=lambda bits: "w{}a{}".format(*bits))
@pytest.mark.parametrize("name", [*ARCHITECTURES, "micronet-kws-s"])
def test_tflm_computes_the_specified_integers(tmp_path, name, precision):
    architecture = ARCHITECTURES.get(name) or published_architecture(name)
    weight_bits, activation_bits = precision
    path = tmp_path / "model.tflite"
    write_tflite(random_network(architecture, 3, weight_bits=weight_bits, activation_bits=activation_bits), path)
    inputs = random_inputs(architecture.input_shape, 12)
    outputs = run_tflm(path, inputs)
    assert len(np.unique(outputs)) > 12
    np.testing.assert_array_equal(outputs, run_integers(path, inputs))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_float_file_computes_what_the_quantised_one_approximates(tmp_path, name):
    architecture = ARCHITECTURES[name]
    features = np.random.default_rng(5).uniform(-8, 8, (40, *architecture.input_shape)).astype(np.float32)
    logits = {}
    for quantised in (False, True):
        path = tmp_path / f"{quantised}.tflite"
        write_tflite(random_network(architecture, seed=4, quantised=quantised), path)
        logits[quantised] = run_litert(path, features)
    error = logits[True] - logits[False]
    # Eight bits through all layers: noise of a few percent of the signal, and no bias.
    assert np.std(error) < 0.06 * np.std(logits[False])
    assert abs(np.mean(error)) < 0.03 * np.std(logits[False])


@pytest.mark.parametrize("architecture", [small_residual(), small_autoencoder()], ids=lambda item: item.name)
def test_a_float_file_runs_alike_in_both_runtimes(tmp_path, architecture):
    path = tmp_path / "float.tflite"
    write_tflite(random_network(architecture, quantised=False), path)
    features = np.random.default_rng(5).uniform(-8, 8, (8, *architecture.input_shape)).astype(np.float32)
    np.testing.assert_allclose(run_tflm(path, features), run_litert(path, features), rtol=1e-4, atol=1e-5)


def test_structure_of_a_ds_cnn(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(published_architecture("ds-cnn-s")), path)
    model = read_model(path)
    separable = [("DEPTHWISE_CONV_2D", 3), ("CONV_2D", 3)]
    expected = [("CONV_2D", 3), *separable * 4, ("AVERAGE_POOL_2D", 2), ("CONV_2D", 3), ("RESHAPE", 1)]
    assert operators(model) == expected
    graph = model.subgraphs[0]
    tensors = {tensor.name.decode(): tensor for tensor in graph.tensors}
    assert tuple(tensors["input"].shape) == (1, 49, 10, 1)
    assert tuple(tensors["logits"].shape) == (1, 12)
    assert tuple(tensors["00_convolution/kernel"].shape) == (64, 10, 4, 1)
    assert tensors["00_convolution/kernel"].quantization.quantizedDimension == 0
    assert tuple(tensors["01_depthwise_convolution/kernel"].shape) == (1, 3, 3, 64)
    assert tensors["01_depthwise_convolution/kernel"].quantization.quantizedDimension == 3
    assert len(tensors["01_depthwise_convolution/kernel"].quantization.scale) == 64
    assert tensors["01_depthwise_convolution/bias"].type == INT32
    assert {tensor.type for tensor in graph.tensors} == {INT8, INT32}

    pool = graph.operators[-3].builtinOptions
    assert (pool.filterHeight, pool.filterWidth, pool.padding) == (25, 5, schema.Padding.VALID)
    pooled, source = graph.operators[-3].outputs[0], graph.operators[-3].inputs[0]
    assert graph.tensors[pooled].quantization.scale == graph.tensors[source].quantization.scale
    fused = [operator.builtinOptions.fusedActivationFunction for operator in graph.operators[:9]]
    assert set(fused) == {schema.ActivationFunctionType.RELU6}
    assert graph.operators[-2].builtinOptions.fusedActivationFunction == schema.ActivationFunctionType.NONE
    assert [op.builtinOptions.strideH for op in graph.operators[:3]] == [1, 2, 1]


def test_biases_lie_on_the_grid_of_input_and_weights(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn()), path)
    graph = read_model(path).subgraphs[0]
    for operator in graph.operators:
        if len(operator.inputs) == 3:
            source, kernel, bias = (graph.tensors[index].quantization for index in operator.inputs)
            np.testing.assert_allclose(bias.scale, source.scale * kernel.scale, rtol=1e-6)
            assert not np.any(kernel.zeroPoint) and not np.any(bias.zeroPoint)


def test_additions_pad_only_the_narrower_side(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_residual()), path)
    model = read_model(path)
    found = [name for name, _ in operators(model) if name in ("PAD", "ADD")]
    # 5 + 7 channels: the earlier side is padded; 7 + 4: the later one; 7 + 7: neither.
    assert found == ["PAD", "ADD", "PAD", "ADD", "ADD"]
    assert {version for name, version in operators(model) if name in ("PAD", "ADD")} == {2}
    graph = model.subgraphs[0]
    pads = [
        graph.tensors[op.inputs[0]].name
        for op, (name, _) in zip(graph.operators, operators(model), strict=True)
        if name == "PAD"
    ]
    assert pads == [b"01_convolution", b"08_convolution"]


def test_structure_of_an_autoencoder(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_autoencoder()), path)
    model = read_model(path)
    assert operators(model) == [("CONV_2D", 3)] * 3 + [("TRANSPOSE_CONV", 3)] * 4 + [("RESHAPE", 1)]
    graph = model.subgraphs[0]
    tensors = {tensor.name.decode(): tensor for tensor in graph.tensors}
    assert tuple(tensors["reconstruction"].shape) == (1, 12 * 8)
    kernel = tensors["04_transposed_convolution/kernel"]
    assert tuple(kernel.shape) == (6, 4, 1, 8)
    assert kernel.quantization.quantizedDimension == 0 and len(kernel.quantization.scale) == 6
    rectified = tensors["04_transposed_convolution"].quantization
    assert rectified.zeroPoint == [-128] and rectified.scale[0] <= 6 / 255
    transposed = graph.operators[3:7]
    shapes = [constant(model, graph.tensors[operator.inputs[0]]).tolist() for operator in transposed]
    assert shapes == [[1, 3, 4, 8], [1, 6, 8, 6], [1, 6, 8, 4], [1, 12, 8, 1]]
    fused = {operator.builtinOptions.fusedActivationFunction for operator in transposed}
    assert fused == {schema.ActivationFunctionType.NONE}

    write_tflite(random_network(small_autoencoder(), quantised=False), path)
    names = [name for name, _ in operators(read_model(path))]
    assert names[3:] == ["TRANSPOSE_CONV", *["TRANSPOSE_CONV", "RELU6"] * 2, "TRANSPOSE_CONV", "RESHAPE"]


@pytest.mark.parametrize("high", [0.5, 5.9, 6.0, 7.5, 102.0])
def test_relu6_of_a_transposed_convolution_ends_at_six_or_at_the_range(tmp_path, high):
    architecture = Architecture(
        "one", (1, 1, 1), (TransposedConvolution(1, (1, 1), (1, 1)), Convolution(1, activation="linear"))
    )
    one = {
        "kernel": np.ones((1, 1, 1, 1), np.float32),
        "kernel_scale": np.float32([1 / 127]),
        "bias": np.zeros(1, np.float32),
    }
    network = replace(random_network(architecture), 0, output_range=(-2.0, high), **one)
    network = replace(network, 1, output_range=(-8.0, 8.0), **one)
    path = tmp_path / "model.tflite"
    write_tflite(network, path)
    source, output = describe(path)
    inputs = source.encode(np.float32([-8, -1, 0.25, 3, 7.9]).reshape(5, 1, 1, 1))
    expected = np.clip(source.decode(inputs).ravel(), 0, min(high, 6))
    for run in (run_tflm, invoke_litert):
        decoded = output.decode(run(path, inputs)).ravel()
        np.testing.assert_allclose(decoded, expected, atol=min(high, 6) / 255 / 2 + 16 / 255)


def test_four_bit_weights_take_half_a_byte_each(tmp_path):
    architecture = published_architecture("micronet-kws-s")
    sizes = {}
    for weight_bits in (8, 4):
        path = tmp_path / f"{weight_bits}.tflite"
        write_tflite(random_network(architecture, weight_bits=weight_bits), path)
        sizes[weight_bits] = path.stat().st_size
    weights = 59_136  # PAPER.md, MicroNet-KWS-S
    assert sizes[8] - sizes[4] == pytest.approx(weights / 2, abs=16 * 13)
    model = read_model(tmp_path / "4.tflite")
    assert ("CONV_2D", 7) in operators(model) and ("DEPTHWISE_CONV_2D", 7) in operators(model)
    assert INT4 in {tensor.type for tensor in model.subgraphs[0].tensors}


def test_the_minimum_runtime_follows_the_operators(tmp_path):
    versions, transposed = {}, {}
    for name, options in {"float": {"quantised": False}, "int8": {}, "int4": {"weight_bits": 4}}.items():
        for found, architecture in ((versions, small_ds_cnn()), (transposed, small_autoencoder())):
            path = tmp_path / "model.tflite"
            write_tflite(random_network(architecture, **options), path)
            model = read_model(path)
            found[name] = bytes(model.buffers[model.metadata[0].buffer].data).rstrip(b"\0")
    assert versions == {"float": b"1.5.0", "int8": b"1.14.0", "int4": b"2.11.0"}
    assert transposed == {"float": b"2.3.0", "int8": b"2.3.0", "int4": b"2.11.0"}


def test_a_dead_channel_outputs_its_bias_in_every_runtime(tmp_path):
    network = random_network(small_ds_cnn())
    stem = network.parameters[0]
    kernel, scale, bias = stem.kernel.copy(), stem.kernel_scale.copy(), stem.bias.copy()
    kernel[..., :2], scale[:2], bias[:2] = 0, (0.0, 1e-40), (2.0, -1.0)
    path = tmp_path / "model.tflite"
    write_tflite(replace(network, 0, kernel=kernel, kernel_scale=scale, bias=bias), path)
    inputs = random_inputs(network.architecture.input_shape, 6)
    outputs = run_tflm(path, inputs)
    np.testing.assert_array_equal(outputs, run_integers(path, inputs))
    assert np.abs(outputs.astype(int) - invoke_litert(path, inputs)).max() <= 3
    assert np.std(outputs) > 10


@pytest.mark.parametrize("high", [0.5, 5.9, 6.0, 7.5, 102.0])
def test_relu6_ends_at_six_or_at_the_range(tmp_path, high):
    architecture = Architecture("one", (1, 1, 1), (Convolution(1), Convolution(1, activation="linear")))
    network = random_network(architecture)
    one = {
        "kernel": np.ones((1, 1, 1, 1), np.float32),
        "kernel_scale": np.float32([1 / 127]),
        "bias": np.zeros(1, np.float32),
    }
    network = replace(network, 0, output_range=(0.0, high), **one)
    network = replace(network, 1, output_range=(0.0, 8.0), **one)
    path = tmp_path / "model.tflite"
    write_tflite(network, path)
    source, output = describe(path)
    inputs = source.encode(np.float32([-8, -1, 0.25, 3, 7.9]).reshape(5, 1, 1, 1))
    expected = np.clip(source.decode(inputs).ravel(), 0, min(high, 6))
    for run in (run_tflm, invoke_litert):
        decoded = output.decode(run(path, inputs)).ravel()
        np.testing.assert_allclose(decoded, expected, atol=high / 255 / 2 + 8 / 255)


def test_equal_networks_give_equal_bytes_also_after_storage(tmp_path):
    network = random_network(small_residual(), seed=7)
    content = tflite_bytes(network)
    assert content == tflite_bytes(random_network(small_residual(), seed=7))
    assert content != tflite_bytes(random_network(small_residual(), seed=8))
    network.save(tmp_path / "network.npz")
    assert content == tflite_bytes(TrainedNetwork.load(tmp_path / "network.npz"))


def test_nothing_is_left_where_writing_fails(tmp_path):
    network = random_network(small_ds_cnn())
    broken = replace(network, 0, output_range=(0.0, 0.0))
    with pytest.raises(ModelError, match="output of layer 00_convolution of 'small-ds-cnn'"):
        write_tflite(broken, tmp_path / "model.tflite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("index", "changes", "message"),
    [
        (
            0,
            {"kernel": np.zeros((3, 3, 1, 8), np.float32)},
            r"kernel of layer 00_convolution .* \(5, 4, 1, 8\) is needed",
        ),
        (1, {"bias": None}, r"bias of layer 01_depthwise_convolution .* shape None, but \(8,\)"),
        (2, {"kernel_scale": np.ones(3, np.float32)}, r"kernel_scale of layer 02_convolution .* \(12,\) is needed"),
        (3, {"output_range": None}, "output range of layer 03_depthwise_convolution .* is missing"),
        (5, {"output_range": (0.0, 99.0)}, "layer 05_average_pooling .* must equal its input range"),
    ],
)
def test_parameters_that_do_not_fit_are_named(index, changes, message):
    with pytest.raises(ModelError, match=message):
        tflite_bytes(replace(random_network(small_ds_cnn()), index, **changes))


def test_ranges_without_an_input_range_are_refused():
    network = dataclasses.replace(random_network(small_ds_cnn()), input_range=None)
    with pytest.raises(ModelError, match="input range of layer 00_convolution .* is missing"):
        tflite_bytes(network)


def test_activations_of_four_bits_have_sixteen_levels_of_one_grid_whatever_their_range(tmp_path):
    network = random_network(small_ds_cnn(), activation_bits=4)
    ranges = [2.0, 3.5, 6.0, 1.25, 4.0, 4.0]
    for index, high in enumerate(ranges):
        network = replace(network, index, output_range=(0.0, high))
    path = tmp_path / "model.tflite"
    write_tflite(network, path)
    graph = read_model(path).subgraphs[0]
    for operator in graph.operators[:6]:  # up to the pool; the logits keep 8 bits
        quantisation = graph.tensors[operator.outputs[0]].quantization
        assert quantisation.scale == pytest.approx([6 / 15], rel=1e-7) and quantisation.zeroPoint == [-128]
    assert graph.tensors[graph.operators[6].outputs[0]].quantization.scale[0] < 0.1
    # A layer's sums in the file's units, over its steps, are the same whatever the units.
    first, second = (graph.tensors[operator.outputs[0]].quantization.scale[0] for operator in graph.operators[:2])
    kernel = graph.tensors[graph.operators[1].inputs[1]].quantization.scale
    expected = network.parameters[1].kernel_scale * ranges[0] / ranges[1]
    np.testing.assert_allclose(kernel * first / second, expected, rtol=1e-5)


def test_files_of_mixed_precision_run_in_both_runtimes(tmp_path):
    architecture = mixed_ds_cnn()
    path = tmp_path / "model.tflite"
    write_tflite(random_network(architecture, seed=6), path)
    model = read_model(path)
    assert {("CONV_2D", 3), ("CONV_2D", 7), ("DEPTHWISE_CONV_2D", 7)} <= set(operators(model))
    inputs = random_inputs(architecture.input_shape, 60)
    reference = run_tflm(path, inputs)
    np.testing.assert_array_equal(reference, run_integers(path, inputs))
    # LiteRT's kernels multiply by a float where TFLM's round twice: now and then that is one of sixteen levels of a
    # pooled value, and many steps of a logit.
    found = invoke_litert(path, inputs)
    assert len(np.unique(reference)) > 30 and np.median(np.abs(found.astype(int) - reference)) <= 1
    assert np.mean(found.argmax(axis=1) == reference.argmax(axis=1)) > 0.9


def test_strided_and_rectangular_kernels(tmp_path):
    architecture = Architecture(
        "shapes",
        (11, 14, 2),
        (
            Convolution(6, (5, 2), (2, 3)),
            DepthwiseConvolution((1, 3), (1, 2), activation="linear"),
            DepthwiseConvolution((4, 1), (3, 1)),
            AveragePooling((3, 2), (1, 1)),
            AveragePooling(),
            Convolution(5, activation="linear"),
        ),
    )
    path = tmp_path / "model.tflite"
    write_tflite(random_network(architecture), path)
    inputs = random_inputs(architecture.input_shape, 20)
    np.testing.assert_array_equal(run_tflm(path, inputs), run_integers(path, inputs))


def replace(network: TrainedNetwork, index: int, **changes) -> TrainedNetwork:
    """`network` with some parameters of one layer exchanged."""
    parameters = list(network.parameters)
    parameters[index] = dataclasses.replace(parameters[index], **changes)
    return dataclasses.replace(network, parameters=tuple(parameters))
