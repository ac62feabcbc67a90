"""All networks of a `MobileNetV2Space` in one."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from micronets.layers.batch_normalisation import Statistics
from micronets.layers.fake_quantisation import ActivationRange
from micronets.layers.network import padded_sum
from micronets.network import Range
from micronets.published import MOBILENET_V2_STRIDES
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.supernet import (
    START_OF_RANGES,
    Supernet,
    masked_classifier,
    masked_convolution,
    masks_of,
    quantise_pooled,
)


class MaskedBottleneck(keras.layers.Layer):
    """Expansion, depthwise convolution, projection; added to what it reads where it is `residual`.

    Here the map itself takes the projection's mask, not the next kernel: the two sides of a sum are not equally wide,
    and the channels that one side lacks are the zeros that the derived network pads it with.
    """

    def __init__(self, expansion: int, projection: int, stride: int, residual: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expansion = masked_convolution(expansion, (1, 1), "expansion")
        self.depthwise = masked_convolution(None, (3, 3), "depthwise", (stride, stride))
        self.projection = masked_convolution(projection, (1, 1), "projection", relu6=False)
        self.sum_range = ActivationRange(signed=True, ceiling=None, name="sum") if residual else None

    def build(self, input_shape: Any) -> None:
        widest = (None, None, None, self.expansion.channels)
        self.expansion.build(input_shape)
        self.depthwise.build(widest)
        self.projection.build(widest)
        for stage in (self.expansion, self.depthwise, self.projection):
            stage.calibrate(*START_OF_RANGES)
        self.built = True

    def call(
        self, inputs: Any, input_mask: Any, expansion_mask: Any, projection_mask: Any, training: bool | None = None
    ) -> Any:
        expanded = self.depthwise(self.expansion(inputs, input_mask, training=training), training=training)
        projected = projection_mask * self.projection(expanded, expansion_mask, training=training)
        return projected if self.sum_range is None else self.sum_range(projected + inputs)

    def part(self, inputs: Any, expansion: Any, projection: Any, statistics: Statistics) -> Any:
        """See `MaskedConvolution.part`; a sum is as wide as its wider side."""
        expanded = self.depthwise.part(self.expansion.part(inputs, expansion, statistics), None, statistics)
        projected = self.projection.part(expanded, projection, statistics)
        return projected if self.sum_range is None else self.sum_range(padded_sum(projected, inputs))


class MobileNetV2Supernet(Supernet):
    """Widths as channel masks."""

    def __init__(self, space: MobileNetV2Space, input_range: Range, **kwargs: Any) -> None:
        super().__init__(space, input_range, **kwargs)
        self.stem = masked_convolution(space.stem, (3, 3), "stem", (2, 2))
        self.bottlenecks: list[MaskedBottleneck] = []
        for stage, stride in zip(space.stages, MOBILENET_V2_STRIDES, strict=True):
            for index, (expansion, projection) in enumerate(stage):
                name = f"bottleneck_{len(self.bottlenecks) + 1}"
                bottleneck = MaskedBottleneck(expansion, projection, 1 if index else stride, index > 0, name=name)
                self.bottlenecks.append(bottleneck)
        self.head = masked_convolution(space.head, (1, 1), "head")
        self.classifier = masked_classifier(space.classes)
        self._masks = [masks_of(decision) for decision in space.decisions]
        self.build((None, *space.input_shape))

    def build(self, input_shape: Any) -> None:
        self.stem.build(input_shape)
        channels = self.stem.channels
        for bottleneck in self.bottlenecks:
            bottleneck.build((None, None, None, channels))
            channels = bottleneck.projection.channels
        self.head.build((None, None, None, channels))
        self.classifier.build((None, None, None, self.head.channels))
        for stage in (self.stem, self.head, self.classifier):
            stage.calibrate(*START_OF_RANGES)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        gates = self.decisions.sample()
        stem_mask, *masks, head_mask = (ops.matmul(gate, mask) for gate, mask in zip(gates, self._masks, strict=True))
        running, mask = self.stem(self._quantised_input(inputs), training=training), stem_mask
        pairs = zip(masks[0::2], masks[1::2], strict=True)
        for bottleneck, (expansion_mask, projection_mask) in zip(self.bottlenecks, pairs, strict=True):
            running = bottleneck(running, mask, expansion_mask, projection_mask, training=training)
            mask = None
        running = self.head(running, training=training)
        pooled = quantise_pooled(ops.mean(running, axis=(1, 2), keepdims=True), self.head.range.bounds()[1])
        return ops.reshape(self.classifier(pooled, head_mask, training=training), (-1, self.space.classes))

    def part(self, values: Sequence[Any], inputs: Any, statistics: Statistics) -> Any:
        stem, *widths, head = values
        running = self.stem.part(self._quantised_input(inputs), stem, statistics)
        for bottleneck, expansion, projection in zip(self.bottlenecks, widths[0::2], widths[1::2], strict=True):
            running = bottleneck.part(running, expansion, projection, statistics)
        running = self.head.part(running, head, statistics)
        pooled = quantise_pooled(ops.mean(running, axis=(1, 2), keepdims=True), self.head.range.bounds()[1])
        return ops.reshape(self.classifier.part(pooled, self.space.classes, statistics), (-1, self.space.classes))
