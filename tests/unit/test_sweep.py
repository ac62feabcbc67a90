"""Grids of models, and what they are called."""

import pytest

from micronets.errors import ConfigurationError
from micronets.sweep import points

SEARCH = {"search": {"board": "nucleo-f446re", "epochs": 5}}


def test_every_combination_is_a_model_with_a_name_that_tells_which():
    sweep = {**SEARCH, "over": {"search.max_mops": [2, 4.5], "train.weight_bits": [8], "seed": [1, 2]}}
    found = points("kws.sweep.net", "net", sweep)
    assert [(point.name, point.group) for point in found] == [
        ("net-max-mops-2-seed-1", "net-max-mops-2"),
        ("net-max-mops-2-seed-2", "net-max-mops-2"),
        ("net-max-mops-4-5-seed-1", "net-max-mops-4-5"),
        ("net-max-mops-4-5-seed-2", "net-max-mops-4-5"),
    ]
    assert found[3].keys == {
        "search": {"board": "nucleo-f446re", "epochs": 5, "max_mops": 4.5},
        "train": {"weight_bits": 8},
        "seed": 2,
    }


def test_a_board_is_searched_for_and_built_for():
    (first, second) = points("k", "net", {**SEARCH, "over": {"board": ["frdm-kl25z", "nucleo-l4r5zi"]}})
    assert (first.name, second.name) == ("net-frdm-kl25z", "net-nucleo-l4r5zi")
    assert second.keys == {"search": {"board": "nucleo-l4r5zi", "epochs": 5}, "boards": ["nucleo-l4r5zi"]}


def test_a_precision_stands_for_the_bits_of_weights_and_activations():
    sweep = {"architecture": "ds-cnn-s", "train": {"dropout": 0}, "over": {"precision": ["w8a8", "w4a8", "w4a4"]}}
    found = points("k", "net", sweep)
    assert [point.name for point in found] == ["net-w8a8", "net-w4a8", "net-w4a4"]
    assert found[1].keys["train"] == {"dropout": 0, "weight_bits": 4, "activation_bits": 8}
    searched = points("k", "net", {**SEARCH, "over": {"precision": ["w4a8"]}})
    assert searched[0].keys["search"] == {**SEARCH["search"], "weight_bits": [4], "activation_bits": [8]}
    for wrong in ("w4a2", 4):
        with pytest.raises(
            ConfigurationError, match=f"k.over.precision has {wrong!r}, but must be of w8a8, w8a4, w4a8"
        ):
            points("k", "net", {**sweep, "over": {"precision": [wrong]}})


def test_keys_of_the_same_last_part_are_named_whole():
    sweep = {**SEARCH, "over": {"search.learning_rate": [0.1, 0.2], "train.learning_rate": [0.01, 0.02]}}
    assert points("k", "net", sweep)[0].name == "net-search-learning-rate-0-1-train-learning-rate-0-01"


def test_values_that_give_one_name_are_refused():
    with pytest.raises(ConfigurationError, match=r"kws\.sweep\.net\.over makes two models called net-optimise-a-b;"):
        points("kws.sweep.net", "net", {"over": {"firmware.optimise": ["a-b", "a_b"]}})
