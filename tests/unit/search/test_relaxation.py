"""Distributions over options: samples, temperatures, and the penalty's value and gradient."""

import keras
import numpy as np
import pytest
from keras import ops

from micronets.costs import costs
from micronets.search.budget import Budget
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.relaxation import Decisions, gumbel_noise, penalty, temperature_at
from micronets.search.resnet_space import ResNetSpace

SPACE = DsCnnSpace((49, 10, 1), 12, 64, ((2, 2), (1, 1)))


def _decide(decisions, choice):
    """Makes the decisions certain."""
    parts = [np.eye(len(d.options))[index] * 100 for d, index in zip(SPACE.decisions, choice, strict=True)]
    decisions.logits.assign(np.concatenate(parts))


def test_gates_take_one_option_at_every_temperature():
    decisions = Decisions(SPACE.decisions)
    decisions.noise.assign(gumbel_noise(decisions.size, 1, 0, 0))
    drawn = np.split(ops.convert_to_numpy(decisions.noise), np.cumsum([len(d.options) for d in SPACE.decisions]))[:-1]
    for temperature in (5.0, 1.0, 0.05):
        decisions.temperature.assign(temperature)
        gates = [ops.convert_to_numpy(part) for part in decisions.sample()]
        assert [len(part) for part in gates] == [len(decision.options) for decision in SPACE.decisions]
        for part, noise in zip(gates, drawn, strict=True):
            np.testing.assert_allclose(part, np.arange(len(part)) == noise.argmax(), atol=1e-6)


def test_hard_samples_follow_the_probabilities():
    decisions = Decisions(SPACE.decisions)
    logits = np.random.default_rng(1).normal(size=decisions.size)
    decisions.logits.assign(logits)
    draws = np.stack([logits + gumbel_noise(decisions.size, 7, 0, step) for step in range(4000)])
    first = len(SPACE.decisions[0].options)
    frequencies = np.bincount(draws[:, :first].argmax(axis=1), minlength=first) / len(draws)
    np.testing.assert_allclose(frequencies, decisions.probabilities()[0], atol=0.03)


def test_noise_is_a_pure_function_of_seed_epoch_and_step():
    noise = gumbel_noise(30, 1, 2, 3)
    np.testing.assert_array_equal(noise, gumbel_noise(30, 1, 2, 3))
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not np.array_equal(noise, gumbel_noise(30, *other))


def test_the_temperature_falls_exponentially():
    assert temperature_at(0, 90, 5.0, 0.09) == 5.0
    assert temperature_at(89, 90, 5.0, 0.09) == pytest.approx(0.09)
    steps = [temperature_at(epoch + 1, 90, 5.0, 0.09) / temperature_at(epoch, 90, 5.0, 0.09) for epoch in range(89)]
    np.testing.assert_allclose(steps, 0.956, atol=5e-4)
    assert temperature_at(0, 1, 5.0, 0.09) == 5.0


def test_certain_decisions_cost_exactly_what_the_network_costs():
    decisions = Decisions(SPACE.decisions)
    generator = np.random.default_rng(5)
    for _ in range(10):
        choice = tuple(int(generator.integers(len(decision.options))) for decision in SPACE.decisions)
        _decide(decisions, choice)
        exact = costs(SPACE.architecture("searched", choice))
        for expected in (SPACE.expected_costs(decisions.expected_values()), decisions.sampled_costs(SPACE)):
            # All these counts are below 2^24, so float32 holds them nearly exactly.
            assert float(expected.flash_bytes) == pytest.approx(exact.flash_bytes, rel=1e-6)
            assert float(expected.ops) == pytest.approx(exact.ops, rel=1e-6)
            assert max(float(live) for live in expected.live_bytes) == pytest.approx(exact.sram_bytes, rel=1e-6)


@pytest.mark.parametrize(
    "space", [MobileNetV2Space((32, 32, 1), 2, 0.25), ResNetSpace((32, 32, 3), 10, 16, (False, True))]
)
def test_a_sample_costs_exactly_what_its_network_costs(space):
    decisions = Decisions(space.decisions, space.maxima)
    for step in range(4):
        noise = gumbel_noise(decisions.size, 3, 0, step)
        decisions.noise.assign(noise)
        parts = np.split(noise, np.cumsum([len(decision.options) for decision in space.decisions]))[:-1]
        exact = costs(space.architecture("sampled", tuple(int(part.argmax()) for part in parts)))
        sampled = decisions.sampled_costs(space)
        assert float(sampled.flash_bytes) == pytest.approx(exact.flash_bytes, rel=1e-5)
        assert float(sampled.ops) == pytest.approx(exact.ops, rel=1e-5)
        assert max(float(live) for live in sampled.live_bytes) == pytest.approx(exact.sram_bytes, rel=1e-5)


