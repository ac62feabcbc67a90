"""Random networks from a backbone, as a search might meet them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from micronets.architecture import Architecture, Convolution, DepthwiseConvolution
from micronets.errors import ConfigurationError
from micronets.published import KWS_CLASSES, KWS_INPUT
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.resnet_space import ResNetSpace
from micronets.search.space import SearchSpace

_DOWN, _KEEP = (2, 2), (1, 1)


@dataclass(frozen=True)
class Backbone:
    """A family of networks: everything that can be chosen in `space` is drawn at random.

    Attributes:
        note: where its form comes from.
        mixed: whether layers have 4 bits: the weights in every fourth network, weights and outputs in the next; in the
            others 8 or 4 are drawn for the weights and the outputs of every layer.
    """

    name: str
    space: SearchSpace
    note: str
    mixed: bool = False

    def sample(self, seed: int, index: int) -> Architecture:
        """Network `index` of the sequence of a seed; every option of every decision is equally likely."""
        generator = np.random.default_rng([seed, index])
        choice = tuple(int(generator.integers(len(decision.options))) for decision in self.space.decisions)
        architecture = self.space.architecture(f"{self.name}-{index:04d}", choice)
        if not self.mixed:
            return architecture
        if index % 4 < 2:
            return architecture.with_precision(4, 8 if index % 4 == 0 else 4)
        return _with_random_bits(architecture, generator)


def _with_random_bits(architecture: Architecture, generator: np.random.Generator) -> Architecture:
    layers = list(architecture.layers)
    for index, layer in enumerate(layers):
        fewer_weight_bits, fewer_activation_bits = generator.random(2) < 0.5
        if isinstance(layer, Convolution | DepthwiseConvolution):
            layers[index] = replace(
                layer,
                weight_bits=4 if fewer_weight_bits else 8,
                activation_bits=4 if fewer_activation_bits and architecture.may_have_four_bits(index) else None,
            )
    return replace(architecture, layers=tuple(layers))


def _kws() -> Backbone:
    strides = (_DOWN, *[_KEEP] * 8)
    return Backbone(
        "kws",
        DsCnnSpace(KWS_INPUT, KWS_CLASSES, 276, strides),
        "the paper's search backbone for keyword spotting: DS-CNN-L with four more blocks of 276 channels",
    )


def _cifar10() -> Backbone:
    strides = (_KEEP, _DOWN, _KEEP, _DOWN, _KEEP, _DOWN, _KEEP)
    return Backbone(
        "cifar10",
        DsCnnSpace((32, 32, 3), 10, 128, strides, stem_kernel=(3, 3)),
        "ours, as the paper does not publish its own: depthwise-separable blocks on 32x32x3, three downsampling",
    )


def _vww() -> Backbone:
    return Backbone(
        "vww",
        MobileNetV2Space((50, 50, 1), 2, width=0.5),
        "MobileNetV2 on the paper's small input of 50x50x1, half as wide as the paper's: of the whole width most "
        "random networks do not fit the smaller board's flash",
    )


def _resnet() -> Backbone:
    return Backbone(
        "resnet",
        ResNetSpace((32, 32, 3), 10, 32, (False, True, True)),
        "ResNet-8, twice as wide: residual blocks of dense convolutions on 32x32x3",
    )


_BACKBONES: dict[str, Callable[[], Backbone]] = {"kws": _kws, "cifar10": _cifar10, "vww": _vww, "resnet": _resnet}
_MIXED = "-mixed"
BACKBONES = (*_BACKBONES, *(name + _MIXED for name in _BACKBONES))
"""Names that `find_backbone` knows: each also with layers of 4 bits."""


def find_backbone(name: str) -> Backbone:
    """Raises ConfigurationError where there is no backbone of this name."""
    if name not in BACKBONES:
        raise ConfigurationError(f"there is no backbone {name!r} to characterise; there are {', '.join(BACKBONES)}")
    backbone = _BACKBONES[name.removesuffix(_MIXED)]()
    if not name.endswith(_MIXED):
        return backbone
    return replace(backbone, name=name, note=f"{backbone.note}; layers of 4 bits", mixed=True)
