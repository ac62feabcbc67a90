"""What is searched, and what it costs before it is decided."""

import itertools
from dataclasses import replace

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
MIXED_SPACE = replace(SMALL_SPACE, weight_bits=(4, 8), activation_bits=(4, 8))


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


_OF_A_BLOCK = (
    "kept",
    "width",
    "depthwise weight bits",
    "depthwise activation bits",
    "1x1 weight bits",
    "1x1 activation bits",
)


def test_every_convolution_has_bits_of_its_own():
    assert [decision.name for decision in MIXED_SPACE.decisions] == [
        "stem width",
        "stem weight bits",
        "stem activation bits",
        *(f"block 1 {what}" for what in _OF_A_BLOCK),
        *(f"block 2 {what}" for what in _OF_A_BLOCK),
        "classifier weight bits",
    ]
    cheapest_but_second_block = [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1]
    architecture = MIXED_SPACE.architecture("mixed", tuple(cheapest_but_second_block))
    # Stem, the pool in the place of the first block, the second block, the pool over all, the classifier.
    assert architecture.weight_bits() == (8, 8, 4, 8, 8, 8)
    assert architecture.activation_bits() == (4, 4, 8, 4, 4, 8)


def test_bits_move_with_their_block_and_a_skipped_one_has_none():
    space = DsCnnSpace((8, 6, 1), 3, 8, ((1, 1), (1, 1)), (3, 3), 2, weight_bits=(4, 8))
    # Of two alike the second is kept, with 8 bits in its 1x1 convolution; the first has bits without effect.
    first, second = (0, 0, 1, 1), (1, 1, 0, 1)
    assert space.canonical((0, 1, *first, *second, 0)) == (0, 1, *second, 0, 0, 0, 0, 0)


def test_a_single_number_of_bits_is_fixed_and_eight_are_left_to_the_training():
    fixed = replace(SMALL_SPACE, weight_bits=(4,), activation_bits=(8,))
    assert fixed.decisions == SMALL_SPACE.decisions
    architecture = fixed.architecture("fixed", cheapest(fixed))
    assert set(layer.weight_bits for layer in architecture.layers if isinstance(layer, Convolution)) == {4}
    assert all(layer.activation_bits is None for layer in architecture.layers if isinstance(layer, Convolution))


@pytest.mark.parametrize("space", [PAPER_SPACE, SMALL_SPACE, MIXED_SPACE])
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
