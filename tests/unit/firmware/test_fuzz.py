"""A sample of what the fuzz command checks."""

import pytest

from micronets.firmware.fuzz.checks import check


@pytest.mark.parametrize("seed", range(9000, 9024))
def test_random_layers(seed, tmp_path):
    assert check("layer", seed, tmp_path) is None


@pytest.mark.parametrize("seed", range(9000, 9008))
def test_random_networks(seed, tmp_path):
    assert check("network", seed, tmp_path) is None


def test_damaged_files(tmp_path):
    for seed in range(9000, 9120):
        assert check("mutation", seed, tmp_path) is None, seed


@pytest.mark.parametrize("seed", range(9000, 9008))
def test_emulated(seed, tmp_path):
    assert check("emulated", seed, tmp_path) is None
