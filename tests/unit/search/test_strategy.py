"""Phases of a search in a row, each of which can be left out; finalists that are trained alone."""

import json
from dataclasses import replace

import pytest

from micronets.architecture import Architecture
from micronets.errors import ConfigurationError
from micronets.search.budget import Budget
from micronets.search.options import HalvingOptions, epochs_of_search, read_strategy
from micronets.search.search import search_space
from tests.unit.search.test_search import OPTIONS, SPACE, KilledError, Words

BUDGET = Budget(2_000, 3_000, 60_000)
HALVING = HalvingOptions(networks=3, epochs=2)


def _search(directory, *phases, sink=None, epochs=2, seed=3):
    options = replace(OPTIONS, strategy=phases, halving=HALVING, epochs=epochs)
    batches = Words(1, 6), Words(2, 2)
    facts = {"facts": {"data": "synthetic"}, "sink": sink, "name": "tiny"}
    architecture = search_space(SPACE, BUDGET, options, batches, (-2.0, 3.0), directory, seed, **facts)
    return architecture, json.loads((directory / "search.json").read_text())


@pytest.mark.parametrize(
    ("strategy", "networks", "epochs"),
    [
        ("random", 8, 0),
        ("dnas", 8, 12),
        (["dnas", "evolution"], 8, 12),
        (["random", "halving"], 8, 28),  # 8, 4 and 2 networks for 4 epochs each
        (["evolution", "halving"], 3, 22),  # 3 and 2 networks
    ],
)
def test_a_search_takes_the_time_of_its_phases(strategy, networks, epochs):
    section = {"strategy": strategy, "epochs": 12, "halving": {"networks": networks, "epochs": 4}}
    assert epochs_of_search(section) == epochs
    assert epochs_of_search({"epochs": 12}) == 12  # of a task that says no more


@pytest.mark.parametrize(
    ("given", "phases"),
    [
        ("dnas", ("dnas",)),
        (["evolution", "halving"], ("evolution", "halving")),
        (["dnas", "evolution", "halving"], ("dnas", "evolution", "halving")),
        (["random", "halving"], ("random", "halving")),
    ],
)
def test_strategies_in_order(given, phases):
    assert read_strategy(given) == phases


@pytest.mark.parametrize(
    "given", [["halving"], [], ["evolution", "dnas"], ["random", "evolution"], ["dnas", "random"], ["dnas", "dnas"]]
)
def test_phases_that_make_no_search_are_refused(given):
    with pytest.raises(ConfigurationError, match="search.strategy is .* but must be dnas, evolution or both"):
        read_strategy(given)


def test_decisions_are_evolved_and_the_best_trained_alone(tmp_path):
    architecture, report = _search(tmp_path, "dnas", "evolution", "halving")
    assert BUDGET.fits(architecture)
    generations = [candidate["generation"] for candidate in report["candidates"]]
    assert generations.count(0) == 8 and max(generations) >= 1  # so small a space is soon known
    ranked = sorted(report["candidates"], key=lambda candidate: candidate["loss"])
    trained = [(entry["rung"], entry["network"]) for entry in report["finalists"]]
    assert trained[:3] == [(0, 0), (0, 1), (0, 2)] and [rung for rung, _ in trained[3:]] == [1, 1]
    last = [entry for entry in report["finalists"] if entry["rung"] == 1]
    winner = min(last, key=lambda entry: entry["score"]["loss"])["network"]
    assert ranked[winner]["values"] == [entry["chosen"] for entry in report["decisions"]]
    worst = max(report["finalists"][:3], key=lambda entry: entry["score"]["loss"])["network"]
    assert worst not in {entry["network"] for entry in last}


def test_as_many_random_networks_are_trained_alone_and_an_interruption_changes_nothing(tmp_path, monkeypatch):
    architecture, report = _search(tmp_path / "whole", "random", "halving")
    assert BUDGET.fits(architecture) and report["candidates"] == [] and len(report["finalists"]) == 5
    import micronets.search.halving as halving

    usual, scored = halving.held_back_score, []

    def dies(*arguments):
        scored.append(usual(*arguments))
        if len(scored) == 3:
            raise KilledError
        return scored[-1]

    monkeypatch.setattr(halving, "held_back_score", dies)
    with pytest.raises(KilledError):
        _search(tmp_path / "killed", "random", "halving")
    assert len(scored) == 3
    _search(tmp_path / "killed", "random", "halving")
    assert len(scored) == 6  # the network that was interrupted is trained again, the two before are not
    for name in ("found.json", "search.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert Architecture.load(tmp_path / "whole" / "found.json") == architecture
