"""Costs of a network that is not decided yet, layer by layer, as smooth functions of its expected widths.

Plain arithmetic only: numbers give numbers, scalars of a backend give scalars that gradients flow through.
"""

from dataclasses import dataclass
from typing import Any

from micronets.architecture import Bits
from micronets.costs import BYTES_PER_ADDITION, BYTES_PER_CHANNEL, BYTES_PER_LAYER, BYTES_PER_POOLING
from micronets.layer_costs import LayerBits, LayerShape, kind_of


@dataclass(frozen=True)
class Precision:
    """Expected bits of a layer's weights, and of the values that it reads and writes."""

    weights: Any = 8
    inputs: Any = 8
    outputs: Any = 8

    def of_kind(self) -> LayerBits:
        """Those of the kind of layer that costs are taken from."""
        return LayerBits(_decided(self.weights), _decided(self.inputs), _decided(self.outputs))


def _decided(bits: Any) -> Bits:
    return 4 if bits == 4 else 8


class ExpectedCosts:
    """Sums the costs of layers as they are added; the formulas are those of `micronets.costs`.

    Channels are expected channels, `share` is the probability that the layer exists, pixels are height x width,
    `kept_bytes` are those of maps that a later addition still needs.

    Attributes:
        flash_bytes: constants of the compiled network, at most.
        macs: multiply-accumulates with the real map sizes.
        layers: shapes of the convolutions, with the probability that each exists.
        live_bytes: inputs, outputs and kept maps of every layer: the working-memory model of SpArSe (section 4 of the
            paper). Their maximum is the peak; the layers stay apart because a peak below a target means every one
            below it.
    """

    def __init__(self) -> None:
        self.flash_bytes: Any = 0
        self.macs: Any = 0
        self.live_bytes: list[Any] = []
        self.layers: list[LayerShape] = []

    @property
    def ops(self) -> Any:
        return 2 * self.macs

    def convolution(
        self,
        before: Any,
        after: Any,
        kernel: tuple[int, int],
        pixels_before: int,
        pixels_after: int,
        share: Any = 1,
        kept_bytes: Any = 0,
        precision: Precision | None = None,
    ) -> None:
        """A dense convolution from `before` to `after` channels."""
        weights = kernel[0] * kernel[1] * before * after
        precision = precision or Precision()
        strided = pixels_before != pixels_after
        kind = kind_of(kernel, depthwise=False, strided=strided, bits=precision.of_kind())
        self._add(kind, weights, before, after, pixels_before, pixels_after, share, kept_bytes, precision)

    def depthwise(
        self,
        channels: Any,
        kernel: tuple[int, int],
        pixels_before: int,
        pixels_after: int,
        share: Any = 1,
        kept_bytes: Any = 0,
        precision: Precision | None = None,
    ) -> None:
        """A depthwise convolution."""
        weights = kernel[0] * kernel[1] * channels
        precision = precision or Precision()
        strided = pixels_before != pixels_after
        kind = kind_of(kernel, depthwise=True, strided=strided, bits=precision.of_kind())
        self._add(kind, weights, channels, channels, pixels_before, pixels_after, share, kept_bytes, precision)

    def pooling(self, pixel_bytes: Any, pixels_before: int, pixels_after: int, share: Any = 1) -> None:
        """An average pool of maps of `pixel_bytes` for each pixel, that is of so many channels of 8 bits."""
        self.flash_bytes = self.flash_bytes + share * BYTES_PER_POOLING
        self.live_bytes.append(share * (pixels_before + pixels_after) * pixel_bytes)

    def addition(self, left: Any, right: Any, after: Any, pixels: int) -> None:
        """The sum of two maps; `after` is the greater of the two channel counts."""
        self.flash_bytes = self.flash_bytes + BYTES_PER_ADDITION
        self.live_bytes.append(pixels * (left + right + after))

    def _add(
        self,
        kind: str,
        weights: Any,
        before: Any,
        after: Any,
        pixels_before: int,
        pixels_after: int,
        share: Any,
        kept_bytes: Any,
        precision: Precision,
    ) -> None:
        constants = (weights + BYTES_PER_CHANNEL * after) * precision.weights / 8
        self.flash_bytes = self.flash_bytes + share * (constants + BYTES_PER_LAYER)
        self.macs = self.macs + share * weights * pixels_after
        maps = pixels_before * before, pixels_after * after
        self.layers.append(LayerShape(kind, weights * pixels_after, *maps, after, share))
        read, written = maps[0] * precision.inputs / 8, maps[1] * precision.outputs / 8
        self.live_bytes.append(share * (read + written + kept_bytes))
