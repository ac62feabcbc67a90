"""The one description of a network, shared by search, training, export and costs.

An `Architecture` says which layers stand in which order and how wide they are, and nothing about training.
Every network here is a chain of layers; an `Addition` may reach back to an earlier one, and a `Convolution` may read an
earlier one in the place of its predecessor, as on the shortcut of a residual block.
Convolutions use SAME padding, as in the paper's networks, or none (VALID); a 1-D network is one whose maps are 1 wide.
A layer may fix the bits of its weights and of its output; where it does not, they are for whoever trains it to say
(`Architecture.with_precision`), and 8 where nobody does.
"""

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from micronets.atomic import write_json
from micronets.errors import ModelError
from micronets.stage_file import made_anew, reading

Activation = Literal["relu6", "linear"]
Padding = Literal["same", "valid"]
"""Of a map before a convolution: zeros around it, so that stride alone makes the result smaller, or none."""
Bits = Literal[8, 4]
"""Of a weight, 4 being the levels -7 to 7, or of an activation, 4 being 16 levels."""
Shape = tuple[int, int, int]
"""Height, width, channels of one image or feature map."""


def as_shape(sides: Sequence[int]) -> Shape:
    """(height, width, channels) of a tensor's sides without its batch; a vector stands for channels.

    Raises ModelError where there are none, or more than three.
    """
    if not 1 <= len(sides) <= 3:
        raise ModelError(f"an input of {len(sides)} sides besides the batch is no image; set evaluate.input_shape")
    height, width, channels = [1] * (3 - len(sides)) + list(sides)
    return height, width, channels


@dataclass(frozen=True)
class Convolution:
    """A dense 2-D convolution with bias; `kernel` and `stride` are (height, width). It reads the output of layer
    `source` (an index into `Architecture.layers`), or that of the layer before it where that is None."""

    kind: ClassVar[str] = "convolution"
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    activation: Activation = "relu6"
    source: int | None = None
    padding: Padding = "same"
    weight_bits: Bits | None = None
    activation_bits: Bits | None = None


@dataclass(frozen=True)
class DepthwiseConvolution:
    """A depthwise 2-D convolution with bias and multiplier 1."""

    kind: ClassVar[str] = "depthwise_convolution"
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    activation: Activation = "relu6"
    padding: Padding = "same"
    weight_bits: Bits | None = None
    activation_bits: Bits | None = None


@dataclass(frozen=True)
class TransposedConvolution:
    """The transpose of a dense convolution of the same kernel and stride, with bias.

    Its map is exactly `stride` times as high and wide as its input's, that is the map which a convolution with SAME
    padding would make its input's size of; it is padded as that convolution would be.
    """

    kind: ClassVar[str] = "transposed_convolution"
    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    activation: Activation = "relu6"


@dataclass(frozen=True)
class AveragePooling:
    """Average over windows of `kernel` at `stride` (SAME padding), or over the whole map where `kernel` is None."""

    kind: ClassVar[str] = "average_pooling"
    kernel: tuple[int, int] | None = None
    stride: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Addition:
    """Adds the output of layer `source` (an index into `Architecture.layers`).

    Where the two channel counts differ, the narrower side is padded with zero channels.
    """

    kind: ClassVar[str] = "addition"
    source: int = 0
    activation: Activation = "linear"


AnyConvolution = Convolution | DepthwiseConvolution | TransposedConvolution
"""The layers that have weights."""
Layer = AnyConvolution | AveragePooling | Addition
_LAYER_KINDS: dict[str, type] = {layer.kind: layer for layer in get_args(Layer)}


