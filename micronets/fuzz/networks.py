"""Random whole networks: chains of random layers with residual connections."""

import numpy as np

from micronets.fuzz import layers
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Made, Sample

_IMAGE = (
    layers.convolution,
    layers.convolution,
    layers.convolution,
    layers.depthwise,
    layers.depthwise,
    layers.depthwise,
    layers.average_pool,
    layers.max_pool,
    layers.add,
    layers.pad,
    layers.concatenation,
    layers.resize_nearest,
    layers.relu,
    layers.requantise,
    layers.transposed_convolution,
)
_COARSE_IMAGE = (*(6 * (layers.convolution,)), layers.depthwise, layers.depthwise, layers.average_pool, layers.max_pool)
_COARSE_EVERY = 4
_ENDS = (layers.mean, layers.reshape, layers.fully_connected)
_FLAT = (layers.fully_connected, layers.softmax, layers.logistic, layers.relu6)

_LARGEST_ELEMENTS = 6000
# Where 512 exponentials or more are equal, TFLM's host build aborts: it would shift by 32.
_LARGEST_SOFTMAX = 511


def is_coarse(seed: int) -> bool:
    """Whether a network has activations of 16 levels."""
    return seed % _COARSE_EVERY == 0


def random_network(seed: int) -> bytes:
    """A .tflite file of 1 to 12 operators or so; every fourth has activations of 16 levels."""
    sample = Sample(np.random.default_rng([seed, 3]), coarse=is_coarse(seed))
    images = _COARSE_IMAGE if sample.coarse else _IMAGE
    model = ModelBuilder()
    most = 10 if sample.coarse else 24
    shape = (1, sample.integer(4, most), sample.integer(4, most), sample.one_of(1, 3, 4, 8))
    made: Made = (model.tensor(shape, "int8", 0.05, sample.zero_point()), 0.05, 0)
    made = (made[0], 0.05, model.zero_point(made[0]))
    source = made[0]
    earlier = [made]
    for _ in range(sample.integer(2, 9)):
        layer = images[sample.integer(0, len(images) - 1)]
        growing = layer in (layers.resize_nearest, layers.concatenation, layers.transposed_convolution, layers.pad)
        if growing and np.prod(model.shape(made[0])) > _LARGEST_ELEMENTS / 4:
            continue
        made = layer(model, sample, *made)
        made = _residual(model, sample, made, earlier)
        earlier.append(made)
        if np.prod(model.shape(made[0])) > _LARGEST_ELEMENTS:
            break
    if sample.chance(0.6):
        made = _ENDS[sample.integer(0, len(_ENDS) - 1)](model, sample, *made)
        if len(model.shape(made[0])) == 2 and sample.chance(0.7):
            layer = _FLAT[sample.integer(0, len(_FLAT) - 1)]
            if layer is not layers.softmax or model.shape(made[0])[1] <= _LARGEST_SOFTMAX:
                made = layer(model, sample, *made)
    if made[0] == source:
        made = layers.relu6(model, sample, *made)
    return model.build([source], [made[0]])


def _residual(model: ModelBuilder, sample: Sample, made: Made, earlier: list[Made]) -> Made:
    """At times adds an earlier tensor of the same shape."""
    partners = [other for other in earlier if model.shape(other[0]) == model.shape(made[0])]
    if not partners or not sample.chance(0.1 if sample.coarse else 0.4):
        return made
    other = partners[sample.integer(0, len(partners) - 1)]
    scale = float(np.float32(max(made[1], other[1]) * 1.4))
    zero = sample.zero_point()
    output = model.tensor(model.shape(made[0]), "int8", scale, zero)
    model.operator("ADD", [made[0], other[0]], [output], {"fusedActivationFunction": sample.activation()})
    return output, scale, zero