def test_the_penalty_is_zero_near_the_target_and_grows_above_and_below():
    decisions = Decisions(SPACE.decisions)
    choice = tuple(len(decision.options) - 1 for decision in SPACE.decisions)
    _decide(decisions, choice)
    exact = costs(SPACE.architecture("searched", choice))
    assert float(penalty(SPACE, decisions, Budget(exact.flash_bytes, exact.sram_bytes, exact.ops))) == 0.0
    roomy = Budget(2 * exact.flash_bytes, exact.sram_bytes, 2 * exact.ops)
    assert float(penalty(SPACE, decisions, roomy)) == pytest.approx(0.4, abs=1e-3)  # half is used, of nine tenths
    tighter = Budget(exact.flash_bytes // 2, exact.sram_bytes, exact.ops)
    assert float(penalty(SPACE, decisions, tighter)) == pytest.approx(1.0, abs=1e-3)
    tightest = Budget(exact.flash_bytes // 2, exact.sram_bytes, exact.ops // 2)
    assert float(penalty(SPACE, decisions, tightest)) == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("budget", [Budget(1, 10**9), Budget(10**9, 1), Budget(10**9, 10**9, 1)])
def test_the_penalty_pushes_away_from_dear_options(budget):
    decisions = Decisions(SPACE.decisions)
    dearest = [np.eye(len(decision.options))[-1] * 0.01 for decision in SPACE.decisions]
    decisions.noise.assign(np.concatenate(dearest))  # a layer that is skipped says nothing of its width
    gradients = np.split(_gradient_of_penalty(decisions, budget), np.cumsum([len(d.options) for d in SPACE.decisions]))
    for decision, gradient in zip(SPACE.decisions, gradients, strict=False):
        assert gradient[-1] > 0 > gradient[0], decision.name
        assert np.all(np.diff(gradient) > 0), decision.name


def test_an_unused_budget_pulls_towards_dear_options():
    decisions = Decisions(SPACE.decisions)
    cheapest = [np.eye(len(decision.options))[0] * 0.01 for decision in SPACE.decisions]
    decisions.noise.assign(np.concatenate(cheapest))
    gradient = _gradient_of_penalty(decisions, Budget(10**9, 10**9, 10**6))
    stem = gradient[: len(SPACE.decisions[0].options)]
    assert stem[0] > 0 > stem[-1]


def _gradient_of_penalty(decisions, budget):
    """By one step of plain gradient descent, which any backend can make."""

    class Descent(keras.Model):
        def __init__(self):
            super().__init__()
            self.decisions = decisions

        def call(self, inputs):
            return inputs

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return penalty(SPACE, self.decisions, budget)

    model = Descent()
    model.compile(keras.optimizers.SGD(1.0), jit_compile=False)
    before = ops.convert_to_numpy(decisions.logits).copy()
    scale = max(float(penalty(SPACE, decisions, budget)), 1.0)
    model.optimizer.learning_rate = 1.0 / scale
    model.train_on_batch(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32))
    return (before - ops.convert_to_numpy(decisions.logits)) * scale


def test_costs_are_expected_by_the_probabilities_while_it_is_hot_and_harden_with_the_gates():
    decisions = Decisions(SPACE.decisions)
    decisions.logits.assign(np.random.default_rng(2).normal(size=decisions.size))
    values = {}
    for temperature in (5.0, 0.05):
        decisions.temperature.assign(temperature)
        values[temperature] = [float(value) for value in decisions.expected_values()]
    means = [part @ np.array(d.options) for part, d in zip(decisions.probabilities(), SPACE.decisions, strict=True)]
    assert values[5.0] == pytest.approx(means, rel=1e-5)
    hard = [d.options[part.argmax()] for part, d in zip(decisions.probabilities(), SPACE.decisions, strict=True)]
    assert np.mean(np.abs(np.subtract(values[0.05], hard))) < np.mean(np.abs(np.subtract(means, hard))) / 4
