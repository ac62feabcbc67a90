"""The search space of visual wake words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from micronets.architecture import Architecture, Shape
from micronets.published import (
    MOBILENET_V2_HEAD,
    MOBILENET_V2_STAGES,
    MOBILENET_V2_STEM,
    MOBILENET_V2_STRIDES,
    Bottleneck,
    mobilenet_v2,
)
from micronets.search.costs import ExpectedCosts
from micronets.search.space import Choice, Decision, nearest_width, width_options


@dataclass(frozen=True)
class MobileNetV2Space:
    """MobileNetV2 with all its inverted bottlenecks, whose widths are decided: expansion and projection of each, and
    those of the stem and of the head.

    Within a stage bottlenecks are added to what they have read, however wide: a sum is as wide as the wider side.

    Attributes:
        input_shape: height, width, channels of the image.
        width: of the backbone, as a share of MobileNetV2's; its widths are rounded to multiples of 4.
        width_steps: how many widths to choose from.
    """

    input_shape: Shape
    classes: int
    width: float = 1.0
    width_steps: int = 10

    @cached_property
    def stages(self) -> tuple[tuple[Bottleneck, ...], ...]:
        """Of the backbone: channels of each bottleneck's expansion and projection."""
        return tuple(
            tuple((self._scaled(expansion), self._scaled(projection)) for expansion, projection in stage)
            for stage in MOBILENET_V2_STAGES
        )

    @property
    def stem(self) -> int:
        """Channels of the backbone's stem."""
        return self._scaled(MOBILENET_V2_STEM)

    @property
    def head(self) -> int:
        """Channels of the backbone's head."""
        return self._scaled(MOBILENET_V2_HEAD)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Width of the stem, of every bottleneck's expansion and projection, of the head."""
        decisions = [self._width("stem", self.stem)]
        bottlenecks = (bottleneck for stage in self.stages for bottleneck in stage)
        for number, (expansion, projection) in enumerate(bottlenecks, start=1):
            decisions += [
                self._width(f"bottleneck {number} expansion", expansion),
                self._width(f"bottleneck {number} projection", projection),
            ]
        return (*decisions, self._width("head", self.head))

    @cached_property
    def maxima(self) -> tuple[tuple[int, ...], ...]:
        """The projections that each addition's sum consists of, in the order of the additions."""
        groups, first = [], 2
        for stage in self.stages:
            projections = range(first, first + 2 * len(stage), 2)
            groups += [tuple(projections[: count + 1]) for count in range(1, len(stage))]
            first = projections.stop
        return tuple(groups)

    def map_sizes(self) -> list[tuple[int, int]]:
        """Height and width after the stem and after every stage; no decision changes them."""
        sizes = [(-(-self.input_shape[0] // 2), -(-self.input_shape[1] // 2))]
        for stride in MOBILENET_V2_STRIDES:
            sizes.append((-(-sizes[-1][0] // stride), -(-sizes[-1][1] // stride)))
        return sizes

    def architecture(self, name: str, choice: Choice) -> Architecture:
        """The network that `choice` stands for."""
        values = [decision.options[index] for decision, index in zip(self.decisions, choice, strict=True)]
        stem, *widths, head = values
        return mobilenet_v2(name, self.input_shape, stem, self.by_stage(widths), head, self.classes)

    def by_stage(self, widths: Sequence[Any]) -> list[list[tuple[Any, Any]]]:
        """One value per expansion and projection, arranged as the bottlenecks of the stages."""
        pairs: Iterator[tuple[Any, Any]] = zip(widths[0::2], widths[1::2], strict=True)
        return [[next(pairs) for _ in stage] for stage in self.stages]

    def canonical(self, choice: Choice) -> Choice:
        """Every decision has an effect."""
        return choice

    def expected_costs(self, values: Sequence[Any], greatest: Sequence[Any]) -> ExpectedCosts:
        """Costs at the expected value of every decision and of every sum's width; they are linear in each of them."""
        pixels = [height * width for height, width in self.map_sizes()]
        stem, *widths, head = values
        sums = iter(greatest)
        totals = ExpectedCosts()
        totals.convolution(self.input_shape[2], stem, (3, 3), self.input_shape[0] * self.input_shape[1], pixels[0])
        running = stem
        for stage, before, after in zip(self.by_stage(widths), pixels[:-1], pixels[1:], strict=True):
            for index, (expansion, projection) in enumerate(stage):
                entering = after if index else before
                kept = running * after if index else 0
                totals.convolution(running, expansion, (1, 1), entering, entering)
                totals.depthwise(expansion, (3, 3), entering, after, kept_bytes=kept)
                totals.convolution(expansion, projection, (1, 1), after, after, kept_bytes=kept)
                if index:
                    total = next(sums)
                    totals.addition(projection, running, total, after)
                    running = total
                else:
                    running = projection
        totals.convolution(running, head, (1, 1), pixels[-1], pixels[-1])
        totals.pooling(head, pixels[-1], 1)
        totals.convolution(head, self.classes, (1, 1), 1, 1)
        return totals

    def _scaled(self, channels: int) -> int:
        return nearest_width(channels * self.width)

    def _width(self, place: str, channels: int) -> Decision:
        return Decision(f"{place} width", width_options(channels, self.width_steps))
