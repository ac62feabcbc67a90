"""The search space of keyword spotting and anomaly detection."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution, Layer, Shape
from micronets.search.costs import ExpectedCosts
from micronets.search.space import KEPT, SKIPPED, Choice, Decision, width_options


@dataclass(frozen=True)
class DsCnnSpace:
    """Depthwise-separable networks: a stem, blocks (3x3 depthwise, then 1x1), a global average pool, a 1x1 classifier.

    Decided are the width of the stem and of every block, and whether a block is kept. In place of a skipped block
    stands nothing, or an average pool over its stride where it downsamples; either hands on the width that it reads.

    Attributes:
        input_shape: height, width, channels of the features.
        channels: width of the backbone's stem and blocks.
        strides: (height, width) of every block's depthwise convolution.
        stem_kernel: (height, width).
        width_steps: how many widths to choose from.
    """

    input_shape: Shape
    classes: int
    channels: int
    strides: tuple[tuple[int, int], ...]
    stem_kernel: tuple[int, int] = (10, 4)
    width_steps: int = 10
    maxima: ClassVar[tuple[tuple[int, ...], ...]] = ()

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Width of the stem, then of every block: kept or not, width."""
        widths = width_options(self.channels, self.width_steps)
        decisions = [Decision("stem width", widths)]
        for number in range(1, len(self.strides) + 1):
            decisions += [Decision(f"block {number} kept", (SKIPPED, KEPT)), Decision(f"block {number} width", widths)]
        return tuple(decisions)

    def map_sizes(self) -> list[tuple[int, int]]:
        """Height and width after the stem and after every block; no decision changes them."""
        sizes = [self.input_shape[:2]]
        for stride in self.strides:
            sizes.append((-(-sizes[-1][0] // stride[0]), -(-sizes[-1][1] // stride[1])))
        return sizes

    def architecture(self, name: str, choice: Choice) -> Architecture:
        """The network that `choice` stands for."""
        stem, *blocks = (decision.options[index] for decision, index in zip(self.decisions, choice, strict=True))
        layers: list[Layer] = [Convolution(stem, self.stem_kernel)]
        for kept, width, stride in zip(blocks[0::2], blocks[1::2], self.strides, strict=True):
            if kept:
                layers += [DepthwiseConvolution((3, 3), stride), Convolution(width)]
            elif stride != (1, 1):
                layers.append(AveragePooling(stride, stride))
        layers += [AveragePooling(), Convolution(self.classes, activation="linear")]
        return Architecture(name, self.input_shape, tuple(layers))

    def canonical(self, choice: Choice) -> Choice:
        """Of blocks in a row that do not downsample the first ones are kept, and a skipped block has no width.

        A network has then the same place among the shared weights however it was drawn, and no block is trained to read
        what any other may have left.
        """
        stem, *blocks = choice
        canonical: list[tuple[int, int]] = []
        skipped = 0  # at the end of the row of blocks that does not downsample
        for kept, width, stride in zip(blocks[0::2], blocks[1::2], self.strides, strict=True):
            if stride != (1, 1):
                canonical += [(SKIPPED, 0)] * skipped + [(kept, width if kept else 0)]
                skipped = 0
            elif kept:
                canonical.append((kept, width))
            else:
                skipped += 1
        canonical += [(SKIPPED, 0)] * skipped
        return (stem, *(index for pair in canonical for index in pair))

    def expected_costs(self, values: Sequence[Any], greatest: Sequence[Any] = ()) -> ExpectedCosts:
        """Costs at the expected value of every decision; they are linear in each of them."""
        sizes = [height * width for height, width in self.map_sizes()]
        stem, *blocks = values
        totals = ExpectedCosts()
        totals.convolution(self.input_shape[2], stem, self.stem_kernel, sizes[0], sizes[0])
        running = stem
        for index, stride in enumerate(self.strides):
            kept, width = blocks[2 * index], blocks[2 * index + 1]
            before, after = sizes[index], sizes[index + 1]
            totals.depthwise(running, (3, 3), before, after, share=kept)
            totals.convolution(running, width, (1, 1), after, after, share=kept)
            if stride != (1, 1):
                totals.pooling(running, before, after, share=1 - kept)
            running = kept * width + (1 - kept) * running
        totals.pooling(running, sizes[-1], 1)
        totals.convolution(running, self.classes, (1, 1), 1, 1)
        return totals
