"""A random model of every operator: layers of images, and the `SAMPLES` of this package's modules, one per family."""

import importlib
import pkgutil

import numpy as np

from micronets.fuzz import layers
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.layers import Layer, Sample

_IMAGES: dict[str, Layer] = {
    "ADD": layers.add,
    "AVERAGE_POOL_2D": layers.average_pool,
    "CONCATENATION": layers.concatenation,
    "CONV_2D": layers.convolution,
    "DEPTHWISE_CONV_2D": layers.depthwise,
    "FULLY_CONNECTED": layers.fully_connected,
    "LOGISTIC": layers.logistic,
    "MAX_POOL_2D": layers.max_pool,
    "MEAN": layers.mean,
    "MUL": layers.multiply,
    "PAD": layers.pad,
    "QUANTIZE": layers.requantise,
    "RELU": layers.relu,
    "RELU6": layers.relu6,
    "RESHAPE": layers.reshape,
    "RESIZE_NEAREST_NEIGHBOR": layers.resize_nearest,
    "SOFTMAX": layers.softmax,
    "TRANSPOSE_CONV": layers.transposed_convolution,
}


def _found() -> dict[str, Layer]:
    modules = sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    families = [importlib.import_module(f"{__name__}.{module.name}").SAMPLES for module in modules]
    return {name: layer for family in families for name, layer in family.items()}


OTHERS = _found()
"""By the schema's name: what `random_operator` draws from."""
SAMPLES = dict(sorted({**_IMAGES, **OTHERS}.items()))


def sample_of(operator: str, seed: int) -> bytes:
    """A .tflite file of the operator (and what it needs beside it) on an image of random sides."""
    sample = Sample(np.random.default_rng([seed, 6]))
    model = ModelBuilder()
    scale, zero = sample.scale(), sample.zero_point()
    layer = SAMPLES[operator]
    shape = (layers.batch_of(layer, seed), sample.integer(1, 9), sample.integer(1, 9), sample.channels())
    source = model.tensor(shape, "int8", scale, zero)
    output, _, _ = layer(model, sample, source, scale, zero)
    return model.build([source], [output])


def random_operator(seed: int) -> bytes:
    """One of `OTHERS`, each as often as the next."""
    return sample_of(list(OTHERS)[seed % len(OTHERS)], seed)
