"""A small characterisation on the emulator."""

import csv
import json

import pytest

from micronets.boards import find_board
from micronets.characterise import characterise, sampling
from micronets.characterise.backbones import BACKBONES, find_backbone
from micronets.characterise.finished import Finished
from micronets.characterise.samples import LayerSample, NetworkSample
from micronets.characterise.sampling import _measure
from micronets.costs import costs
from micronets.errors import ConfigurationError, EmulatorError

OPTIONS = {"networks": 3, "seed": 9, "optimise": "balanced"}


@pytest.mark.emulator
def test_a_board_is_characterised_and_the_same_after_an_interruption(tmp_path, monkeypatch):
    characterise(tmp_path / "a", "nucleo-l4r5zi", ["cifar10"], processes=1, **OPTIONS)
    measured = []

    def measure(architecture, *arguments):
        measured.append(architecture.name)
        if len(measured) == 3:
            raise EmulatorError("interrupted")
        return _measure(architecture, *arguments)

    monkeypatch.setattr(sampling, "_measure", measure)
    with pytest.raises(EmulatorError, match="interrupted"):
        characterise(tmp_path / "b", "nucleo-l4r5zi", ["cifar10"], processes=1, **OPTIONS)
    characterise(tmp_path / "b", "nucleo-l4r5zi", ["cifar10"], processes=2, **OPTIONS)
    # The third network was begun twice, the first two only once.
    assert sorted(name for name in measured if name.startswith("cifar10")) == [
        "cifar10-0000",
        "cifar10-0001",
        "cifar10-0002",
        "cifar10-0002",
    ]
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 9
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    with open(tmp_path / "a" / "cifar10_networks.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    backbone = find_backbone("cifar10")
    assert [int(row["ops"]) for row in rows] == [costs(backbone.sample(9, index)).ops for index in range(3)]
    figures = json.loads((tmp_path / "a" / "characterisation.json").read_text(encoding="utf-8"))
    assert figures["backbones"]["cifar10"]["networks"] == 3
    assert figures["channels"]["140"] < figures["channels"]["139"]


def test_networks_of_a_backbone_differ_and_repeat():
    for name in BACKBONES:
        backbone = find_backbone(name)
        assert backbone.sample(1, 0) == backbone.sample(1, 0)
        assert len({costs(backbone.sample(1, index)).ops for index in range(20)}) == 20


def test_layers_of_mixed_networks_have_bits_drawn_for_each():
    for name in BACKBONES:
        networks = [find_backbone(name).sample(1, index) for index in range(10)]
        found = {
            bits for network in networks for bits in zip(network.weight_bits(), network.activation_bits(), strict=True)
        }
        assert found == ({(4, 4), (4, 8), (8, 4), (8, 8)} if name.endswith("-mixed") else {(8, 8)})
    assert "cifar10-mixed-0001" == find_backbone("cifar10-mixed").sample(1, 1).name


def test_mistakes_are_told_before_anything_runs(tmp_path):
    with pytest.raises(ConfigurationError, match="no backbone 'kwz' .* there are kws"):
        characterise(tmp_path, "nucleo-l4r5zi", ["kwz"], processes=1, **OPTIONS)
    with pytest.raises(ConfigurationError, match="no cycle model for cortex-m3"):
        characterise(tmp_path, "nucleo-f207zg", ["kws"], processes=1, **OPTIONS)


def test_what_is_finished_counts_only_for_the_same_network_board_and_options(tmp_path):
    board, other = find_board("nucleo-l4r5zi"), find_board("nucleo-f446re")
    network = find_backbone("kws").sample(1, 0)
    found = (NetworkSample("n", 1, 1.5, 2, 3, 4.5, 5.25, 6, 7), [LayerSample("n", "l", "depthwise", 1, 2, 3, 4, 5.5)])

    def fail():
        raise AssertionError("measured again")

    assert Finished(tmp_path, board, "balanced").get(network, 8, lambda: found) == found
    assert Finished(tmp_path, board, "balanced").get(network, 8, fail) == found
    for folder in (Finished(tmp_path, other, "balanced"), Finished(tmp_path, board, "size")):
        with pytest.raises(AssertionError, match="measured again"):
            folder.get(network, 8, fail)
    with pytest.raises(AssertionError, match="measured again"):
        Finished(tmp_path, board, "balanced").get(network, 9, fail)
    assert Finished(tmp_path, board, "balanced").get(network, 9, lambda: None) is None
    assert Finished(tmp_path, board, "balanced").get(network, 9, fail) is None  # too large for the board
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text(encoding="utf-8")[:40], encoding="utf-8")
    assert Finished(tmp_path, board, "balanced").get(network, 9, lambda: found) == found
