"""All networks of a `DsCnnSpace` in one: widths as channel masks, depth as gates, quantised to 8 bits throughout.

A map carries the mask of its channels along, and the mask takes effect where channels mix: on the input channels of the
next 1x1 kernel (scaling a kernel by a mask equals scaling the map, at a fraction of the work; the masks are those of
FBNetV2, arXiv 2004.05565). Up to there every operation works on each channel alone, and the BatchNorm after a depthwise
convolution would undo a mask put before it. With every decision made, the supernet computes exactly what the derived
network with the same weights computes.
"""

import keras
from keras import ops

from micronets.layers.convolution import QuantisableConvolution
from micronets.layers.fake_quantisation import fake_quantise_kernel
from micronets.network import Range
from micronets.search.relaxation import Decisions
from micronets.search.space import KEPT, SKIPPED, DsCnnSpace

START_OF_RANGES = (-6.0, 6.0)


class MaskedConvolution(QuantisableConvolution):
    """A quantised convolution whose input channels count by a mask of shape (channels,)."""

    def call(self, inputs, input_mask=None, training=None):
        kernel = fake_quantise_kernel(self.kernel, self.kernel_high, self.weight_bits, 2 if self.depthwise else 3)
        if input_mask is not None:
            kernel = kernel * ops.reshape(input_mask, (1, 1, -1, 1))
        return self.range(self._convolve(inputs, kernel, training))


class DsCnnSupernet(keras.Model):
    """Features (batch, height, width, channels) in their own units → logits (batch, classes), by sampled decisions.

    Args:
        input_range: lowest and highest value that an input keeps when quantised.
    """

    def __init__(self, space: DsCnnSpace, input_range: Range, **kwargs):
        super().__init__(**kwargs)
        self.space = space
        self.input_range = input_range
        self.input_gain = 1.0 / max(abs(input_range[0]), abs(input_range[1]))
        self.decisions = Decisions(space.decisions, name="decisions")
        self.stem = _convolution(space.channels, space.stem_kernel, "stem")
        self.depthwise = [
            _convolution(None, (3, 3), f"block_{number}_depthwise", stride)
            for number, stride in enumerate(space.strides, start=1)
        ]
        self.pointwise = [
            _convolution(space.channels, (1, 1), f"block_{number}_pointwise")
            for number in range(1, len(space.strides) + 1)
        ]
        self.classifier = _convolution(space.classes, (1, 1), "classifier", last=True)
        self._masks = ops.convert_to_tensor(
            [[float(channel < width) for channel in range(space.channels)] for width in space.decisions[0].options]
        )
        self.build((None, *space.input_shape))

    def build(self, input_shape):
        self.stem.build(input_shape)
        self.stem.calibrate(*START_OF_RANGES)
        for stage in (*self.depthwise, *self.pointwise, self.classifier):
            stage.build((None, None, None, self.space.channels))
            stage.calibrate(*START_OF_RANGES)
        self.built = True

    def call(self, inputs, training=None):
        stem_width, *blocks = self.decisions.sample()
        low, high = self.input_range
        features = keras.quantizers.fake_quant_with_min_max_vars(inputs, low, high, num_bits=8) * self.input_gain
        running = self.stem(features, training=training)
        mask = ops.matmul(stem_width, self._masks)
        ceiling = self.stem.range.bounds()[1]
        for index, (depthwise, pointwise) in enumerate(zip(self.depthwise, self.pointwise, strict=True)):
            depth, width = blocks[2 * index], blocks[2 * index + 1]
            skipped = _skip(running, depthwise.stride, ceiling)
            running = pointwise(depthwise(running, training=training), mask, training=training)
            running = depth[KEPT] * running + depth[SKIPPED] * skipped
            mask = depth[KEPT] * ops.matmul(width, self._masks) + depth[SKIPPED] * mask
            ceiling = depth[KEPT] * pointwise.range.bounds()[1] + depth[SKIPPED] * ceiling
        pooled = _quantise(ops.mean(running, axis=(1, 2), keepdims=True), ceiling)
        return ops.reshape(self.classifier(pooled, mask, training=training), (-1, self.space.classes))


def _convolution(
    channels: int | None, kernel: tuple[int, int], name: str, stride: tuple[int, int] = (1, 1), last: bool = False
) -> MaskedConvolution:
    return MaskedConvolution(channels, kernel, stride, relu6=not last, normalise=not last, quantised=True, name=name)


def _skip(running, stride: tuple[int, int], ceiling):
    if stride == (1, 1):
        return running
    return _quantise(ops.average_pool(running, stride, stride, padding="same"), ceiling)


def _quantise(outputs, ceiling):
    """An average pool rounds to the range of its input."""
    return keras.quantizers.fake_quant_with_min_max_vars(outputs, 0.0, ceiling, num_bits=8)
