"""With every width decided, the supernet is the derived network, residual sums and padding included."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from micronets.costs import costs
from micronets.layers.convolution import QuantisableConvolution
from micronets.layers.network import Network, PaddedAddition
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.mobilenet_v2_supernet import MobileNetV2Supernet

SPACE = MobileNetV2Space((34, 27, 1), 3, width=0.25)
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
    net = MobileNetV2Supernet(SPACE, INPUT_RANGE)
    generator = np.random.default_rng(21)
    for stage in _convolutions(net)[:-1]:
        norm = stage.normalisation
        norm.gamma.assign(generator.uniform(0.5, 1.5, norm.gamma.shape))
        norm.beta.assign(generator.uniform(0.1, 0.6, norm.beta.shape))
        norm.moving_mean.assign(generator.normal(0, 0.1, norm.moving_mean.shape))
        norm.moving_variance.assign(generator.uniform(0.2, 1.0, norm.moving_variance.shape))
        stage.range.set_range(-generator.uniform(2.0, 5.0), generator.uniform(2.0, 5.0))
    for bottleneck in net.bottlenecks:
        if bottleneck.sum_range is not None:
            bottleneck.sum_range.set_range(-generator.uniform(4.0, 8.0), generator.uniform(4.0, 8.0))
    return net


def _convolutions(net):
    inner = [stage for part in net.bottlenecks for stage in (part.expansion, part.depthwise, part.projection)]
    return [net.stem, *inner, net.head, net.classifier]


def _decide(net, choice):
    parts = [np.eye(len(d.options))[index] * 100 for d, index in zip(SPACE.decisions, choice, strict=True)]
    net.decisions.logits.assign(np.concatenate(parts))


def _derived_network(net, choice):
    """The derived network with the first channels of the supernet's weights."""
    network = Network(SPACE.architecture("derived", choice), INPUT_RANGE, quantised=True)
    targets = [stage for stage in network.stages if isinstance(stage, QuantisableConvolution)]
    for source, target in zip(_convolutions(net), targets, strict=True):
        for old, new in zip(source.variables, target.variables, strict=True):
            new.assign(ops.convert_to_numpy(old)[tuple(slice(0, size) for size in new.shape)])
    sums = [bottleneck.sum_range for bottleneck in net.bottlenecks if bottleneck.sum_range is not None]
    additions = [stage for stage in network.stages if isinstance(stage, PaddedAddition)]
    for source, target in zip(sums, additions, strict=True):
        target.range.set_range(*source.get_range())
    return network


def _random_choices(count):
    generator = np.random.default_rng(5)
    return [tuple(int(generator.integers(top + 1)) for top in WIDEST) for _ in range(count)]


@pytest.mark.parametrize("choice", [WIDEST, (0,) * len(WIDEST), *_random_choices(3)])
def test_with_widths_decided_it_computes_what_the_derived_network_computes(choice, supernet, images):
    _decide(supernet, choice)
    expected = ops.convert_to_numpy(_derived_network(supernet, choice)(images, training=False))
    found = ops.convert_to_numpy(supernet(images, training=False))
    assert expected.std() > 0.05
    # Sums run over masked zeros as well; where that moves the last bit, an activation may fall on the next level.
    difference = np.abs(found - expected)
    assert np.mean(difference < 1e-5) > 0.9
    assert difference.max() < 2.5 * LOGIT_STEP


def test_masked_channels_do_not_reach_the_output(supernet, images):
    choice = tuple(min(1, top) for top in WIDEST)
    _decide(supernet, choice)
    before = ops.convert_to_numpy(supernet(images, training=False))
    widths = [decision.options[index] for decision, index in zip(SPACE.decisions, choice, strict=True)]
    dense = [stage for stage in _convolutions(supernet)[:-1] if not stage.depthwise]
    kernels = [np.array(ops.convert_to_numpy(stage.kernel)) for stage in dense]
    try:
        for stage, kernel, width in zip(dense, kernels, widths, strict=True):
            changed = kernel.copy()
            changed[..., width:] = 9.0
            stage.kernel.assign(changed)
        np.testing.assert_array_equal(ops.convert_to_numpy(supernet(images, training=False)), before)
    finally:
        for stage, kernel in zip(dense, kernels, strict=True):
            stage.kernel.assign(kernel)


def test_certain_widths_cost_exactly_what_the_network_costs(supernet):
    for choice in _random_choices(5):
        _decide(supernet, choice)
        exact = costs(SPACE.architecture("searched", choice))
        expected = supernet.decisions.expected_costs(SPACE)
        # All these counts are below 2^24, so float32 holds them exactly.
        assert float(expected.flash_bytes) == exact.flash_bytes
        assert float(expected.macs) == exact.macs
        assert [float(live) for live in expected.live_bytes] == [layer.live_bytes for layer in exact.layers]


def test_greatest_widths_are_expected_as_often_as_they_are_drawn(supernet):
    generator = np.random.default_rng(9)
    logits = generator.normal(size=supernet.decisions.size)
    supernet.decisions.logits.assign(logits)
    ends = np.cumsum([len(decision.options) for decision in SPACE.decisions])[:-1]
    draws = 20_000
    drawn = {}
    for index, part in enumerate(np.split(logits, ends)):
        share = np.exp(part) / np.exp(part).sum()
        drawn[index] = generator.choice(SPACE.decisions[index].options, size=draws, p=share)
    expected = [float(value) for value in supernet.decisions.expected_greatest()]
    found = [np.max([drawn[index] for index in group], axis=0) for group in SPACE.maxima]
    for value, sample in zip(expected, found, strict=True):
        assert value == pytest.approx(sample.mean(), abs=5 * sample.std() / draws**0.5 + 1e-4)


def test_every_weight_and_every_decision_learns(images):
    keras.utils.set_random_seed(3)
    net = MobileNetV2Supernet(SPACE, INPUT_RANGE)
    labels = np.eye(3, dtype=np.float32)[np.arange(len(images)) % 3]
    with tf.GradientTape() as tape:
        loss = ops.mean(keras.losses.categorical_crossentropy(labels, net(images, training=True), from_logits=True))
    gradients = tape.gradient(loss, [variable.value for variable in net.trainable_variables])
    idle = [variable.path for variable, slope in zip(net.trainable_variables, gradients, strict=True) if slope is None]
    assert idle == []
    logits = gradients[[variable is net.decisions.logits for variable in net.trainable_variables].index(True)]
    ends = np.cumsum([len(decision.options) for decision in SPACE.decisions])[:-1]
    for decision, part in zip(SPACE.decisions, np.split(logits.numpy(), ends), strict=True):
        assert len(decision.options) == 1 or np.abs(part).max() > 0, decision.name


def test_its_variables_are_all_that_a_checkpoint_needs(supernet, images):
    _decide(supernet, _random_choices(1)[0])
    keras.utils.set_random_seed(4)
    other = MobileNetV2Supernet(SPACE, INPUT_RANGE)
    for source, target in zip(supernet.variables, other.variables, strict=True):
        target.assign(source)
    found, expected = (ops.convert_to_numpy(net(images, training=False)) for net in (other, supernet))
    np.testing.assert_array_equal(found, expected)
