"""Weights that several searches share, on synthetic words."""

import json
from dataclasses import replace

import numpy as np
import pytest

from micronets.architecture import Architecture
from micronets.errors import MicronetsError
from micronets.search.budget import Budget
from micronets.search.search import search_space
from micronets.search.shared_weights import train_for_budgets
from tests.unit.search.test_search import OPTIONS, SPACE, KilledError, Sink, Words, _history

SHARING = replace(
    OPTIONS,
    strategy=("evolution",),
    share_weights=True,
    epochs=4,
    evolution=replace(OPTIONS.evolution, population=4, generations=1),
)
BUDGETS = [Budget(2_000, 3_000, ops) for ops in (20_000, 60_000)]


def _train(directory, sink=None):
    facts = {"facts": {"data": "synthetic"}, "sink": sink}
    train_for_budgets(SPACE, BUDGETS, SHARING, Words(1, 6), (-2.0, 3.0), directory, 3, **facts)


def _search(directory, budget, weights, space=SPACE) -> Architecture:
    batches = Words(1, 6), Words(2, 2)
    how = {"name": "tiny", "facts": {"data": "synthetic"}, "shared_weights": weights, "sink": None}
    return search_space(space, budget, SHARING, batches, (-2.0, 3.0), directory, 3, **how)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    directory = tmp_path_factory.mktemp("supernet")
    _train(directory)
    return directory / "supernet.npz"


def test_every_budget_gets_a_network_that_uses_it_and_is_far_from_chance(weights, tmp_path):
    for number, budget in enumerate(BUDGETS):
        directory = tmp_path / str(number)
        architecture = _search(directory, budget, weights)
        assert budget.fits(architecture) and max(budget.exact_usage(architecture)) >= 0.9
        report = json.loads((directory / "search.json").read_text())
        assert max(candidate["accuracy"] for candidate in report["candidates"]) > 0.6  # of three classes
        assert _history(directory) == []


def test_the_training_draws_for_all_budgets(weights):
    history = _history(weights.parent)
    assert len(history) == SHARING.epochs
    assert float(history[-1]["drawn_loss"]) < float(history[0]["drawn_loss"])


def test_an_interrupted_training_ends_with_the_same_weights(weights, tmp_path):
    with pytest.raises(KilledError):
        _train(tmp_path, Sink(1))
    _train(tmp_path)
    with np.load(tmp_path / "supernet.npz") as one, np.load(weights) as other:
        assert one.files == other.files
        assert all(np.array_equal(one[name], other[name]) for name in one.files)


def test_weights_of_another_space_and_damaged_ones_are_refused(weights, tmp_path):
    with pytest.raises(MicronetsError, match="supernet.npz has the weights of another search space; delete it"):
        _search(tmp_path, BUDGETS[0], weights, replace(SPACE, stem_kernel=(3, 4)))
    cut = tmp_path / "supernet.npz"
    cut.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(MicronetsError, match="supernet.npz is damaged; delete it"):
        _search(tmp_path, BUDGETS[0], cut)
