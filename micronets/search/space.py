"""What every search space is: the decisions taken in a backbone, and the architecture that every choice stands for.

A `Choice` holds one option's index per decision. The options of a decision are numbers, ordered from cheap to dear:
channel counts for a width, 0 (skip) and 1 (keep) for the depth, 4 and 8 for the bits of a layer's weights or output.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from micronets.architecture import Architecture, Shape
from micronets.errors import ConfigurationError
from micronets.search.costs import ExpectedCosts

Choice = tuple[int, ...]
SKIPPED, KEPT = 0, 1
CHANNEL_MULTIPLE = 4
"""CMSIS-NN's convolutions are nearly twice as fast where channels divide by it (section 3 of the paper)."""


@dataclass(frozen=True)
class Decision:
    """One thing to decide; `options` are ordered from cheap to dear, and numbers of bits where `bits` says so."""

    name: str
    options: tuple[int, ...]
    bits: bool = False


class SearchSpace(Protocol):
    """What the search needs to know of a space, which is a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def input_shape(self) -> Shape:
        """Height, width, channels of the features."""

    @property
    def classes(self) -> int:
        """Number of logits."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Everything that is decided, in the order of a `Choice`."""

    @property
    def maxima(self) -> tuple[tuple[int, ...], ...]:
        """Groups of decisions, by index and with the same options, of which the greatest value counts in the costs."""

    def architecture(self, name: str, choice: Choice) -> Architecture:
        """The network that `choice` stands for."""

    def canonical(self, choice: Choice) -> Choice:
        """Of the choices that stand for the same network, one: what has no effect is at its cheapest option."""

    def expected_costs(self, values: Sequence[Any], greatest: Sequence[Any]) -> ExpectedCosts:
        """Costs at the expected value of every decision and of the greatest value of every group of `maxima`.

        Both are numbers, or scalars of the backend. With independent decisions they are the exact expectation of flash,
        of the operations and of every layer's working memory; at a choice they equal `micronets.costs.costs`.
        """


def is_depth(decision: Decision) -> bool:
    """Whether it decides on a layer's existence."""
    return decision.options == (SKIPPED, KEPT)


def cheapest(space: SearchSpace) -> Choice:
    """The choice that costs least."""
    return (0,) * len(space.decisions)


def width_options(channels: int, steps: int) -> tuple[int, ...]:
    """Multiples of 4 nearest to 1/steps, 2/steps … 1 of `channels`, halves rounded up; at least 4.

    Raises ConfigurationError where `channels` is not a multiple of 4.
    """
    if channels < CHANNEL_MULTIPLE or channels % CHANNEL_MULTIPLE:
        raise ConfigurationError(
            f"search.backbone.channels is {channels}, but widths are multiples of {CHANNEL_MULTIPLE}; correct it."
        )
    return tuple(sorted({nearest_width(channels * step / steps) for step in range(1, steps + 1)}))


def nearest_width(channels: float) -> int:
    """The multiple of 4 nearest to `channels`, halves rounded up; at least 4."""
    return CHANNEL_MULTIPLE * max(math.floor(channels / CHANNEL_MULTIPLE + 0.5), 1)
