"""Exact costs of an architecture: weights, operations and live activation bytes.

Weights of 4 bits take half a byte of flash, outputs of 4 bits half a byte of working memory. Ops are 2 x MACs. The
paper's Mops column counts a strided map as exactly height/stride x width/stride, without rounding up; both conventions
are given, because the paper's figures can only be compared under its own.
A transposed convolution multiplies every input pixel by the whole kernel: taps that fall outside the output count, as
those in the padding do in the other convolutions.
"""

from dataclasses import dataclass

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    DepthwiseConvolution,
    Layer,
    TransposedConvolution,
)

BYTES_PER_CHANNEL = 16
"""Of every output channel in flash, besides its weights: int32 bias, int32 multiplier, shift and rounding, and what
pads the rows of its weights to whole words; half of it where they are packed: two words hold all but the weights."""
BYTES_PER_LAYER = 84
"""The description of a convolution."""
BYTES_PER_ADDITION = 104
"""The description of an addition, and of the padding before it."""
BYTES_PER_POOLING = 64


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
    """Costs of a whole network, with the bits that its layers fix and 8 elsewhere.

    Attributes:
        weights: number of weights, without biases.
        macs: multiply-accumulates with the real map sizes.
        paper_macs: the same under the paper's convention.
        flash_bytes: at most what the compiled network has in flash beside its code, by the layouts for Cortex-M3, M4
            and M7; those for Cortex-M55 pad channels to whole vectors and may need more. Where 1x1 convolutions are
            packed and depthwise ones are not, the slack of the former is missing: a DS-CNN-S took 1.6 % more.
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
    last_reads = {read: index for index in range(len(outputs)) for read in _reads(architecture, index)}
    held = {-1: last_reads.get(-1, -1)}
    weight_bits = architecture.weight_bits()
    map_bytes = {-1: _elements(architecture.input_shape)}
    for index, (shape, bits) in enumerate(zip(outputs, architecture.activation_bits(), strict=True)):
        map_bytes[index] = -(-_elements(shape) * bits // 8)
    sizes = {-1: (float(architecture.input_shape[0]), float(architecture.input_shape[1]))}
    for index, (layer, before, after) in enumerate(
        zip(architecture.layers, architecture.input_shapes(), outputs, strict=True)
    ):
        weights = _weights(layer, before[2], after[2])
        read = sizes[architecture.read_by(index)]
        exact = sizes[index] = _exact_size(layer, read)
        transposed = isinstance(layer, TransposedConvolution)
        pixels, exact_pixels = (before[:2], read) if transposed else (after[:2], exact)
        held = {earlier: read_last for earlier, read_last in held.items() if read_last >= index}
        live = map_bytes[index] + sum(map_bytes[held_back] for held_back in held)
        held[index] = last_reads.get(index, index)
        layers.append(
            LayerCosts(
                weights=weights,
                macs=weights * pixels[0] * pixels[1],
                paper_macs=weights * exact_pixels[0] * exact_pixels[1],
                flash_bytes=_flash_bytes(layer, weights, weight_bits[index], after[2]),
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


def _reads(architecture: Architecture, index: int) -> set[int]:
    """The layers that a layer reads; -1 is the network's input."""
    layer = architecture.layers[index]
    return {architecture.read_by(index)} | ({layer.source} if isinstance(layer, Addition) else set())


def _weights(layer: Layer, channels_in: int, channels_out: int) -> int:
    if isinstance(layer, AveragePooling | Addition):
        return 0
    taps = layer.kernel[0] * layer.kernel[1]
    return taps * channels_out * (1 if isinstance(layer, DepthwiseConvolution) else channels_in)


def _flash_bytes(layer: Layer, weights: int, bits: int, channels_out: int) -> int:
    if isinstance(layer, Addition):
        return BYTES_PER_ADDITION
    if isinstance(layer, AveragePooling):
        return BYTES_PER_POOLING
    return -(-(weights + BYTES_PER_CHANNEL * channels_out) * bits // 8) + BYTES_PER_LAYER


def _exact_size(layer: Layer, size: tuple[float, float]) -> tuple[float, float]:
    """Height and width of a layer's output under the paper's convention, from those of its input."""
    if isinstance(layer, Addition):
        return size
    if isinstance(layer, AveragePooling) and layer.kernel is None:
        return 1.0, 1.0
    if isinstance(layer, TransposedConvolution):
        return size[0] * layer.stride[0], size[1] * layer.stride[1]
    height, width = size
    if not isinstance(layer, AveragePooling) and layer.padding == "valid":
        height, width = height - layer.kernel[0] + 1, width - layer.kernel[1] + 1
    return height / layer.stride[0], width / layer.stride[1]


def _elements(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]
