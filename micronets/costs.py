"""Exact costs of an architecture: weights, operations and live activation bytes.

Ops are 2 x MACs. The paper's Mops column counts a strided map as exactly height/stride x width/stride, without
rounding up; both conventions are given, because the paper's figures can only be compared under its own.
"""

from dataclasses import dataclass

from micronets.architecture import Addition, Architecture, AveragePooling, Convolution, DepthwiseConvolution

BYTES_PER_CHANNEL = 4 + 4 + 1
"""Of every output channel in flash: int32 bias, int32 requantisation multiplier, int8 shift."""


@dataclass(frozen=True)
class LayerCosts:
    """Costs of one layer; `paper_macs` may be fractional."""

    weights: int
    macs: int
    paper_macs: float
    flash_bytes: int
    live_bytes: int


@dataclass(frozen=True)
class Costs:
    """Costs of a whole network with int8 weights and activations.

    Attributes:
        weights: number of weights, without biases (equals the bytes of int8 weights).
        macs: multiply-accumulates with the real map sizes.
        paper_macs: the same under the paper's convention.
        flash_bytes: weights, biases and requantisation constants.
        sram_bytes: the working-memory model of SpArSe (paper section 4): the greatest sum, over the layers, of
            the layer's inputs and outputs plus whatever a later addition still needs.
    """

    weights: int
    macs: int
    paper_macs: float
    flash_bytes: int
    sram_bytes: int
    layers: tuple[LayerCosts, ...]

    @property
    def ops(self) -> int:
        return 2 * self.macs

    @property
    def paper_ops(self) -> float:
        return 2 * self.paper_macs


def costs(architecture: Architecture) -> Costs:
    """Counts what `architecture` needs, layer by layer."""
    layers: list[LayerCosts] = []
    outputs = architecture.output_shapes()
    exact_height, exact_width = float(architecture.input_shape[0]), float(architecture.input_shape[1])
    for index, (layer, before, after) in enumerate(
        zip(architecture.layers, architecture.input_shapes(), outputs, strict=True)
    ):
        weights_per_pixel = 0
        if isinstance(layer, Convolution):
            weights_per_pixel = layer.kernel[0] * layer.kernel[1] * before[2] * after[2]
        elif isinstance(layer, DepthwiseConvolution):
            weights_per_pixel = layer.kernel[0] * layer.kernel[1] * after[2]
        if isinstance(layer, AveragePooling) and layer.kernel is None:
            exact_height = exact_width = 1.0
        elif not isinstance(layer, Addition):
            exact_height /= layer.stride[0]
            exact_width /= layer.stride[1]
        kept = {
            later.source
            for later in architecture.layers[index + 1 :]
            if isinstance(later, Addition) and later.source < index - 1
        }
        if isinstance(layer, Addition) and layer.source != index - 1:
            kept.add(layer.source)
        live = _elements(before) + _elements(after) + sum(_elements(outputs[source]) for source in kept)
        layers.append(
            LayerCosts(
                weights=weights_per_pixel,
                macs=weights_per_pixel * after[0] * after[1],
                paper_macs=weights_per_pixel * exact_height * exact_width,
                flash_bytes=weights_per_pixel + (BYTES_PER_CHANNEL * after[2] if weights_per_pixel else 0),
                live_bytes=live,
            )
        )
    return Costs(
        weights=sum(layer.weights for layer in layers),
        macs=sum(layer.macs for layer in layers),
        paper_macs=sum(layer.paper_macs for layer in layers),
        flash_bytes=sum(layer.flash_bytes for layer in layers),
        sram_bytes=max(layer.live_bytes for layer in layers),
        layers=tuple(layers),
    )


def _elements(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]
