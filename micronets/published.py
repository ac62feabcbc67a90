"""Networks that can be trained without a search, by name.

Widths of the MicroNets: Table 5 of the paper (arXiv 2010.11267). The DS-CNN baselines are those of Hello Edge
(arXiv 1711.07128) in the form whose operation counts equal the paper's Table 4: stem of stride 1, first block of
stride 2.
"""

from collections.abc import Callable
from dataclasses import replace

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution, Layer
from micronets.errors import ConfigurationError

KWS_INPUT = (49, 10, 1)
KWS_CLASSES = 12


def ds_cnn(name: str, stem: int, blocks: list[int], classes: int = KWS_CLASSES) -> Architecture:
    """A depthwise-separable network for keyword spotting: stem 10x4, then blocks, the first of stride 2."""
    layers: list[Layer] = [Convolution(stem, (10, 4))]
    for index, channels in enumerate(blocks):
        stride = (2, 2) if index == 0 else (1, 1)
        layers += [DepthwiseConvolution((3, 3), stride), Convolution(channels)]
    layers += [AveragePooling(), Convolution(classes, activation="linear")]
    return Architecture(name, KWS_INPUT, tuple(layers))


_RECIPES: dict[str, Callable[[str], Architecture]] = {
    "micronet-kws-s": lambda name: ds_cnn(name, 84, [112, 84, 84, 84, 196]),
    "micronet-kws-m": lambda name: ds_cnn(name, 140, [140, 140, 140, 112, 196]),
    "micronet-kws-l": lambda name: ds_cnn(name, 276, [248, 276, 276, 248, 248, 248, 248]),
    "ds-cnn-s": lambda name: ds_cnn(name, 64, [64] * 4),
    "ds-cnn-m": lambda name: ds_cnn(name, 172, [172] * 4),
    "ds-cnn-l": lambda name: ds_cnn(name, 276, [276] * 5),
}

PUBLISHED = tuple(_RECIPES)
"""Names that `published_architecture` knows."""


def published_architecture(name: str, classes: int | None = None) -> Architecture:
    """The network of a name, with its published number of classes or another.

    Raises ConfigurationError where no network of this name is published.
    """
    if name not in _RECIPES:
        raise ConfigurationError(f"No published network is named {name!r}; known are {', '.join(PUBLISHED)}.")
    architecture = _RECIPES[name](name)
    if classes is None or architecture.classes == classes:
        return architecture
    *layers, classifier = architecture.layers
    return replace(architecture, layers=(*layers, replace(classifier, channels=classes)))
