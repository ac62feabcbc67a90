"""With every width decided, the supernet is the derived network, whole or in part."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from micronets.costs import costs
from micronets.layers.batch_normalisation import Statistics
from micronets.layers.convolution import QuantisableConvolution
from micronets.layers.network import Network, PaddedAddition
from micronets.search.resnet_space import ResNetSpace
from micronets.search.supernets import supernet_of

SPACE = ResNetSpace((18, 21, 3), 3, 12, (False, True, False), width_steps=3)
INPUT_RANGE = (0.0, 1.0)
LOGIT_STEP = 12 / 255
"""Logits are quantised to 256 levels between -6 and 6."""
WIDEST = tuple(len(decision.options) - 1 for decision in SPACE.decisions)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(8).uniform(size=(16, *SPACE.input_shape)).astype(np.float32)


@pytest.fixture(scope="module")
def supernet():
    """Random normalisation and ranges, so that nothing is accidentally neutral."""
    keras.utils.set_random_seed(21)
    net = supernet_of(SPACE, INPUT_RANGE)
    generator = np.random.default_rng(21)
    for stage in convolutions(net)[:-1]:
        norm = stage.normalisation
        norm.gamma.assign(generator.uniform(0.5, 1.5, norm.gamma.shape))
        norm.beta.assign(generator.uniform(0.1, 0.6, norm.beta.shape))
        norm.moving_mean.assign(generator.normal(0, 0.1, norm.moving_mean.shape))
        norm.moving_variance.assign(generator.uniform(0.2, 1.0, norm.moving_variance.shape))
        stage.range.set_range(-generator.uniform(2.0, 5.0), generator.uniform(2.0, 5.0))
    for block in net.blocks:
        block.sum_range.set_range(0.0, generator.uniform(3.0, 6.0))
    return net


def convolutions(net):
    return [net.stem, *(stage for block in net.blocks for stage in block.convolutions), net.classifier]


def decide(net, choice):
    parts = [np.eye(len(d.options))[index] * 100 for d, index in zip(SPACE.decisions, choice, strict=True)]
    net.decisions.logits.assign(np.concatenate(parts))


def derived_network(net, choice):
    """The derived network with the first channels of the supernet's weights."""
    network = Network(SPACE.architecture("derived", choice), INPUT_RANGE, quantised=True)
    targets = [stage for stage in network.stages if isinstance(stage, QuantisableConvolution)]
    for source, target in zip(convolutions(net), targets, strict=True):
        for old, new in zip(source.variables, target.variables, strict=True):
            new.assign(ops.convert_to_numpy(old)[tuple(slice(0, size) for size in new.shape)])
    additions = [stage for stage in network.stages if isinstance(stage, PaddedAddition)]
    for block, target in zip(net.blocks, additions, strict=True):
        target.range.set_range(*block.sum_range.get_range())
    return network


def random_choices(count):
    generator = np.random.default_rng(5)
    return [tuple(int(generator.integers(top + 1)) for top in WIDEST) for _ in range(count)]


@pytest.mark.parametrize("choice", [WIDEST, (0,) * len(WIDEST), *random_choices(3)])
def test_with_widths_decided_it_computes_what_the_derived_network_computes(choice, supernet, images):
    decide(supernet, choice)
    network = derived_network(supernet, choice)
    expected = ops.convert_to_numpy(network(images, training=False))
    assert expected.std() > 0.05
    # Sums run over masked zeros as well; where that moves the last bit, an activation may fall on the next level.
    difference = np.abs(ops.convert_to_numpy(supernet(images, training=False)) - expected)
    assert np.mean(difference < 1e-5) > 0.9
    assert difference.max() < 2.5 * LOGIT_STEP
    part = ops.convert_to_numpy(supernet.part(supernet.values(choice), ops.convert_to_tensor(images), Statistics.KEPT))
    np.testing.assert_allclose(part, expected, atol=1e-5)


def test_masked_channels_do_not_reach_the_output(supernet, images):
    choice = tuple(min(1, top) for top in WIDEST)
    decide(supernet, choice)
    before = ops.convert_to_numpy(supernet(images, training=False))
    stem, *widths = (decision.options[index] for decision, index in zip(SPACE.decisions, choice, strict=True))
    cuts = [(supernet.stem, stem)]
    for block, inner, outer in zip(supernet.blocks, widths[0::2], widths[1::2], strict=True):
        cuts += zip(block.convolutions, (inner, outer, outer), strict=False)
    kernels = [np.array(ops.convert_to_numpy(stage.kernel)) for stage, _ in cuts]
    try:
        for (stage, width), kernel in zip(cuts, kernels, strict=True):
            changed = kernel.copy()
            changed[..., width:] = 9.0
            stage.kernel.assign(changed)
        np.testing.assert_array_equal(ops.convert_to_numpy(supernet(images, training=False)), before)
    finally:
        for (stage, _), kernel in zip(cuts, kernels, strict=True):
            stage.kernel.assign(kernel)


def test_certain_widths_cost_exactly_what_the_network_costs(supernet):
    for choice in random_choices(5):
        decide(supernet, choice)
        exact = costs(SPACE.architecture("searched", choice))
        expected = supernet.decisions.expected_costs(SPACE)
        # All these counts are below 2^24, so float32 holds them exactly.
        assert float(expected.flash_bytes) == exact.flash_bytes
        assert float(expected.macs) == exact.macs
        assert [float(live) for live in expected.live_bytes] == [layer.live_bytes for layer in exact.layers]


def test_every_weight_and_every_decision_learns(images):
    keras.utils.set_random_seed(3)
    net = supernet_of(SPACE, INPUT_RANGE)
    labels = np.eye(3, dtype=np.float32)[np.arange(len(images)) % 3]
    with tf.GradientTape() as tape:
        loss = ops.mean(keras.losses.categorical_crossentropy(labels, net(images, training=True), from_logits=True))
    gradients = tape.gradient(loss, [variable.value for variable in net.trainable_variables])
    idle = [variable.path for variable, slope in zip(net.trainable_variables, gradients, strict=True) if slope is None]
    assert idle == []
    logits = gradients[[variable is net.decisions.logits for variable in net.trainable_variables].index(True)]
    ends = np.cumsum([len(decision.options) for decision in SPACE.decisions])[:-1]
    for decision, part in zip(SPACE.decisions, np.split(logits.numpy(), ends), strict=True):
        assert np.abs(part).max() > 0, decision.name
