"""With every decision made, the supernet is the derived network."""

import keras
import numpy as np
import pytest
from keras import ops

from micronets.layers.network import Network
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.ds_cnn_supernet import DsCnnSupernet

SPACE = DsCnnSpace((12, 7, 1), 3, 16, ((2, 2), (1, 1), (1, 1)), stem_kernel=(5, 4))
INPUT_RANGE = (-3.0, 2.0)
LOGIT_STEP = 12 / 255
"""Logits are quantised to 256 levels between -6 and 6."""


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(8).normal(size=(16, *SPACE.input_shape)).astype(np.float32)


def _random_supernet(seed, space=SPACE):
    """Random weights, normalisation and ranges, so that nothing is accidentally neutral."""
    keras.utils.set_random_seed(seed)
    supernet = DsCnnSupernet(space, INPUT_RANGE)
    generator = np.random.default_rng(seed)
    for stage in _stages(supernet):
        if stage.normalisation is not None:
            norm = stage.normalisation
            norm.gamma.assign(generator.uniform(0.5, 1.5, norm.gamma.shape))
            norm.beta.assign(generator.uniform(0.1, 0.6, norm.beta.shape))
            norm.moving_mean.assign(generator.normal(0, 0.1, norm.moving_mean.shape))
            norm.moving_variance.assign(generator.uniform(0.2, 1.0, norm.moving_variance.shape))
            stage.range.set_range(0.0, generator.uniform(2.0, 5.0))
    return supernet


def _stages(supernet):
    pairs = zip(supernet.depthwise, supernet.pointwise, strict=True)
    return [supernet.stem, *(stage for pair in pairs for stage in pair), supernet.classifier]


def _decide(supernet, choice):
    parts = [np.eye(len(d.options))[index] * 100 for d, index in zip(SPACE.decisions, choice, strict=True)]
    supernet.decisions.logits.assign(np.concatenate(parts))


def _derived_network(supernet, choice):
    """The derived network with the first channels of the supernet's weights."""
    space = supernet.space
    network = Network(space.architecture("derived", choice), INPUT_RANGE, quantised=True)
    kept = [index for index, block in enumerate(space.parts(choice)[1]) if block.kept]
    sources = [supernet.stem]
    for index in kept:
        sources += [supernet.depthwise[index], supernet.pointwise[index]]
    sources.append(supernet.classifier)
    targets = [stage for stage in network.stages if hasattr(stage, "kernel_high")]
    for source, target in zip(sources, targets, strict=True):
        for old, new in zip(source.variables, target.variables, strict=True):
            values = ops.convert_to_numpy(old)
            new.assign(values[tuple(slice(0, size) for size in new.shape)])
    return network


@pytest.mark.parametrize(
    "choice",
    [
        (3, 1, 3, 1, 3, 1, 3),
        (1, 1, 2, 1, 0, 1, 3),
        (2, 0, 3, 1, 1, 1, 0),
        (2, 1, 1, 0, 3, 0, 3),
        (1, 0, 3, 0, 3, 0, 3),
    ],
    ids=["widest", "widths", "pool for a downsampling block", "last blocks skipped", "all blocks skipped"],
)
def test_with_decisions_made_it_computes_what_the_derived_network_computes(choice, features):
    supernet = _random_supernet(21)
    _decide(supernet, choice)
    network = _derived_network(supernet, choice)
    expected = ops.convert_to_numpy(network(features, training=False))
    found = ops.convert_to_numpy(supernet(features, training=False))
    assert expected.std() > 0.1
    # Sums run over masked zeros as well; where that moves the last bit, an activation may fall on the next level.
    difference = np.abs(found - expected)
    assert np.mean(difference < 1e-5) > 0.9
    assert difference.max() < 2.5 * LOGIT_STEP


def test_masked_channels_do_not_reach_the_output(features):
    supernet = _random_supernet(22)
    _decide(supernet, (1, 1, 1, 1, 1, 1, 1))
    before = ops.convert_to_numpy(supernet(features, training=False))
    width = SPACE.decisions[0].options[1]
    for stage in _stages(supernet)[:-1]:
        kernel = np.array(ops.convert_to_numpy(stage.kernel))
        if stage.depthwise:
            kernel[:, :, width:] = 9.0
        else:
            kernel[..., width:] = 9.0
        stage.kernel.assign(kernel)
    np.testing.assert_array_equal(ops.convert_to_numpy(supernet(features, training=False)), before)


def test_undecided_outputs_depend_on_the_noise(features):
    supernet = _random_supernet(23)
    before = ops.convert_to_numpy(supernet(features, training=False))
    supernet.decisions.noise.assign(np.random.default_rng(1).gumbel(size=supernet.decisions.size))
    assert np.abs(ops.convert_to_numpy(supernet(features, training=False)) - before).max() > 1e-3
