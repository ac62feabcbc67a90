"""What is searched, and what it costs before it is decided."""

import itertools

import numpy as np
import pytest

from micronets.architecture import AveragePooling, Convolution, DepthwiseConvolution
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.published import published_architecture
from micronets.search.backbones import DsCnnBackbone
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.space import cheapest, width_options

PAPER_SPACE = DsCnnSpace((49, 10, 1), 12, 276, ((2, 2), *((1, 1),) * 7))
SMALL_SPACE = DsCnnSpace((11, 7, 1), 3, 8, ((2, 2), (1, 1)), stem_kernel=(5, 4), width_steps=2)


def _values(space, choice):
    return [decision.options[index] for decision, index in zip(space.decisions, choice, strict=True)]


def _random_choice(space, generator):
    return tuple(int(generator.integers(len(decision.options))) for decision in space.decisions)


@pytest.mark.parametrize(
    "channels, steps, expected",
    [
        (276, 10, (28, 56, 84, 112, 140, 164, 192, 220, 248, 276)),
        (64, 10, (8, 12, 20, 24, 32, 40, 44, 52, 56, 64)),
        (16, 10, (4, 8, 12, 16)),
        (64, 4, (16, 32, 48, 64)),
    ],
)
def test_widths_are_multiples_of_4_in_even_steps(channels, steps, expected):
    assert width_options(channels, steps) == expected


def test_a_backbone_that_is_no_multiple_of_4_is_refused():
    with pytest.raises(ConfigurationError, match="search.backbone.channels is 30"):
        width_options(30, 10)


def test_the_backbone_without_its_last_three_blocks_is_ds_cnn_l():
    widest = [len(decision.options) - 1 for decision in PAPER_SPACE.decisions]
    for block in (6, 7, 8):
        widest[2 * block - 1] = 0
    assert PAPER_SPACE.architecture("ds-cnn-l", tuple(widest)) == published_architecture("ds-cnn-l")


def test_a_skipped_block_leaves_a_pool_where_it_downsamples_and_nothing_elsewhere():
    architecture = SMALL_SPACE.architecture("searched", (1, 0, 1, 0, 1))
    assert architecture.layers == (
        Convolution(8, (5, 4)),
        AveragePooling((2, 2), (2, 2)),
        AveragePooling(),
        Convolution(3, activation="linear"),
    )
    assert not any(isinstance(layer, DepthwiseConvolution) for layer in architecture.layers)
    assert cheapest(SMALL_SPACE) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("space", [PAPER_SPACE, SMALL_SPACE])
def test_costs_of_a_choice_are_the_exact_costs(space):
    generator = np.random.default_rng(3)
    for _ in range(200):
        choice = _random_choice(space, generator)
        exact = costs(space.architecture("searched", choice))
        expected = space.expected_costs(_values(space, choice))
        assert expected.flash_bytes == exact.flash_bytes
        assert expected.ops == exact.ops
        assert max(expected.live_bytes) == exact.sram_bytes
        assert sorted(filter(None, expected.live_bytes)) == sorted(layer.live_bytes for layer in exact.layers)


def test_costs_of_undecided_networks_are_the_expectation_over_all_choices():
    generator = np.random.default_rng(4)
    probabilities = [generator.dirichlet(np.ones(len(decision.options))) for decision in SMALL_SPACE.decisions]
    flash_bytes = ops = 0.0
    for choice in itertools.product(*(range(len(part)) for part in probabilities)):
        likelihood = np.prod([part[index] for part, index in zip(probabilities, choice, strict=True)])
        exact = costs(SMALL_SPACE.architecture("searched", choice))
        flash_bytes += likelihood * exact.flash_bytes
        ops += likelihood * exact.ops
    means = [
        part @ np.array(decision.options) for part, decision in zip(probabilities, SMALL_SPACE.decisions, strict=True)
    ]
    expected = SMALL_SPACE.expected_costs(means)
    assert expected.flash_bytes == pytest.approx(flash_bytes)
    assert expected.ops == pytest.approx(ops)


def test_the_backbone_of_anomaly_detection():
    space = DsCnnBackbone(channels=276, blocks=5, strided=(1, 4, 5), stem_kernel=(3, 3)).space((32, 32, 1), 4)
    widest = tuple(len(decision.options) - 1 for decision in space.decisions)
    assert space.architecture("ds-cnn-l-ad", widest) == published_architecture("ds-cnn-l-ad")
    values = [decision.options[-1] for decision in space.decisions]
    exact = costs(published_architecture("ds-cnn-l-ad"))
    expected = space.expected_costs(values)
    assert (expected.flash_bytes, expected.macs, max(expected.live_bytes)) == (
        exact.flash_bytes,
        exact.macs,
        exact.sram_bytes,
    )
    with pytest.raises(ConfigurationError, match=r"strided is \[1, 6\], but there are the blocks 1 to 5"):
        DsCnnBackbone(channels=276, blocks=5, strided=(1, 6)).space((32, 32, 1), 4)
