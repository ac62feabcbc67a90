"""The search space of visual wake words: its widths, and its costs with residual maps kept."""

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
from micronets.search.backbones import DsCnnBackbone, MobileNetV2Backbone, read_backbone
from micronets.search.mobilenet_v2_space import MobileNetV2Space

PAPER_SPACE = MobileNetV2Space((50, 50, 1), 2)
SMALL_SPACE = MobileNetV2Space((33, 20, 3), 3, width=0.25, width_steps=3)


def _values(space, choice):
    values = [decision.options[index] for decision, index in zip(space.decisions, choice, strict=True)]
    return values, [max(values[index] for index in group) for group in space.maxima]


def _random_choice(space, generator):
    return tuple(int(generator.integers(len(decision.options))) for decision in space.decisions)


def test_the_widest_network_is_mobilenet_v2():
    widest = tuple(len(decision.options) - 1 for decision in PAPER_SPACE.decisions)
    assert PAPER_SPACE.architecture("mobilenet-v2-50", widest) == published_architecture("mobilenet-v2-50")


def test_every_bottleneck_has_two_widths_and_is_kept():
    assert len(PAPER_SPACE.decisions) == 1 + 2 * 17 + 1
    generator = np.random.default_rng(2)
    for _ in range(5):
        layers = PAPER_SPACE.architecture("searched", _random_choice(PAPER_SPACE, generator)).layers
        assert len(layers) == len(published_architecture("mobilenet-v2-50").layers)
        assert sum(isinstance(layer, Addition) for layer in layers) == 10


@pytest.mark.parametrize(("name", "foreign"), [("micronet-vww-2", {16, 112}), ("micronet-vww-4", {14})])
def test_widths_of_the_released_networks_are_options_but_for_few(name, foreign):
    # VWW-2 has 2/10 of 96 and 3/10 of 384 rounded down; VWW-4 has 1/10 of 144 as 14.
    layers = [layer for layer in published_architecture(name).layers if isinstance(layer, Convolution)][:-1]
    widths = [decision.options for decision in PAPER_SPACE.decisions]
    missing = {layer.channels for layer, options in zip(layers, widths, strict=True) if layer.channels not in options}
    assert missing == foreign


@pytest.mark.parametrize("space", [PAPER_SPACE, SMALL_SPACE], ids=["paper", "small"])
def test_costs_of_a_choice_are_the_exact_costs(space):
    generator = np.random.default_rng(3)
    for _ in range(50):
        choice = _random_choice(space, generator)
        exact = costs(space.architecture("searched", choice))
        expected = space.expected_costs(*_values(space, choice))
        assert expected.flash_bytes == exact.flash_bytes
        assert expected.macs == exact.macs
        assert expected.live_bytes == [layer.live_bytes for layer in exact.layers]


def test_costs_of_undecided_networks_are_the_expectation_over_all_choices():
    # All projections of the third stage and their neighbours are open, everything else is decided.
    generator = np.random.default_rng(4)
    names = ["bottleneck 4 expansion", *(f"bottleneck {n} projection" for n in (3, 4, 5, 6)), "bottleneck 7 expansion"]
    opened = {f"{name} width" for name in names}
    probabilities = [
        generator.dirichlet(np.ones(len(decision.options)))
        if decision.name in opened
        else np.eye(len(decision.options))[generator.integers(len(decision.options))]
        for decision in SMALL_SPACE.decisions
    ]
    macs = flash_bytes = live_bytes = 0
    for choice in itertools.product(*(np.flatnonzero(part) for part in probabilities)):
        likelihood = np.prod([part[index] for part, index in zip(probabilities, choice, strict=True)])
        exact = costs(SMALL_SPACE.architecture("searched", choice))
        macs += likelihood * exact.macs
        flash_bytes += likelihood * exact.flash_bytes
        live_bytes = live_bytes + likelihood * np.array([layer.live_bytes for layer in exact.layers])
    options = [decision.options for decision in SMALL_SPACE.decisions]
    means = [part @ np.array(values) for part, values in zip(probabilities, options, strict=True)]
    expected = SMALL_SPACE.expected_costs(
        means, [_mean_of_greatest(group, probabilities) for group in SMALL_SPACE.maxima]
    )
    assert expected.macs == pytest.approx(macs)
    assert expected.flash_bytes == pytest.approx(flash_bytes)
    assert expected.live_bytes == pytest.approx(live_bytes)


def _mean_of_greatest(group, probabilities):
    options = SMALL_SPACE.decisions[group[0]].options
    assert all(SMALL_SPACE.decisions[index].options == options for index in group)
    return sum(
        np.prod([probabilities[index][k] for index, k in zip(group, picks, strict=True)]) * options[max(picks)]
        for picks in itertools.product(range(len(options)), repeat=len(group))
    )


@pytest.mark.slow
def test_the_compiler_needs_the_same_operations_and_no_more_memory(tmp_path):
    generator = np.random.default_rng(6)
    for _ in range(3):
        architecture = SMALL_SPACE.architecture("searched", _random_choice(SMALL_SPACE, generator))
        write_tflite(random_network(architecture, 1), tmp_path / "model.tflite")
        network = compile_network(tmp_path / "model.tflite", tmp_path / "network", core="cortex-m4")
        exact = costs(architecture)
        assert sum(layer.file_macs for layer in network.layers) == exact.macs
        assert network.arena_bytes <= exact.sram_bytes
        assert 0.85 * exact.flash_bytes < network.weights_bytes <= exact.flash_bytes


def test_the_configuration_names_the_kind_of_backbone():
    assert read_backbone({"channels": 16, "blocks": 2}) == DsCnnBackbone(channels=16, blocks=2)
    # A task's defaults stay beside what replaces their kind.
    narrow = read_backbone({"kind": "mobilenet-v2", "channels": 16, "blocks": 2, "width": 0.35})
    assert narrow == MobileNetV2Backbone(width=0.35)
    assert narrow.space((50, 50, 1), 2) == MobileNetV2Space((50, 50, 1), 2, 0.35)
    assert narrow.space((50, 50, 1), 2).decisions[0].options == (4, 8, 12)
    with pytest.raises(ConfigurationError, match="search.backbone.blocks is missing, which kind ds-cnn needs"):
        read_backbone({"channels": 16, "width": 1})
