"""The written file against what training computes, and against the TensorFlow converter's file."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture, Bits
from micronets.export import write_tflite
from micronets.litert import describe
from micronets.network import TrainedNetwork
from micronets.published import published_architecture
from micronets.quantisation import Quantisation, activation_quantisation
from micronets.tflm.host import run_tflm
from tests.networks import (
    mixed_ds_cnn,
    small_autoencoder,
    small_ds_cnn,
    small_one_dimensional,
    small_residual,
    small_shortcut,
)
from tests.unit.export.integer_reference import OPERATORS, constant, read_model, requantise_once, run_integers

keras = pytest.importorskip("keras")
ops = keras.ops

from micronets.layers.network import Network  # noqa: E402  (keras may be missing)

COUNT = 60


def random_model(
    architecture: Architecture, weight_bits: Bits = 8, activation_bits: Bits = 8, input_range=(-40.0, 60.0), seed=1
) -> tuple[Network, np.ndarray]:
    """A fake-quantised network with BatchNorm as if trained (gamma of either sign), and features (n, h, w, c)."""
    keras.utils.set_random_seed(seed)
    generator = np.random.default_rng(seed + 1)
    model = Network(architecture.with_precision(weight_bits, activation_bits), input_range, quantised=True)
    for stage in model.stages:
        norm = getattr(stage, "normalisation", None)
        if norm is not None:
            norm.gamma.assign(generator.uniform(-1.5, 1.5, norm.gamma.shape))
            norm.beta.assign(generator.uniform(-0.5, 1, norm.beta.shape))
            norm.moving_mean.assign(generator.uniform(-0.3, 0.3, norm.beta.shape))
            norm.moving_variance.assign(generator.uniform(0.3, 2, norm.beta.shape))
    low, high = input_range
    margin = 0.05 * (high - low)  # some features saturate
    shape = (COUNT, *architecture.input_shape)
    features = generator.uniform(low - margin, high + margin, shape).astype(np.float32)
    model.calibrate(features[: COUNT // 2])
    return model, features


def trained(model: Network) -> TrainedNetwork:
    return model.trained(tuple(str(index) for index in range(model.architecture.classes)))


def put_biases_on_their_grid(model: Network) -> None:
    """Moves every bias to the nearest multiple of input step x weight step, as the file stores it."""
    network = trained(model)
    ranges = [network.input_range, *(parameters.output_range for parameters in network.parameters)]
    bits = [8, *network.architecture.activation_bits()]
    for index, (stage, parameters) in enumerate(zip(model.stages, network.parameters, strict=True)):
        read = 1 + model.architecture.read_by(index)
        if parameters.kernel is not None:
            step = activation_quantisation(ranges[read], "", 2 ** bits[read]).scale
            step = step * parameters.kernel_scale.astype(np.float64)
            bias = stage.bias if stage.normalisation is None else stage.normalisation.beta
            moved = np.rint(parameters.bias / step) * step - parameters.bias
            if stage is model.stages[-1] and model.architecture.reconstructs:
                moved *= model.input_gain  # the features' units only on the way out
            bias.assign(ops.convert_to_numpy(bias) + moved.astype(np.float32))


@pytest.mark.parametrize("bounds", [(-8, 8), (-1, 1), (0, 6), (0, 5.3), (-0.1, 3.3), (-7.7, 0.2), (1, 3), (-40, 60)])
def test_the_grid_of_a_range_is_that_of_fake_quant(bounds):
    values = np.random.default_rng(0).uniform(bounds[0] - 1, bounds[1] + 1, 20_000).astype(np.float32)
    fake = keras.quantizers.fake_quant_with_min_max_vars(values, *bounds, num_bits=8)
    grid = activation_quantisation(bounds, "")
    np.testing.assert_allclose(
        grid.dequantise(grid.quantise(values)), ops.convert_to_numpy(fake), rtol=0, atol=1e-5 * grid.scale * 255
    )


@pytest.mark.parametrize("precision", [(8, 8), (4, 8), (8, 4), (4, 4)], ids=lambda bits: "w{}a{}".format(*bits))
@pytest.mark.parametrize(
    "architecture",
    [small_ds_cnn(), small_residual(), small_shortcut(), small_autoencoder(), small_one_dimensional(), mixed_ds_cnn()],
    ids=lambda item: item.name,
)
def test_only_rounding_separates_the_file_from_the_fake_quantised_network(tmp_path, architecture, precision):
    # Of seed 1 a sum of 4-bit products lies within a millionth of the middle between two steps: float32 rounds it away.
    model, features = random_model(architecture, *precision, seed=4)
    assert_only_rounding_separates(model, features, tmp_path / "model.tflite")


def assert_only_rounding_separates(model: Network, features: np.ndarray, path: Path) -> None:
    """With biases on their grid and one rounding per requantisation in place of two, every logit is the same."""
    put_biases_on_their_grid(model)
    write_tflite(trained(model), path)
    source, output = describe(path)
    inputs = source.encode(features)
    # Of the steps themselves: a feature halfway between two goes either way in float32.
    logits = ops.convert_to_numpy(model(source.decode(inputs).astype(np.float32)))
    integers = run_integers(path, inputs, requantise_once)
    assert len(np.unique(integers)) > 15  # as many levels as a pooled map of 4 bits has
    np.testing.assert_array_equal(integers, output.encode(logits))


def test_what_training_makes_of_four_bits_is_what_the_file_computes(tmp_path):
    model, features = random_model(mixed_ds_cnn(), seed=4)
    before = [parameters.output_range[1] for parameters in trained(model).parameters]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, run_eagerly=True)
    labels = np.arange(COUNT) % 4
    for _ in range(3):
        model.train_on_batch(features, labels)
    network = trained(model)
    for index, bits in enumerate(network.architecture.activation_bits()):
        if bits == 4:
            assert network.parameters[index].output_range[1] != before[index]
    assert_only_rounding_separates(model, features, tmp_path / "model.tflite")


def test_tflm_agrees_with_the_fake_quantised_network_within_a_step(tmp_path):
    model, features = random_model(published_architecture("micronet-kws-s"))
    logits = ops.convert_to_numpy(model(features))
    path = tmp_path / "model.tflite"
    write_tflite(trained(model), path)
    source, output = describe(path)
    difference = np.abs(run_tflm(path, source.encode(features)).astype(int) - output.encode(logits))
    assert difference.max() <= 2
    assert np.mean(difference <= 1) > 0.98


def test_the_tensorflow_converter_writes_the_same_integers(tmp_path):
    import tensorflow as tf

    architecture = small_ds_cnn()
    # A range of half width 1, because the converter mishandles a scaling between fake-quantisation and convolution.
    model, _ = random_model(architecture, input_range=(-1.0, 0.9))
    inputs = keras.Input(batch_shape=(1, *architecture.input_shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, model(inputs)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    theirs, ours = tmp_path / "theirs.tflite", tmp_path / "ours.tflite"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no representative dataset: the ranges are in the graph
        theirs.write_bytes(converter.convert())
    write_tflite(trained(model), ours)

    names = [OPERATORS[code.builtinCode] for code in operator_codes(theirs)]
    # Only the pooling differs: MEAN folds the division into its requantisation, and so rounds further from the mean.
    assert names.count("MEAN") == 1
    names[names.index("MEAN")] = "AVERAGE_POOL_2D"
    assert [OPERATORS[code.builtinCode] for code in operator_codes(ours)] == names
    for expected, found in zip(convolutions(theirs), convolutions(ours), strict=True):
        assert found["operator"] == expected["operator"]
        for name in ("input", "output"):
            assert found[name].zero_point == expected[name].zero_point
            assert found[name].scale == pytest.approx(expected[name].scale, rel=1e-6)
        np.testing.assert_allclose(found["kernel_scale"], expected["kernel_scale"], rtol=1e-6)
        np.testing.assert_array_equal(found["kernel"], expected["kernel"])
        np.testing.assert_array_equal(found["bias"], expected["bias"])


def operator_codes(path) -> list:
    """In order of execution."""
    model = read_model(path)
    return [model.operatorCodes[operator.opcodeIndex] for operator in model.subgraphs[0].operators]


def convolutions(path) -> list[dict]:
    """Quantisation, weights and biases of every convolution in a file."""
    model = read_model(path)
    graph = model.subgraphs[0]
    found = []
    for operator in graph.operators:
        name = OPERATORS[model.operatorCodes[operator.opcodeIndex].builtinCode]
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            source, kernel, bias = (graph.tensors[index] for index in operator.inputs)
            grids = [
                Quantisation(float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0]))
                for tensor in (source, graph.tensors[operator.outputs[0]])
            ]
            version = model.operatorCodes[operator.opcodeIndex].version
            found.append(
                {
                    "operator": (name, version, operator.builtinOptions.padding),
                    "input": grids[0],
                    "output": grids[1],
                    "kernel": constant(model, kernel),
                    "kernel_scale": kernel.quantization.scale,
                    "bias": constant(model, bias),
                }
            )
    return found
