"""The search space of residual networks of dense convolutions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from micronets.architecture import Architecture, Shape
from micronets.published import ResidualBlock, residual_network
from micronets.search.costs import ExpectedCosts
from micronets.search.space import Choice, Decision, width_options


@dataclass(frozen=True)
class ResNetSpace:
    """Networks like ResNet-8: a 3x3 stem, blocks of two 3x3 convolutions that are added to what the block has read, an
    average pool, a 1x1 classifier. A block that downsamples reads it through a 1x1 convolution of the same stride.

    Decided are the width of the stem, and of both convolutions of every block. Blocks that keep the size of their map
    are added to what they have read, however wide: a sum is as wide as the wider side.

    Attributes:
        input_shape: height, width, channels of the image.
        channels: of the backbone's stem; twice as many from each block on that downsamples.
        strided: of every block: whether it downsamples by 2.
        width_steps: how many widths to choose from.
    """

    input_shape: Shape
    classes: int
    channels: int
    strided: tuple[bool, ...]
    width_steps: int = 10

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Of the backbone: channels of both convolutions of every block."""
        return tuple(self.channels << sum(self.strided[: number + 1]) for number in range(len(self.strided)))

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Width of the stem, then of every block: of what is inside it, of what it hands on."""
        decisions = [Decision("stem width", width_options(self.channels, self.width_steps))]
        for number, width in enumerate(self.widths, start=1):
            options = width_options(width, self.width_steps)
            decisions += [Decision(f"block {number} inner width", options), Decision(f"block {number} width", options)]
        return tuple(decisions)

    @cached_property
    def maxima(self) -> tuple[tuple[int, ...], ...]:
        """The widths that each sum of a block without stride consists of, in the order of the blocks."""
        groups: list[tuple[int, ...]] = []
        running: tuple[int, ...] = (0,)
        for number, strided in enumerate(self.strided):
            width = 2 + 2 * number
            running = (width,) if strided else (*running, width)
            if not strided:
                groups.append(running)
        return tuple(groups)

    def map_sizes(self) -> list[tuple[int, int]]:
        """Height and width after the stem and after every block; no decision changes them."""
        sizes = [self.input_shape[:2]]
        for strided in self.strided:
            stride = 2 if strided else 1
            sizes.append((-(-sizes[-1][0] // stride), -(-sizes[-1][1] // stride)))
        return sizes

    def architecture(self, name: str, choice: Choice) -> Architecture:
        """The network that `choice` stands for."""
        stem, *widths = (decision.options[index] for decision, index in zip(self.decisions, choice, strict=True))
        blocks = [ResidualBlock(*block) for block in zip(widths[0::2], widths[1::2], self.strided, strict=True)]
        return residual_network(name, self.input_shape, stem, blocks, self.classes)

    def canonical(self, choice: Choice) -> Choice:
        """Every decision has an effect."""
        return choice

    def expected_costs(self, values: Sequence[Any], greatest: Sequence[Any]) -> ExpectedCosts:
        """Costs at the expected value of every decision and of every sum's width; they are linear in each of them."""
        pixels = [height * width for height, width in self.map_sizes()]
        stem, *widths = values
        sums = iter(greatest)
        totals = ExpectedCosts()
        totals.convolution(self.input_shape[2], stem, (3, 3), pixels[0], pixels[0])
        running = stem
        for number, strided in enumerate(self.strided):
            inner, outer = widths[2 * number], widths[2 * number + 1]
            before, after = pixels[number], pixels[number + 1]
            totals.convolution(running, inner, (3, 3), before, after)
            totals.convolution(inner, outer, (3, 3), after, after, kept_bytes=running * before)
            if strided:
                totals.convolution(running, outer, (1, 1), before, after, kept_bytes=outer * after)
                totals.addition(outer, outer, outer, after)
                running = outer
            else:
                total = next(sums)
                totals.addition(outer, running, total, after)
                running = total
        totals.pooling(running, pixels[-1], 1)
        totals.convolution(running, self.classes, (1, 1), 1, 1)
        return totals
