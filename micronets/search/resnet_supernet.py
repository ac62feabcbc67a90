"""All networks of a `ResNetSpace` in one."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from micronets.layers.batch_normalisation import Statistics
from micronets.layers.fake_quantisation import ActivationRange
from micronets.layers.network import padded_sum
from micronets.network import Range
from micronets.search.resnet_space import ResNetSpace
from micronets.search.supernet import (
    START_OF_RANGES,
    MaskedConvolution,
    Supernet,
    masked_classifier,
    masked_convolution,
    masks_of,
    quantise_pooled,
)


class MaskedResidualBlock(keras.layers.Layer):
    """Two convolutions, added to what the block reads, or, where it is `strided`, to a 1x1 convolution of that.

    As in an inverted bottleneck the map itself takes the mask of what the block hands on: it meets maps of other widths
    in a sum.
    """

    def __init__(self, channels: int, strided: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        stride = (2, 2) if strided else (1, 1)
        self.inner = masked_convolution(channels, (3, 3), "inner", stride)
        self.outer = masked_convolution(channels, (3, 3), "outer", relu6=False)
        self.shortcut = masked_convolution(channels, (1, 1), "shortcut", stride, relu6=False) if strided else None
        self.sum_range = ActivationRange(signed=False, ceiling=6.0, name="sum")

    @property
    def convolutions(self) -> list[MaskedConvolution]:
        """In the order of the derived network's."""
        return [self.inner, self.outer, *([] if self.shortcut is None else [self.shortcut])]

    def build(self, input_shape: Any) -> None:
        self.inner.build(input_shape)
        self.outer.build((None, None, None, self.inner.channels))
        if self.shortcut is not None:
            self.shortcut.build(input_shape)
        for stage in self.convolutions:
            stage.calibrate(*START_OF_RANGES)
        self.built = True

    def call(self, inputs: Any, inner_mask: Any, outer_mask: Any, training: bool | None = None) -> Any:
        inner = self.inner(inputs, training=training)
        outer = outer_mask * self.outer(inner, inner_mask, training=training)
        kept = inputs if self.shortcut is None else outer_mask * self.shortcut(inputs, training=training)
        return self.sum_range(outer + kept)

    def part(self, inputs: Any, inner: Any, outer: Any, statistics: Statistics) -> Any:
        """See `MaskedConvolution.part`; a sum is as wide as its wider side."""
        found = self.outer.part(self.inner.part(inputs, inner, statistics), outer, statistics)
        kept = inputs if self.shortcut is None else self.shortcut.part(inputs, outer, statistics)
        return self.sum_range(padded_sum(found, kept))


class ResNetSupernet(Supernet):
    """Widths as channel masks."""

    def __init__(self, space: ResNetSpace, input_range: Range, **kwargs: Any) -> None:
        super().__init__(space, input_range, **kwargs)
        self.stem = masked_convolution(space.channels, (3, 3), "stem")
        self.blocks = [
            MaskedResidualBlock(width, strided, name=f"block_{number}")
            for number, (width, strided) in enumerate(zip(space.widths, space.strided, strict=True), start=1)
        ]
        self.classifier = masked_classifier(space.classes)
        self._masks = [masks_of(decision) for decision in space.decisions]
        self.build((None, *space.input_shape))

    def build(self, input_shape: Any) -> None:
        self.stem.build(input_shape)
        channels = self.stem.channels
        for block in self.blocks:
            block.build((None, None, None, channels))
            channels = block.outer.channels
        self.classifier.build((None, None, None, channels))
        for stage in (self.stem, self.classifier):
            stage.calibrate(*START_OF_RANGES)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        gates = self.decisions.sample()
        stem_mask, *masks = (ops.matmul(gate, mask) for gate, mask in zip(gates, self._masks, strict=True))
        running = stem_mask * self.stem(self._quantised_input(inputs), training=training)
        for block, inner_mask, outer_mask in zip(self.blocks, masks[0::2], masks[1::2], strict=True):
            running = block(running, inner_mask, outer_mask, training=training)
        return self._logits(self.classifier(self._pooled(running), training=training))

    def part(self, values: Sequence[Any], inputs: Any, statistics: Statistics) -> Any:
        stem, *widths = values
        running = self.stem.part(self._quantised_input(inputs), stem, statistics)
        for block, inner, outer in zip(self.blocks, widths[0::2], widths[1::2], strict=True):
            running = block.part(running, inner, outer, statistics)
        return self._logits(self.classifier.part(self._pooled(running), self.space.classes, statistics))

    def _pooled(self, outputs: Any) -> Any:
        last = self.blocks[-1].sum_range
        return quantise_pooled(ops.mean(outputs, axis=(1, 2), keepdims=True), last.bounds()[1])

    def _logits(self, outputs: Any) -> Any:
        return ops.reshape(outputs, (-1, self.space.classes))
