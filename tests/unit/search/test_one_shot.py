"""One-shot search on synthetic words: parts of the supernet, scores, resumption, and the network it returns."""

import json
from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from micronets.architecture import Architecture, Convolution, DepthwiseConvolution
from micronets.layers.batch_normalisation import Statistics
from micronets.search.budget import Budget
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.evolution import Candidate, next_generation, ranked
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.mobilenet_v2_supernet import MobileNetV2Supernet
from micronets.search.proposals import drawn_evenly
from micronets.search.sampling import Sampler
from micronets.search.scoring import HeldBackScore, Scorer
from micronets.search.search import search_space
from micronets.search.space import cheapest
from micronets.search.supernets import supernet_of
from tests.unit.search.test_search import OPTIONS, SPACE, KilledError, Sink, Words, _history
from tests.unit.search.test_supernet import SPACE as SUPERNET_SPACE
from tests.unit.search.test_supernet import _derived_network, _random_supernet

ONE_SHOT = replace(OPTIONS, strategy=("evolution",), epochs=6)
BUDGET = Budget(2_000, 3_000, 60_000)


def _search(directory, *, options=ONE_SHOT, seed=3, sink=None) -> Architecture:
    return search_space(
        SPACE,
        BUDGET,
        options,
        (Words(1, 6), Words(2, 2)),
        (-2.0, 3.0),
        directory,
        seed,
        name="tiny",
        facts={"data": "synthetic"},
        sink=sink,
    )


def _part(supernet, choice, features, statistics):
    return supernet.part(supernet.values(choice), ops.convert_to_tensor(features), statistics)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("finished")
    _search(directory)
    return directory


@pytest.mark.parametrize("choice", [(3, 1, 3, 1, 3, 1, 3), (1, 1, 2, 1, 0, 1, 3), (2, 0, 3, 1, 1, 1, 0)])
def test_a_part_computes_what_the_derived_network_computes(choice):
    features = np.random.default_rng(8).normal(size=(16, *SUPERNET_SPACE.input_shape)).astype(np.float32)
    supernet = _random_supernet(21)
    network = _derived_network(supernet, choice)
    expected = ops.convert_to_numpy(network(features, training=False))
    found = ops.convert_to_numpy(_part(supernet, choice, features, Statistics.KEPT))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    expected = ops.convert_to_numpy(network(features, training=True))
    found = ops.convert_to_numpy(_part(supernet, choice, features, Statistics.BATCH))
    assert np.mean(np.abs(found - expected) < 1e-4) > 0.95


