"""All networks of a `DsCnnSpace` in one."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from keras import ops

from micronets.layers.batch_normalisation import Statistics
from micronets.network import Range
from micronets.search.ds_cnn_space import DsCnnSpace
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
        self.stem = masked_convolution(space.channels, space.stem_kernel, "stem")
        self.depthwise = [
            masked_convolution(None, (3, 3), f"block_{number}_depthwise", stride)
            for number, stride in enumerate(space.strides, start=1)
        ]
        self.pointwise = [
            masked_convolution(space.channels, (1, 1), f"block_{number}_pointwise")
            for number in range(1, len(space.strides) + 1)
        ]
        self.classifier = masked_classifier(space.classes)
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
            skipped = _skip(running, depthwise.stride, ceiling)
            running = pointwise(depthwise(running, training=training), mask, training=training)
            running = depth[KEPT] * running + depth[SKIPPED] * skipped
            mask = depth[KEPT] * ops.matmul(width, self._masks) + depth[SKIPPED] * mask
            ceiling = depth[KEPT] * pointwise.range.bounds()[1] + depth[SKIPPED] * ceiling
        pooled = quantise_pooled(ops.mean(running, axis=(1, 2), keepdims=True), ceiling)
        return ops.reshape(self.classifier(pooled, mask, training=training), (-1, self.space.classes))

    def part(self, values: Sequence[Any], inputs: Any, statistics: Statistics) -> Any:
        stem_width, *blocks = values
        running = self.stem.part(self._quantised_input(inputs), stem_width, statistics)
        ceiling = self.stem.range.bounds()[1]
        for index, (depthwise, pointwise) in enumerate(zip(self.depthwise, self.pointwise, strict=True)):
            running, ceiling = either(
                blocks[2 * index],
                partial(_block, running, depthwise, pointwise, blocks[2 * index + 1], statistics),
                partial(_skipped, running, depthwise.stride, ceiling),
            )
        pooled = quantise_pooled(ops.mean(running, axis=(1, 2), keepdims=True), ceiling)
        return ops.reshape(self.classifier.part(pooled, self.space.classes, statistics), (-1, self.space.classes))


def _block(
    running: Any, depthwise: MaskedConvolution, pointwise: MaskedConvolution, width: Any, statistics: Statistics
) -> tuple[Any, Any]:
    """A block's output, and the highest value that it may have."""
    outputs = pointwise.part(depthwise.part(running, None, statistics), width, statistics)
    return outputs, pointwise.range.bounds()[1]


def _skipped(running: Any, stride: tuple[int, int], ceiling: Any) -> tuple[Any, Any]:
    return _skip(running, stride, ceiling), ceiling


def _skip(running: Any, stride: tuple[int, int], ceiling: Any) -> Any:
    if stride == (1, 1):
        return running
    return quantise_pooled(ops.average_pool(running, stride, stride, padding="same"), ceiling)
