"""The search space of keyword spotting and anomaly detection."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from micronets.architecture import Architecture, AveragePooling, Bits, Convolution, DepthwiseConvolution, Layer, Shape
from micronets.search.costs import ExpectedCosts, Precision
from micronets.search.space import KEPT, SKIPPED, Choice, Decision, width_options


class Stem(NamedTuple):
    """Its width, and the bits of its weights and of its output."""

    width: Any
    bits: tuple[Any, Any]


class Block(NamedTuple):
    """Whether it is kept, its width, and the bits of its convolutions' weights and outputs."""

    kept: Any
    width: Any
    depthwise_bits: tuple[Any, Any]
    pointwise_bits: tuple[Any, Any]


@dataclass(frozen=True)
class DsCnnSpace:
    """Depthwise-separable networks: a stem, blocks (3x3 depthwise, then 1x1), a global average pool, a 1x1 classifier.

    Decided are the width of the stem and of every block, and whether a block is kept. In place of a skipped block
    stands nothing, or an average pool over its stride where it downsamples; either hands on the width that it reads.
    Where there is a choice of bits, those of every convolution's weights and output are decided as well.

    Attributes:
        input_shape: height, width, channels of the features.
        channels: width of the backbone's stem and blocks.
        strides: (height, width) of every block's depthwise convolution.
        stem_kernel: (height, width).
        width_steps: how many widths to choose from.
        weight_bits, activation_bits: to choose from, in rising order; 8 alone leaves them to who trains the network.
    """

    input_shape: Shape
    classes: int
    channels: int
    strides: tuple[tuple[int, int], ...]
    stem_kernel: tuple[int, int] = (10, 4)
    width_steps: int = 10
    weight_bits: tuple[Bits, ...] = (8,)
    activation_bits: tuple[Bits, ...] = (8,)
    maxima: ClassVar[tuple[tuple[int, ...], ...]] = ()

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Width of the stem, then of every block: kept or not, width; behind them the bits of their convolutions."""
        widths = width_options(self.channels, self.width_steps)
        decisions = [Decision("stem width", widths), *self._decided_bits("stem")]
        for number in range(1, len(self.strides) + 1):
            block = f"block {number}"
            decisions += [Decision(f"{block} kept", (SKIPPED, KEPT)), Decision(f"{block} width", widths)]
            decisions += self._decided_bits(f"{block} depthwise") + self._decided_bits(f"{block} 1x1")
        return tuple(decisions + self._decided_bits("classifier")[: len(self.weight_bits) > 1])

    def _decided_bits(self, layer: str) -> list[Decision]:
        of = {"weight bits": self.weight_bits, "activation bits": self.activation_bits}
        return [Decision(f"{layer} {what}", bits, bits=True) for what, bits in of.items() if len(bits) > 1]

    def parts(self, values: Sequence[Any]) -> tuple[Stem, list[Block], Any]:
        """Decisions, by what they are about: the stem, the blocks, and the bits of the classifier's weights.

        Args:
            values: of every decision, of whatever type.
        """
        rest = iter(values)
        stem = Stem(next(rest), self._bits(rest))
        blocks = [Block(next(rest), next(rest), self._bits(rest), self._bits(rest)) for _ in self.strides]
        return stem, blocks, next(rest) if len(self.weight_bits) > 1 else self.weight_bits[0]

    def _bits(self, rest: Iterator[Any]) -> tuple[Any, Any]:
        """Of a convolution's weights and output: the next decisions, where there is something to decide."""
        weights = next(rest) if len(self.weight_bits) > 1 else self.weight_bits[0]
        return weights, next(rest) if len(self.activation_bits) > 1 else self.activation_bits[0]

    def map_sizes(self) -> list[tuple[int, int]]:
        """Height and width after the stem and after every block; no decision changes them."""
        sizes = [self.input_shape[:2]]
        for stride in self.strides:
            sizes.append((-(-sizes[-1][0] // stride[0]), -(-sizes[-1][1] // stride[1])))
        return sizes

    def architecture(self, name: str, choice: Choice) -> Architecture:
        """The network that `choice` stands for."""
        values = [decision.options[index] for decision, index in zip(self.decisions, choice, strict=True)]
        stem, blocks, classifier_bits = self.parts(values)
        layers: list[Layer] = [Convolution(stem.width, self.stem_kernel, **self._fixed(stem.bits))]
        for block, stride in zip(blocks, self.strides, strict=True):
            if block.kept:
                layers.append(DepthwiseConvolution((3, 3), stride, **self._fixed(block.depthwise_bits)))
                layers.append(Convolution(block.width, **self._fixed(block.pointwise_bits)))
            elif stride != (1, 1):
                layers.append(AveragePooling(stride, stride))
        classifier: dict[str, Any] = {**self._fixed((classifier_bits, 8)), "activation_bits": None}
        layers += [AveragePooling(), Convolution(self.classes, activation="linear", **classifier)]
        return Architecture(name, self.input_shape, tuple(layers))

    def _fixed(self, bits: tuple[Any, Any]) -> dict[str, Any]:
        """What a layer says of its bits: nothing where only 8 are possible."""
        weights, activations = bits
        return {
            "weight_bits": None if self.weight_bits == (8,) else weights,
            "activation_bits": None if self.activation_bits == (8,) else activations,
        }

    def canonical(self, choice: Choice) -> Choice:
        """Of blocks in a row that do not downsample the first ones are kept, and a skipped block has no width.

        A network has then the same place among the shared weights however it was drawn, and no block is trained to read
        what any other may have left.
        """
        decided = (len(self.weight_bits) > 1) + (len(self.activation_bits) > 1)
        first, length = 1 + decided, 2 + 2 * decided
        last = first + length * len(self.strides)
        none = (SKIPPED, *(0,) * (length - 1))
        canonical: list[Choice] = []
        skipped = 0  # at the end of the row of blocks that does not downsample
        for start, stride in zip(range(first, last, length), self.strides, strict=True):
            block = choice[start : start + length]
            if stride != (1, 1):
                canonical += [none] * skipped + [block if block[0] else none]
                skipped = 0
            elif block[0]:
                canonical.append(block)
            else:
                skipped += 1
        canonical += [none] * skipped
        return (*choice[:first], *(index for block in canonical for index in block), *choice[last:])

    def expected_costs(self, values: Sequence[Any], greatest: Sequence[Any] = ()) -> ExpectedCosts:
        """Costs at the expected value of every decision; they are linear in each of them."""
        sizes = [height * width for height, width in self.map_sizes()]
        stem, blocks, classifier_bits = self.parts(values)
        channels = self.input_shape[2]
        totals = ExpectedCosts()
        running, bits = stem.width, stem.bits[1]
        precision = Precision(stem.bits[0], outputs=bits)
        totals.convolution(channels, running, self.stem_kernel, sizes[0], sizes[0], precision=precision)
        for index, (block, stride) in enumerate(zip(blocks, self.strides, strict=True)):
            kept, width = block.kept, block.width
            before, after = sizes[index], sizes[index + 1]
            (depthwise_weights, between), (pointwise_weights, behind) = block.depthwise_bits, block.pointwise_bits
            precision = Precision(depthwise_weights, bits, between)
            totals.depthwise(running, (3, 3), before, after, share=kept, precision=precision)
            precision = Precision(pointwise_weights, between, behind)
            totals.convolution(running, width, (1, 1), after, after, share=kept, precision=precision)
            if stride != (1, 1):
                totals.pooling(running * bits / 8, before, after, share=1 - kept)
            running = kept * width + (1 - kept) * running
            if len(self.activation_bits) > 1:  # a choice, which is made before costs are asked for
                bits = kept * behind + (1 - kept) * bits
        totals.pooling(running * bits / 8, sizes[-1], 1)
        totals.convolution(running, self.classes, (1, 1), 1, 1, precision=Precision(classifier_bits, bits))
        return totals