@pytest.mark.parametrize(
    "options", [{"weight_bits": (4, 8), "activation_bits": (4, 8)}, {"weight_bits": (4,), "activation_bits": (4, 8)}]
)
def test_a_part_has_the_bits_of_its_choice(options):
    space = replace(SUPERNET_SPACE, **options)
    features = np.random.default_rng(8).normal(size=(16, *space.input_shape)).astype(np.float32)
    supernet = _random_supernet(21, space)
    generator = np.random.default_rng(6)
    found = []
    for _ in range(3):
        drawn = [int(generator.integers(len(decision.options))) for decision in space.decisions]
        choice = space.canonical(tuple(drawn))
        expected = ops.convert_to_numpy(_derived_network(supernet, choice)(features, training=False))
        found.append(ops.convert_to_numpy(_part(supernet, choice, features, Statistics.KEPT)))
        np.testing.assert_allclose(found[-1], expected, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_a_network_that_int8_cannot_hold_is_found_in_mixed_precision(tmp_path):
    plain = DsCnnSpace(SPACE.input_shape, 3, 8, ((2, 2),), stem_kernel=(5, 4), width_steps=2)
    space = replace(plain, weight_bits=(4, 8), activation_bits=(4, 8))
    budget = Budget(1_000, 450)  # the narrowest stem reads 96 bytes and writes 4 x 96 of 8 bits
    assert not budget.fits(plain.architecture("int8", cheapest(plain)))
    evolution = replace(OPTIONS.evolution, population=4, generations=2, examples=32)
    options = replace(OPTIONS, strategy=("evolution",), epochs=1, evolution=evolution)
    batches = Words(1, 2), Words(2, 2)
    facts = {"name": "mixed", "facts": {"data": "synthetic"}, "sink": None}
    architecture = search_space(space, budget, options, batches, (-2.0, 3.0), tmp_path, 3, **facts)
    assert budget.fits(architecture) and architecture.activation_bits()[0] == 4
    convolutions = [layer for layer in architecture.layers if isinstance(layer, Convolution | DepthwiseConvolution)]
    assert all(layer.weight_bits in (4, 8) for layer in convolutions)
    eight = tuple(
        replace(layer, weight_bits=None, activation_bits=None) if layer in convolutions else layer
        for layer in architecture.layers
    )
    assert not budget.fits(replace(architecture, layers=eight))
    assert Architecture.load(tmp_path / "found.json") == architecture
    decisions = json.loads((tmp_path / "search.json").read_text())["decisions"]
    assert {entry["chosen"] for entry in decisions if entry["name"].endswith("bits")} <= {4, 8}


def test_a_part_of_mobilenet_v2_is_the_whole_of_it_with_masks():
    space = MobileNetV2Space((32, 32, 1), 2, 0.25)
    supernet = MobileNetV2Supernet(space, (-1.0, 1.0))
    choice = tuple(index % len(decision.options) for index, decision in enumerate(space.decisions))
    parts = [np.eye(len(d.options))[index] * 1000 for d, index in zip(space.decisions, choice, strict=True)]
    supernet.decisions.logits.assign(np.concatenate(parts))
    features = np.random.default_rng(2).normal(size=(8, 32, 32, 1)).astype(np.float32)
    masked = ops.convert_to_numpy(supernet(features, training=False))
    part = ops.convert_to_numpy(_part(supernet, choice, features, Statistics.KEPT))
    np.testing.assert_allclose(part, masked, atol=2.5 * 12 / 255)


@pytest.mark.parametrize(
    "space",
    [
        SUPERNET_SPACE,
        replace(SUPERNET_SPACE, weight_bits=(4, 8), activation_bits=(4, 8)),
        MobileNetV2Space((32, 32, 1), 3, 0.1, 4),
    ],
)
def test_one_graph_computes_all_parts(space):
    supernet = supernet_of(space, (-1.0, 1.0))
    features = np.random.default_rng(3).normal(size=(8, *space.input_shape)).astype(np.float32)
    generator = np.random.default_rng(4)
    traced = supernet.part_function(Statistics.BATCH)
    for _ in range(4):
        choice = tuple(int(generator.integers(len(decision.options))) for decision in space.decisions)
        values = ops.convert_to_tensor(supernet.values(choice), "int32")
        found = ops.convert_to_numpy(traced(values, ops.convert_to_tensor(features)))
        np.testing.assert_allclose(found, _part(supernet, choice, features, Statistics.BATCH), atol=1e-4)


def test_scores_do_not_depend_on_what_was_scored_before():
    supernet = _random_supernet(22)
    generator = np.random.default_rng(5)
    features = generator.normal(size=(40, *SUPERNET_SPACE.input_shape)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[generator.integers(0, 3, 40)]
    scorer = Scorer(supernet, features[:16], features, labels)
    first = scorer.score((3, 1, 3, 1, 3, 1, 3))
    other = scorer.score((1, 1, 1, 1, 1, 1, 1))
    assert scorer.score((3, 1, 3, 1, 3, 1, 3)) == first != other
    assert 0 <= first.accuracy <= 1 and first.loss > 0


def test_generations_hold_new_networks_only():
    generator = np.random.default_rng(1)
    sampler = Sampler(SPACE, BUDGET, generator)
    found: list[Candidate] = []
    for generation in range(4):
        choices = next_generation(found, 5, 2, sampler, generator, drawn_evenly)
        assert len(set(choices)) == len(choices)
        assert not {candidate.choice for candidate in found} & set(choices)
        found += [Candidate(c, generation, sampler.use(c), HeldBackScore(float(sum(c)), 0.0)) for c in choices]
    losses = [candidate.score.loss for candidate in ranked(found)]
    assert losses == sorted(losses)


def test_the_network_found_fits_uses_the_budget_and_is_far_from_chance(finished):
    architecture = Architecture.load(finished / "found.json")
    assert BUDGET.fits(architecture)
    report = json.loads((finished / "search.json").read_text())
    assert report["strategy"] == ["evolution"]
    losses = [candidate["loss"] for candidate in report["candidates"]]
    assert len(losses) >= 10
    best = report["candidates"][int(np.argmin(losses))]
    assert best["values"] == [entry["chosen"] for entry in report["decisions"]]
    assert best["accuracy"] > 0.6  # of three classes
    for entry in report["decisions"]:
        assert sum(entry["probabilities"]) == pytest.approx(1, abs=1e-4)
    history = _history(finished)
    assert float(history[-1]["drawn_loss"]) < float(history[0]["drawn_loss"])


def test_an_interrupted_search_ends_with_the_same_bytes(finished, tmp_path):
    for kill_after in (0, 3):
        with pytest.raises(KilledError):
            _search(tmp_path, sink=Sink(kill_after))
    _search(tmp_path)
    for name in ("found.json", "search.json"):
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes()


def test_a_random_network_uses_the_budget_and_trains_nothing(tmp_path):
    architecture = _search(tmp_path, options=replace(OPTIONS, strategy=("random",)))
    assert BUDGET.fits(architecture)
    assert max(BUDGET.exact_usage(architecture)) >= 0.9
    assert _history(tmp_path) == []
    again = _search(tmp_path / "again", options=replace(OPTIONS, strategy=("random",)))
    other = _search(tmp_path / "other", options=replace(OPTIONS, strategy=("random",)), seed=4)
    assert again == architecture != other
