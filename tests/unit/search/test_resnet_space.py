"""The search space of residual networks: its widths, and its costs with the maps that shortcuts keep."""

import itertools

import numpy as np
import pytest

from micronets.architecture import Addition, Convolution
from micronets.compiler import compile_network
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.published import published_architecture
from micronets.search.backbones import ResNetBackbone, read_backbone
from micronets.search.resnet_space import ResNetSpace

RESNET_8 = ResNetBackbone(channels=16).space((32, 32, 3), 10)
DEEP = ResNetSpace((21, 34, 1), 3, 12, (False, False, True, False, True), width_steps=3)
STRIDED_FIRST = ResNetSpace((32, 32, 3), 2, 8, (True, False, False), width_steps=2)
SPACES = [RESNET_8, DEEP, STRIDED_FIRST]


def values_of(space, choice):
    values = [decision.options[index] for decision, index in zip(space.decisions, choice, strict=True)]
    return values, [max(values[index] for index in group) for group in space.maxima]


def random_choice(space, generator):
    return tuple(int(generator.integers(len(decision.options))) for decision in space.decisions)


def test_the_widest_network_is_resnet_8():
    widest = tuple(len(decision.options) - 1 for decision in RESNET_8.decisions)
    assert RESNET_8.architecture("resnet-8", widest) == published_architecture("resnet-8")


def test_every_block_has_two_widths_and_a_sum_after_it():
    assert [decision.name for decision in RESNET_8.decisions][:3] == [
        "stem width",
        "block 1 inner width",
        "block 1 width",
    ]
    assert [decision.options[-1] for decision in DEEP.decisions] == [12, 12, 12, 12, 12, 24, 24, 24, 24, 48, 48]
    layers = DEEP.architecture("searched", random_choice(DEEP, np.random.default_rng(1))).layers
    assert sum(isinstance(layer, Addition) and layer.activation == "relu6" for layer in layers) == 5
    assert sum(isinstance(layer, Convolution) and layer.source is not None for layer in layers) == 2


@pytest.mark.parametrize("space", SPACES, ids=["resnet-8", "deep", "strided first"])
def test_costs_of_a_choice_are_the_exact_costs(space):
    generator = np.random.default_rng(3)
    for _ in range(50):
        choice = random_choice(space, generator)
        exact = costs(space.architecture("searched", choice))
        expected = space.expected_costs(*values_of(space, choice))
        assert expected.flash_bytes == exact.flash_bytes
        assert expected.macs == exact.macs
        assert expected.live_bytes == [layer.live_bytes for layer in exact.layers]


def test_costs_of_undecided_networks_are_the_expectation_over_all_choices():
    space = ResNetSpace((10, 13, 3), 3, 12, (False, False, True), width_steps=3)
    generator = np.random.default_rng(4)
    probabilities = [generator.dirichlet(np.ones(len(decision.options))) for decision in space.decisions]
    options = [decision.options for decision in space.decisions]
    macs = flash_bytes = live_bytes = 0
    greatest = np.zeros(len(space.maxima))
    for choice in itertools.product(*map(range, map(len, options))):
        likelihood = np.prod([part[index] for part, index in zip(probabilities, choice, strict=True)])
        exact = costs(space.architecture("searched", choice))
        macs += likelihood * exact.macs
        flash_bytes += likelihood * exact.flash_bytes
        live_bytes = live_bytes + likelihood * np.array([layer.live_bytes for layer in exact.layers])
        greatest += likelihood * np.array(values_of(space, choice)[1])
    means = [part @ np.array(values) for part, values in zip(probabilities, options, strict=True)]
    expected = space.expected_costs(means, greatest.tolist())
    assert expected.macs == pytest.approx(macs)
    assert expected.flash_bytes == pytest.approx(flash_bytes)
    assert expected.live_bytes == pytest.approx(live_bytes)


@pytest.mark.slow
def test_the_compiler_needs_the_same_operations_and_no_more_memory(tmp_path):
    generator = np.random.default_rng(6)
    for space in SPACES:
        architecture = space.architecture("searched", random_choice(space, generator))
        write_tflite(random_network(architecture, 1), tmp_path / "model.tflite")
        network = compile_network(tmp_path / "model.tflite", tmp_path / "network", core="cortex-m4")
        exact = costs(architecture)
        assert sum(layer.file_macs for layer in network.layers) == exact.macs
        assert network.arena_bytes <= exact.sram_bytes
        assert 0.85 * exact.flash_bytes < network.weights_bytes <= exact.flash_bytes


def test_the_configuration_names_the_kind_of_backbone():
    # A task's defaults stay beside what replaces their kind.
    assert read_backbone({"kind": "resnet", "width": 0.35}) == ResNetBackbone()
    given = read_backbone({"kind": "resnet", "channels": 8, "blocks": 3, "strided": [1], "width_steps": 2})
    assert given.space((32, 32, 3), 2) == ResNetSpace((32, 32, 3), 2, 8, (True, False, False), 2)
    with pytest.raises(
        ConfigurationError, match=r"search.backbone.strided is \[2, 3\], but there are the blocks 1 to 2"
    ):
        read_backbone({"kind": "resnet", "blocks": 2}).space((32, 32, 3), 2)
    with pytest.raises(ConfigurationError, match="search.backbone.channels is 6, but widths are multiples of 4"):
        _ = ResNetBackbone(channels=6).space((32, 32, 3), 2).decisions
