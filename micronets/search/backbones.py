"""The kinds of backbone that a configuration may name, each with its own keys and its own search space."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Protocol

from micronets.architecture import Shape
from micronets.errors import ConfigurationError
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.resnet_space import ResNetSpace
from micronets.search.space import SearchSpace


class Backbone(Protocol):
    """The widest and deepest network of a search space."""

    def space(self, input_shape: Shape, classes: int) -> SearchSpace:
        """Raises ConfigurationError where there is no such network."""


@dataclass(frozen=True, kw_only=True)
class DsCnnBackbone:
    """Depthwise-separable blocks of one width."""

    channels: int
    """Of the stem and of every block; a multiple of 4."""
    blocks: int
    strided: tuple[int, ...] = (1,)
    """Numbers, from 1, of the blocks that downsample by 2."""
    stem_kernel: tuple[int, int] = (10, 4)
    """(height, width)."""
    width_steps: int = 10
    """Widths to choose from, from 1/width_steps of the channels to all of them."""

    def space(self, input_shape: Shape, classes: int) -> DsCnnSpace:
        """Raises ConfigurationError where the channels are no multiple of 4 or a strided block is none of them."""
        _check_strided(self.strided, self.blocks)
        strides = tuple((2, 2) if number in self.strided else (1, 1) for number in range(1, self.blocks + 1))
        height, width = self.stem_kernel
        return DsCnnSpace(input_shape, classes, self.channels, strides, (height, width), self.width_steps)


@dataclass(frozen=True, kw_only=True)
class MobileNetV2Backbone:
    """MobileNetV2 of any width."""

    width: float = 1.0
    """Of every layer, as a share of MobileNetV2's."""
    width_steps: int = 10
    """Widths to choose from, from 1/width_steps of a layer's channels to all of them."""

    def space(self, input_shape: Shape, classes: int) -> MobileNetV2Space:
        """Any width is possible."""
        return MobileNetV2Space(input_shape, classes, self.width, self.width_steps)


@dataclass(frozen=True, kw_only=True)
class ResNetBackbone:
    """Residual blocks of dense convolutions; with the channels 16, ResNet-8."""

    channels: int = 32
    """Of the stem; twice as many from each block on that downsamples. A multiple of 4."""
    blocks: int = 3
    strided: tuple[int, ...] = (2, 3)
    """Numbers, from 1, of the blocks that downsample by 2."""
    width_steps: int = 10
    """Widths to choose from, from 1/width_steps of a layer's channels to all of them."""

    def space(self, input_shape: Shape, classes: int) -> ResNetSpace:
        """Raises ConfigurationError where a strided block is none of the blocks."""
        _check_strided(self.strided, self.blocks)
        strided = tuple(number in self.strided for number in range(1, self.blocks + 1))
        return ResNetSpace(input_shape, classes, self.channels, strided, self.width_steps)


def _check_strided(strided: tuple[int, ...], blocks: int) -> None:
    if not set(strided) <= set(range(1, blocks + 1)):
        raise ConfigurationError(f"search.backbone.strided is {list(strided)}, but there are the blocks 1 to {blocks}.")


_KINDS: dict[str, type[DsCnnBackbone] | type[MobileNetV2Backbone] | type[ResNetBackbone]] = {
    "ds-cnn": DsCnnBackbone,
    "mobilenet-v2": MobileNetV2Backbone,
    "resnet": ResNetBackbone,
}


def read_backbone(section: Mapping[str, Any]) -> Backbone:
    """From the `search.backbone` section: `kind` (ds-cnn unless given) and the keys of that kind.

    Keys of other kinds are passed over: a section that changes the kind is merged with the task's defaults.

    Raises ConfigurationError where a key that the kind needs is missing.
    """
    name = section.get("kind", "ds-cnn")
    kind = _KINDS[name]
    values: dict[str, Any] = {}
    for entry in fields(kind):
        if entry.name in section:
            value = section[entry.name]
            values[entry.name] = tuple(value) if isinstance(value, list) else value
        elif entry.default is MISSING:
            raise ConfigurationError(f"search.backbone.{entry.name} is missing, which kind {name} needs; add it.")
    return kind(**values)
