"""Decisions as trainable distributions, sampled by straight-through Gumbel-softmax (arXiv 1611.01144; in search: FBNet,
1812.03443): what is computed is a network that could exist, and gradients are those of the soft sample."""

import functools
import operator
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from micronets.search.budget import LEAST_EFFORT, Budget
from micronets.search.costs import ExpectedCosts
from micronets.search.space import Decision, SearchSpace


class Decisions(keras.layers.Layer):
    """One trainable logit per option of every decision.

    The noise and the temperature are variables that the search loop sets before every step, not random operations, so
    that a search can be continued in the middle with the very same samples.

    Args:
        maxima: groups of decisions with the same options, by index, of which the greatest value is asked for.
    """

    def __init__(self, decisions: Sequence[Decision], maxima: Sequence[tuple[int, ...]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.decisions = tuple(decisions)
        self.maxima = tuple(maxima)
        self._sizes = [len(decision.options) for decision in decisions]
        self._ends = np.cumsum(self._sizes)
        self.logits = self.add_weight(shape=(self.size,), initializer="zeros", name="logits")
        self.noise = self.add_weight(shape=(self.size,), initializer="zeros", trainable=False, name="noise")
        self.temperature = self.add_weight(shape=(), initializer="ones", trainable=False, name="temperature")
        self.built = True

    @property
    def size(self) -> int:
        """Number of logits in all."""
        return int(self._ends[-1])

    def sample(self) -> list:
        """Gates: one vector of shape (options,) per decision, 1 for the option that the noise has drawn, else 0.

        The lower the temperature, the more of the gradients goes to the options that were nearly drawn.
        """
        return [_hardened(part) for part in self._distributions(self.logits + self.noise, self.temperature)]

    def sampled_costs(self, space: SearchSpace) -> ExpectedCosts:
        """Exact costs of the network that is sampled; `space` is that of the decisions."""
        gates = self.sample()
        greatest = [
            _expected_maximum([gates[index] for index in group], self.decisions[group[0]].options)
            for group in self.maxima
        ]
        return space.expected_costs(self._values(gates), greatest)

    def expected_values(self) -> list:
        """One scalar per decision: its options weighted by their probabilities, as hard as the gates are below 1."""
        return self._values(self._likelihoods())

    def expected_greatest(self) -> list:
        """One scalar per group of `maxima`: the expectation of its greatest value; the decisions are independent."""
        distributions = self._likelihoods()
        return [
            _expected_maximum([distributions[index] for index in group], self.decisions[group[0]].options)
            for group in self.maxima
        ]

    def expected_costs(self, space: SearchSpace) -> ExpectedCosts:
        """Costs of `space`, whose decisions these are: see `expected_values`."""
        return space.expected_costs(self.expected_values(), self.expected_greatest())

    def probabilities(self) -> list[np.ndarray]:
        """How likely every option is sampled: softmax of the logits, float64 of shape (options,) per decision."""
        logits = ops.convert_to_numpy(self.logits).astype(np.float64)
        exponentials = [np.exp(part - part.max()) for part in np.split(logits, self._ends[:-1])]
        return [part / part.sum() for part in exponentials]

    def _values(self, distributions: list) -> list:
        return [
            ops.sum(part * ops.convert_to_tensor(decision.options, dtype="float32"))
            for part, decision in zip(distributions, self.decisions, strict=True)
        ]

    def _likelihoods(self) -> list:
        """At a temperature of 1 these are the probabilities that an option is drawn. Above 1 they would all be alike:
        to change the costs then takes logits so far apart that the costs fall far below their targets as it cools.
        Below 1 they harden with the gates, and the costs become those of the derived network."""
        return self._distributions(self.logits, ops.minimum(self.temperature, 1.0))

    def _distributions(self, logits: Any, temperature: Any) -> list:
        parts = ops.split(logits / temperature, self._ends[:-1].tolist())
        # A single option is taken with certainty; Keras warns of its softmax.
        return [ops.softmax(part) if part.shape[0] > 1 else ops.ones_like(part) for part in parts]


def _hardened(gates: Any) -> Any:
    """1 at the greatest, and the gradient of the gates as they were."""
    hard = ops.one_hot(ops.argmax(gates), gates.shape[0], dtype=gates.dtype)
    return gates + ops.stop_gradient(hard - gates)


def _expected_maximum(distributions: list, options: tuple[int, ...]) -> Any:
    """E[max] = greatest option - sum of P(max <= option) times the step to the next option."""
    at_most = functools.reduce(operator.mul, [ops.cumsum(part) for part in distributions])
    steps = np.diff(np.array(options, np.float32))
    return options[-1] - ops.sum(at_most[:-1] * ops.convert_to_tensor(steps))


def gumbel_noise(size: int, seed: int, epoch: int, step: int) -> np.ndarray:
    """Standard Gumbel noise of shape (size,), a pure function of its arguments."""
    return np.random.default_rng((seed, epoch, step)).gumbel(size=size).astype(np.float32)


def temperature_at(epoch: int, epochs: int, first: float, last: float) -> float:
    """Exponential from `first` in epoch 0 to `last` in the last of `epochs`.

    FBNet's x 0.956 per epoch from 5 is what 5 and 0.09 give over 90 epochs.
    """
    return first * (last / first) ** (epoch / max(epochs - 1, 1))


def penalty(space: SearchSpace, decisions: Decisions, budget: Budget) -> Any:
    """Sum, over the constraints, of the share by which the sampled network exceeds its target, and what it leaves
    unused of `LEAST_EFFORT` of the budget (see `Budget.effort_shares`); 0 in between.

    The peak of memory counts layer by layer, so that every layer above the target is pushed down, not the worst alone.
    """
    usage = budget.expected_usage(decisions.sampled_costs(space))
    unused = LEAST_EFFORT - ops.max(ops.stack(budget.effort_shares(usage)))
    return ops.sum(ops.relu(ops.stack(usage) - 1.0)) + ops.relu(unused)
