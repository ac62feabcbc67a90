"""The Keras network against its folded, frozen form, and its quantisation against plain numpy."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    Convolution,
    DepthwiseConvolution,
)
from micronets.layers.convolution import QuantisableConvolution
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from tests.networks import small_autoencoder, small_one_dimensional, small_shortcut, transposed_convolution

CHAIN = Architecture(
    "chain",
    (9, 7, 2),
    (
        Convolution(6, (4, 3)),
        DepthwiseConvolution((3, 3), (2, 2)),
        Convolution(8),
        AveragePooling((2, 2), (2, 2)),
        DepthwiseConvolution(),
        Convolution(4, activation="linear"),
        AveragePooling(),
        Convolution(5, activation="linear"),
    ),
)
RESIDUAL = Architecture(
    "residual",
    (8, 8, 1),
    (
        Convolution(4, activation="linear"),
        Convolution(8),
        Convolution(6, activation="linear"),
        Addition(0),
        Convolution(3, activation="linear"),
        Addition(3),
        AveragePooling(),
        Convolution(2, activation="linear"),
    ),
)


def _randomise(network: Network, generator: np.random.Generator) -> None:
    """Weights as after a long training: BatchNorm far from its start, some gammas negative."""
    for variable in network.variables:
        name = variable.name
        if name in ("gamma", "beta", "moving_mean"):
            variable.assign(generator.normal(0.2, 1.0, variable.shape))
        elif name == "moving_variance":
            variable.assign(generator.uniform(0.2, 3.0, variable.shape))


@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (5, 4)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 3)])
def test_a_transposed_convolution_is_the_gradient_of_a_convolution(kernel, stride):
    keras.utils.set_random_seed(3)
    layer = QuantisableConvolution(
        4, kernel, stride, relu6=False, normalise=False, quantised=False, transposed=True, name="up"
    )
    maps = np.random.default_rng(3).normal(0, 1, (2, 5, 3, 6)).astype(np.float32)
    found = convert_to_numpy(layer(maps))
    assert found.shape == (2, 5 * stride[0], 3 * stride[1], 4)
    learnt = layer.parameters().kernel
    assert learnt.shape == (*kernel, 6, 4)
    np.testing.assert_allclose(found, transposed_convolution(maps, learnt, stride), rtol=1e-4, atol=1e-5)

    # <convolved(x), y> = <x, transposed(y)> for the convolution with the same kernel, its channels swapped.
    images = np.random.default_rng(4).normal(0, 1, found.shape).astype(np.float32)
    convolved = convert_to_numpy(keras.ops.conv(images, learnt.swapaxes(2, 3), strides=stride, padding="same"))
    assert np.sum(convolved * maps) == pytest.approx(np.sum(images * found), rel=1e-3)


@pytest.mark.parametrize("transposed", [False, True])
def test_layers_start_with_twice_the_mean_square_of_their_input(transposed):
    # He's initialisation, for the half that a ReLU takes away.
    keras.utils.set_random_seed(3)
    layer = QuantisableConvolution(
        32, (6, 4), (2, 2), relu6=False, normalise=False, quantised=False, transposed=transposed
    )
    maps = np.random.default_rng(3).normal(0, 1, (4, 24, 24, 32)).astype(np.float32)
    inside = convert_to_numpy(layer(maps))[:, 4:-4, 4:-4]
    assert np.mean(inside**2) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize(
    "architecture",
    [CHAIN, RESIDUAL, small_shortcut(), small_autoencoder(), small_one_dimensional()],
    ids=lambda item: item.name,
)
def test_folded_network_answers_as_the_trained_one(architecture):
    keras.utils.set_random_seed(3)
    generator = np.random.default_rng(3)
    network = Network(architecture, (-20.0, 30.0), quantised=False)
    _randomise(network, generator)
    features = generator.normal(0, 10, (16, *architecture.input_shape)).astype(np.float32)
    expected = network.predict_on_batch(features)
    answers = FrozenNetwork(network.trained(tuple("abcde"))).predict_on_batch(features)
    assert expected.std() > 0.1
    np.testing.assert_allclose(answers, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("bits", [8, 4])
def test_quantising_before_batchnorm_equals_quantising_the_folded_kernel(bits):
    keras.utils.set_random_seed(5)
    generator = np.random.default_rng(5)
    network = Network(CHAIN.with_precision(bits, 8), (-20.0, 30.0), quantised=True)
    _randomise(network, generator)
    network.calibrate(generator.normal(0, 10, (16, *CHAIN.input_shape)).astype(np.float32))
    stage = network.stages[2]
    learnt = network.trained(tuple("abcde")).parameters[2]
    levels = np.round(learnt.kernel / learnt.kernel_scale)
    assert np.abs(levels).max() == 2 ** (bits - 1) - 1
    gain = convert_to_numpy(stage.normalisation.gamma) / np.sqrt(
        convert_to_numpy(stage.normalisation.moving_variance) + stage.normalisation.epsilon
    )
    assert (gain < 0).any()
    high = convert_to_numpy(stage.kernel_high)
    quantised = convert_to_numpy(
        keras.quantizers.fake_quant_with_min_max_vars(
            stage.kernel, -high, high, num_bits=bits, narrow_range=True, axis=3
        )
    )
    np.testing.assert_allclose(levels * learnt.kernel_scale, quantised * gain, rtol=1e-4, atol=1e-6)


def test_quantised_network_takes_over_the_float_one_and_stays_near_it():
    keras.utils.set_random_seed(7)
    generator = np.random.default_rng(7)
    features = generator.normal(0, 8, (64, *CHAIN.input_shape)).astype(np.float32)
    float_network = Network(CHAIN, (-40.0, 40.0), quantised=False)
    _randomise(float_network, generator)
    network = Network(CHAIN, (-40.0, 40.0), quantised=True)
    network.copy_from(float_network)
    network.calibrate(features)
    expected, answers = float_network.predict_on_batch(features), network.predict_on_batch(features)
    assert not np.array_equal(answers, expected)
    assert np.abs(answers - expected).mean() < 0.05 * expected.std()


def test_every_activation_lies_on_one_of_its_256_levels():
    generator = np.random.default_rng(1)
    network = Network(CHAIN, (-20.0, 30.0), quantised=True)
    features = generator.normal(0, 10, (4, *CHAIN.input_shape)).astype(np.float32)
    network.calibrate(features)
    logits = network.predict_on_batch(features)
    low, high = network.trained(tuple("abcde")).parameters[-1].output_range
    steps = logits / ((high - low) / 255)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-2)


def test_average_pool_keeps_the_range_of_its_input():
    network = Network(CHAIN, (-20.0, 30.0), quantised=True)
    network.calibrate(np.random.default_rng(2).normal(0, 9, (8, *CHAIN.input_shape)).astype(np.float32))
    parameters = network.trained(tuple("abcde")).parameters
    assert parameters[3].output_range == parameters[2].output_range
    assert parameters[6].output_range == parameters[5].output_range


def test_float_network_does_not_train_ranges_and_the_quantised_one_does():
    names = {v.path for v in Network(CHAIN, (-1.0, 1.0), quantised=False).trainable_variables}
    assert not any("range" in name for name in names)
    quantised = Network(CHAIN, (-1.0, 1.0), quantised=True)
    assert sum("range" in v.name for v in quantised.trainable_variables) == 6 * 2 + 2
