"""A small characterisation on the emulator."""

import csv
import json

import pytest

from micronets.characterise import characterise
from micronets.characterise.backbones import BACKBONES, find_backbone
from micronets.costs import costs
from micronets.errors import ConfigurationError

OPTIONS = {"networks": 3, "seed": 9, "optimise": "balanced"}


def test_a_board_is_characterised_and_the_same_again(tmp_path):
    for name, processes in (("a", 1), ("b", 2)):
        characterise(tmp_path / name, "nucleo-l4r5zi", ["cifar10"], processes=processes, **OPTIONS)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 8
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


def test_mistakes_are_told_before_anything_runs(tmp_path):
    with pytest.raises(ConfigurationError, match="no backbone 'kwz' .* there are kws"):
        characterise(tmp_path, "nucleo-l4r5zi", ["kwz"], processes=1, **OPTIONS)
    with pytest.raises(ConfigurationError, match="no cycle model for cortex-m3"):
        characterise(tmp_path, "nucleo-f207zg", ["kws"], processes=1, **OPTIONS)
