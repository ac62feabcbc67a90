"""Boards side by side, from tables whose ratio is known."""

import json
import math

import pytest

from micronets.boards import find_board
from micronets.characterise import compare
from micronets.characterise.samples import NetworkSample, table
from micronets.timing.cycle_models import find_cycle_model


def write(folder, backbone, latencies_ms):
    samples = [NetworkSample(name, 1, 1.0, 1, 1, 1.0, latency, 1, 1) for name, latency in latencies_ms.items()]
    folder.mkdir(exist_ok=True)
    (folder / f"{backbone}_networks.csv").write_text(table(samples), encoding="utf-8")


def test_only_networks_that_ran_on_both(tmp_path):
    slow, fast = tmp_path / "slow", tmp_path / "fast"
    write(slow, "kws", {"kws-0": 20.0, "kws-1": 30.0, "kws-3": 44.0})
    write(fast, "kws", {"kws-0": 10.0, "kws-1": 10.0, "kws-2": 5.0})
    write(slow, "vww", {"vww-0": 8.0})
    write(fast, "cifar10", {"cifar10-0": 8.0})
    (found,) = compare({"nucleo-f446re": slow, "nucleo-f746zg": fast}, tmp_path / "comparison")
    assert (found.backbone, found.networks, found.mean, found.lowest, found.highest) == ("kws", 2, 2.5, 2.0, 3.0)
    errors = [find_cycle_model(find_board(name)).errors.mean for name in ("nucleo-f446re", "nucleo-f746zg")]
    assert found.error_percent == pytest.approx(100 * math.hypot(*errors), abs=0.01)
    text = (tmp_path / "comparison/comparison.txt").read_text(encoding="utf-8")
    assert "2 networks: nucleo-f746zg 2.50 times as fast as nucleo-f446re (2.00 to 3.00" in text
    assert json.loads((tmp_path / "comparison/comparison.json").read_text(encoding="utf-8"))[0]["mean"] == 2.5
    pictures = (tmp_path / "comparison/pictures").glob("[!.]*")
    assert [path.name for path in pictures] == ["nucleo-f446re_nucleo-f746zg.png"]
