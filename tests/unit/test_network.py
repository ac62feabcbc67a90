import dataclasses
import json

import numpy as np
import pytest

from micronets.errors import ModelError
from micronets.network import LayerParameters, TrainedNetwork
from tests.networks import random_network, small_ds_cnn, small_residual


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "network.npz"
    random_network(small_ds_cnn()).save(path)
    return path


@pytest.mark.parametrize("options", [{}, {"weight_bits": 4, "activation_bits": 4}, {"quantised": False}])
@pytest.mark.parametrize("architecture", [small_ds_cnn(), small_residual()], ids=lambda item: item.name)
def test_round_trip(tmp_path, architecture, options):
    network = random_network(architecture, **options)
    network.save(tmp_path / "network.npz")
    loaded = TrainedNetwork.load(tmp_path / "network.npz")
    for name in ("architecture", "labels", "input_range"):
        assert getattr(loaded, name) == getattr(network, name)
    for found, expected in zip(loaded.parameters, network.parameters, strict=True):
        assert found.output_range == expected.output_range
        for name in ("kernel", "bias", "kernel_scale"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
            assert getattr(found, name) is None or getattr(found, name).dtype == np.float32


def test_equal_networks_give_equal_bytes(path, tmp_path):
    random_network(small_ds_cnn()).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()
    random_network(small_ds_cnn(), seed=1).save(tmp_path / "other.npz")
    assert (tmp_path / "other.npz").read_bytes() != path.read_bytes()


def test_saving_leaves_nothing_else(path):
    assert [file.name for file in path.parent.iterdir()] == ["network.npz"]


def test_a_network_needs_parameters_for_every_layer():
    network = random_network(small_ds_cnn())
    with pytest.raises(ModelError, match="'small-ds-cnn' has 7 layers, but parameters for 6"):
        dataclasses.replace(network, parameters=network.parameters[:-1])


@pytest.mark.parametrize(
    ("index", "kernel", "message"),
    [
        (0, None, r"Layer 0 .*\(convolution\) lacks a kernel"),
        (5, np.zeros(1), r"\(average_pooling\) cannot have a kernel"),
    ],
)
def test_kernels_stand_where_the_architecture_has_weights(index, kernel, message):
    network = random_network(small_ds_cnn())
    parameters = list(network.parameters)
    parameters[index] = LayerParameters(kernel, None, None, None)
    with pytest.raises(ModelError, match=message):
        dataclasses.replace(network, parameters=tuple(parameters))


@pytest.mark.parametrize("length", [0, 10, 1000, -100, -1])
def test_cut_files_are_refused_by_name(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ModelError, match="network.npz is damaged .* make it anew: rm .*network.npz"):
        TrainedNetwork.load(path)


def test_a_flipped_bit_in_the_weights_is_noticed(path):
    content = bytearray(path.read_bytes())
    start = content.index(random_network(small_ds_cnn()).parameters[2].kernel.tobytes())
    content[start + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="network.npz is damaged"):
        TrainedNetwork.load(path)


@pytest.mark.parametrize("content", [b"text", b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelError, match="network.npz is damaged"):
        TrainedNetwork.load(path)


def test_an_array_in_place_of_an_archive_is_refused(path):
    with open(path, "wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(ModelError, match="network.npz is damaged"):
        TrainedNetwork.load(path)


def header(**changes) -> np.ndarray:
    content = {
        "architecture": small_ds_cnn().to_json(),
        "labels": ["a"],
        "input_range": None,
        "output_ranges": [None] * 7,
        "weight_bits": 8,
    }
    return np.frombuffer(json.dumps(content | changes).encode(), np.uint8)


@pytest.mark.parametrize(
    "changes", [{"output_ranges": [None]}, {"output_ranges": None}, {"input_range": 3}, {"labels": None}]
)
def test_damaged_headers_are_refused(path, changes):
    kernels = {f"{index:03d}_kernel": np.zeros(1, np.float32) for index in (0, 1, 2, 3, 4, 6)}
    np.savez(path, header=header(), **kernels)
    TrainedNetwork.load(path)
    np.savez(path, header=header(**changes), **kernels)
    with pytest.raises(ModelError, match="network.npz is damaged"):
        TrainedNetwork.load(path)


def test_four_bit_weights_of_earlier_versions_stay_what_they_were(path):
    kernels = {f"{index:03d}_kernel": np.zeros(1, np.float32) for index in (0, 1, 2, 3, 4, 6)}
    np.savez(path, header=header(weight_bits=4), **kernels)
    architecture = TrainedNetwork.load(path).architecture
    assert architecture.weight_bits() == (4, 4, 4, 4, 4, 8, 4)
    assert set(architecture.activation_bits()) == {8}


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ModelError, match="there is no .*absent.npz; the workflow makes it"):
        TrainedNetwork.load(tmp_path / "absent.npz")
