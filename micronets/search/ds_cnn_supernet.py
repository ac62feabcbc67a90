"""All networks of a `DsCnnSpace` in one."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from micronets.layers.batch_normalisation import Statistics
from micronets.network import Range
from micronets.search.ds_cnn_space import Block, DsCnnSpace
from micronets.search.space import KEPT, SKIPPED
from micronets.search.supernet import (
    START_OF_RANGES,
    MaskedConvolution,
    Supernet,
    either,
    masked_classifier,
    masked_convolution,
    masks_of,
    quantise_pooled,
)


class DsCnnSupernet(Supernet):
    """Widths as channel masks, depth as gates."""

    def __init__(self, space: DsCnnSpace, input_range: Range, **kwargs: Any) -> None:
        super().__init__(space, input_range, **kwargs)
        # Where there is a choice, `part` is told which.
        self._bits = space.activation_bits[-1]
        bits = space.weight_bits[-1], self._bits
        self.stem = masked_convolution(space.channels, space.stem_kernel, "stem", bits=bits)
        self.depthwise = [
            masked_convolution(None, (3, 3), f"block_{number}_depthwise", stride, bits=bits)
            for number, stride in enumerate(space.strides, start=1)
        ]
        self.pointwise = [
            masked_convolution(space.channels, (1, 1), f"block_{number}_pointwise", bits=bits)
            for number in range(1, len(space.strides) + 1)
        ]
        self.classifier = masked_classifier(space.classes, space.weight_bits[-1])
        self._channels = space.channels
        self._masks = masks_of(space.decisions[0])
        self.build((None, *space.input_shape))

    def build(self, input_shape: Any) -> None:
        self.stem.build(input_shape)
        self.stem.calibrate(*START_OF_RANGES)
        for stage in (*self.depthwise, *self.pointwise, self.classifier):
            stage.build((None, None, None, self._channels))
            stage.calibrate(*START_OF_RANGES)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        stem_width, *blocks = self.decisions.sample()
        running = self.stem(self._quantised_input(inputs), training=training)
        mask = ops.matmul(stem_width, self._masks)
        ceiling = self.stem.range.bounds()[1]
        for index, (depthwise, pointwise) in enumerate(zip(self.depthwise, self.pointwise, strict=True)):
            depth, width = blocks[2 * index], blocks[2 * index + 1]
            skipped = _skip(running, depthwise.stride, ceiling, self._bits)
            running = pointwise(depthwise(running, training=training), mask, training=training)
            running = depth[KEPT] * running + depth[SKIPPED] * skipped
            mask = depth[KEPT] * ops.matmul(width, self._masks) + depth[SKIPPED] * mask
            ceiling = depth[KEPT] * pointwise.range.bounds()[1] + depth[SKIPPED] * ceiling
        pooled = quantise_pooled(ops.mean(running, axis=(1, 2), keepdims=True), ceiling, self._bits)
        return ops.reshape(self.classifier(pooled, mask, training=training), (-1, self.space.classes))

    def part(self, values: Sequence[Any], inputs: Any, statistics: Statistics) -> Any:
        assert isinstance(self.space, DsCnnSpace)
        stem, blocks, classifier_bits = self.space.parts(values)
        running = self.stem.part(self._quantised_input(inputs), stem.width, statistics, stem.bits)
        made = _Map(running, self.stem.range.bounds()[1], stem.bits[1])
        for block, depthwise, pointwise in zip(blocks, self.depthwise, self.pointwise, strict=True):
            made = made.followed_by(block, depthwise, pointwise, statistics)
        pooled = quantise_pooled(ops.mean(made.values, axis=(1, 2), keepdims=True), made.ceiling, made.bits)
        outputs = self.classifier.part(pooled, self.space.classes, statistics, (classifier_bits, 8))
        return ops.reshape(outputs, (-1, self.space.classes))


class _Map(NamedTuple):
    """Values of a map, the highest that they may have, and their bits."""

    values: Any
    ceiling: Any
    bits: Any

    def followed_by(
        self, block: Block, depthwise: MaskedConvolution, pointwise: MaskedConvolution, statistics: Statistics
    ) -> "_Map":
        """What a block makes of it, or hands on where it is skipped."""
        decided = not isinstance(self.bits, int)  # otherwise nothing of it needs to go through a graph

        def kept() -> tuple[Any, ...]:
            between = depthwise.part(self.values, None, statistics, block.depthwise_bits)
            outputs = pointwise.part(between, block.width, statistics, block.pointwise_bits)
            return (outputs, pointwise.range.bounds()[1], *([block.pointwise_bits[1]] if decided else []))

        def skipped() -> tuple[Any, ...]:
            outputs = _skip(self.values, depthwise.stride, self.ceiling, self.bits)
            return (outputs, self.ceiling, *([self.bits] if decided else []))

        values, ceiling, *bits = either(block.kept, kept, skipped)
        if not decided:
            bits = [block.pointwise_bits[1] if isinstance(block.kept, int) and block.kept else self.bits]
        return _Map(values, ceiling, *bits)


def _skip(running: Any, stride: tuple[int, int], ceiling: Any, bits: Any) -> Any:
    if stride == (1, 1):
        return running
    return quantise_pooled(ops.average_pool(running, stride, stride, padding="same"), ceiling, bits)