@dataclass(frozen=True)
class Architecture:
    """A network from one input map to a vector of logits, its last map of 1 x 1, or to a map of the input's shape.

    Raises ModelError where layers do not fit together.
    """

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        self._check_numbers()
        shapes = self.output_shapes()
        if not shapes or (shapes[-1][:2] != (1, 1) and not self.reconstructs):
            raise ModelError(
                f"Architecture {self.name!r} must end in a 1 x 1 map or in its input's shape; pool globally before the "
                "classifier, or transpose as many strides as there were."
            )
        for index, layer in enumerate(self.layers):
            if getattr(layer, "activation_bits", None) == 4 and not self.may_have_four_bits(index):
                raise ModelError(
                    f"The output of layer {index} of {self.name!r} cannot have 4 bits: only that of a convolution with "
                    "a ReLU6 can, which no addition reads and which is not the network's own; remove its "
                    "activation_bits."
                )

    def _check_numbers(self) -> None:
        """Kinds and ranges of everything that a file may say."""
        if not isinstance(self.name, str):
            raise ModelError(f"An architecture's name must be a text, not {self.name!r}.")
        _check_sizes(f"The input shape of {self.name!r}", self.input_shape, 3)
        for index, layer in enumerate(self.layers):
            what = f"of layer {index} of {self.name!r}"
            source = getattr(layer, "source", None)
            if not _is_whole(source) and (source is not None or isinstance(layer, Addition)):
                raise ModelError(f"The source {what} is {source!r}; it must be the index of a layer.")
            if not isinstance(layer, Addition) and not (isinstance(layer, AveragePooling) and layer.kernel is None):
                _check_sizes(f"The kernel {what}", layer.kernel, 2)
                _check_sizes(f"The stride {what}", layer.stride, 2)
            if isinstance(layer, Convolution | TransposedConvolution):
                _check_sizes(f"The number of channels {what}", (layer.channels,), 1)
            if not isinstance(layer, AveragePooling) and layer.activation not in get_args(Activation):
                known = " or ".join(get_args(Activation))
                raise ModelError(f"The activation {what} is {layer.activation!r}; it must be {known}.")
            if isinstance(layer, Convolution | DepthwiseConvolution) and layer.padding not in get_args(Padding):
                known = " or ".join(get_args(Padding))
                raise ModelError(f"The padding {what} is {layer.padding!r}; it must be {known}.")
            for name in ("weight_bits", "activation_bits"):
                bits = getattr(layer, name, None)
                if bits is not None and (not _is_whole(bits) or bits not in get_args(Bits)):
                    raise ModelError(f"The {name} {what} are {bits!r}; they must be 8 or 4.")

    def output_shapes(self) -> tuple[Shape, ...]:
        """The shape after every layer, in order."""
        shapes: list[Shape] = []
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Convolution) and layer.source is not None and not 0 <= layer.source < index:
                raise ModelError(f"Layer {index} of {self.name!r} reads layer {layer.source}, which is not before it.")
            read = self.read_by(index)
            shapes.append(self._output_shape(index, layer, self.input_shape if read < 0 else shapes[read], shapes))
        return tuple(shapes)

    def input_shapes(self) -> tuple[Shape, ...]:
        """The shape that every layer reads, in order; of an addition, that of its predecessor."""
        shapes = self.output_shapes()
        reads = (self.read_by(index) for index in range(len(shapes)))
        return tuple(self.input_shape if read < 0 else shapes[read] for read in reads)

    def read_by(self, index: int) -> int:
        """The layer whose output layer `index` reads, -1 for the network's input; of an addition, the layer before."""
        layer = self.layers[index]
        return layer.source if isinstance(layer, Convolution) and layer.source is not None else index - 1

    def may_have_four_bits(self, index: int) -> bool:
        """Whether the output of layer `index` may have 16 levels and the file stay a standard one.

        A ReLU6 cuts a tensor to 16 levels of the fixed range 0 to 6, onto which weights and biases map any range. Of a
        tensor that an addition reads, or of the network's output, the range cannot be changed in this way; without the
        activation, and behind a transposed convolution, for which no runtime fuses one, nothing cuts it.
        """
        layer = self.layers[index]
        if not isinstance(layer, Convolution | DepthwiseConvolution) or layer.activation != "relu6":
            return False
        fixed = {self.made_by(len(self.layers) - 1)}
        for place, reader in enumerate(self.layers):
            if isinstance(reader, Addition):
                fixed |= {self.made_by(place - 1), self.made_by(reader.source)}
        return index not in fixed

    def made_by(self, index: int) -> int:
        """The layer that made the values which layer `index` hands on: average pools keep the range and the bits of
        what they read. -1 is the network's input."""
        while index >= 0 and isinstance(self.layers[index], AveragePooling):
            index -= 1
        return index

    def weight_bits(self) -> tuple[Bits, ...]:
        """Of every layer's weights; 8 where there are none, and in transposed convolutions, of which no runtime reads
        packed weights."""
        return tuple(getattr(layer, "weight_bits", None) or 8 for layer in self.layers)

    def activation_bits(self) -> tuple[Bits, ...]:
        """Of every layer's output; those of the network's input are 8."""
        makers = (self.made_by(index) for index in range(len(self.layers)))
        return tuple(8 if maker < 0 else getattr(self.layers[maker], "activation_bits", None) or 8 for maker in makers)

    def with_precision(self, weight_bits: Bits, activation_bits: Bits) -> "Architecture":
        """The same network with these bits wherever a layer does not fix its own, as far as its outputs may have them
        (see `may_have_four_bits`)."""
        layers: list[Layer] = []
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Convolution | DepthwiseConvolution):
                if weight_bits == 4 and layer.weight_bits is None:
                    layer = dataclasses.replace(layer, weight_bits=4)
                if activation_bits == 4 and layer.activation_bits is None and self.may_have_four_bits(index):
                    layer = dataclasses.replace(layer, activation_bits=4)
            layers.append(layer)
        return dataclasses.replace(self, layers=tuple(layers))

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.output_shapes()[-1][2]

    @property
    def reconstructs(self) -> bool:
        """Whether the network gives back a map of its input's shape, as an autoencoder does, and not logits."""
        return self.output_shapes()[-1] == self.input_shape

    def _output_shape(self, index: int, layer: Layer, shape: Shape, earlier: list[Shape]) -> Shape:
        height, width, channels = shape
        if isinstance(layer, Addition):
            if not 0 <= layer.source < index:
                raise ModelError(f"Layer {index} of {self.name!r} adds layer {layer.source}, which is not before it.")
            other = earlier[layer.source]
            if other[:2] != shape[:2]:
                raise ModelError(f"Layer {index} of {self.name!r} adds maps of {other[:2]} and {shape[:2]} pixels.")
            return (height, width, max(channels, other[2]))
        if isinstance(layer, AveragePooling):
            if layer.kernel is None:
                return (1, 1, channels)
            return (-(-height // layer.stride[0]), -(-width // layer.stride[1]), channels)
        out_channels = channels if isinstance(layer, DepthwiseConvolution) else layer.channels
        if isinstance(layer, TransposedConvolution):
            return (height * layer.stride[0], width * layer.stride[1], out_channels)
        if layer.padding == "valid":
            height, width = height - layer.kernel[0] + 1, width - layer.kernel[1] + 1
            if height < 1 or width < 1:
                raise ModelError(
                    f"The kernel of layer {index} of {self.name!r} is larger than its map of {shape[:2]} pixels, which "
                    "nothing pads; make it smaller, or padding same."
                )
        return (-(-height // layer.stride[0]), -(-width // layer.stride[1]), out_channels)

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` turns back into an equal Architecture."""
        return {
            "name": self.name,
            "input_shape": list(self.input_shape),
            "layers": [_to_json(layer) for layer in self.layers],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Architecture":
        """Raises ModelError where the object is not an architecture."""
        try:
            layers = []
            for entry in content["layers"]:
                fields = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items() if key != "kind"}
                layers.append(_LAYER_KINDS[entry["kind"]](**fields))
            return cls(content["name"], tuple(content["input_shape"]), tuple(layers))
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"Not an architecture description: {error!r}.") from error

    def save(self, path: str | os.PathLike) -> None:
        """Writes `architecture.json` atomically."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Architecture":
        """Reads `architecture.json`; raises ModelError, naming the file, where it is damaged."""
        with reading(path, kind=ModelError):
            content = json.loads(Path(path).read_bytes())
        try:
            return cls.from_json(content)
        except ModelError as error:
            raise ModelError(f"{path}: {error} Mend it, or {made_anew(path)}.") from error


LARGEST_SIDE = 1 << 16
"""Of a map, a kernel, a stride, a number of channels: far more than any microcontroller can hold."""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_sizes(what: str, values: object, count: int) -> None:
    """Raises ModelError unless `values` are `count` whole numbers from 1 to `LARGEST_SIDE`."""
    if not isinstance(values, tuple) or len(values) != count:
        raise ModelError(f"{what} is {values!r}; it must be {count} whole numbers.")
    for value in values:
        if not _is_whole(value) or not 1 <= value <= LARGEST_SIDE:
            raise ModelError(f"{what} holds {value!r}; whole numbers from 1 to {LARGEST_SIDE:,} are possible.")


def _to_json(layer: Layer) -> dict[str, Any]:
    fields = dataclasses.asdict(layer)
    if isinstance(layer, Convolution) and layer.source is None:
        del fields["source"]
    if fields.get("padding") == "same":
        del fields["padding"]
    for name in ("weight_bits", "activation_bits"):
        if fields.get(name, 8) is None:
            del fields[name]
    if isinstance(layer, Addition) and layer.activation == "linear":
        del fields["activation"]
    return {"kind": layer.kind, **fields}
