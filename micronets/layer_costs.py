"""What a network's layers take on a board by a fitted table: known before anything is compiled.

The tables, `micronets/layer_cost_tables/{board}.json`, are what `snakemake characterise` has fitted to random networks
on the emulator; each says how far it was off.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from micronets.architecture import Architecture, Bits, Convolution, DepthwiseConvolution

TABLES = Path(str(files("micronets"))) / "layer_cost_tables"
CONVOLUTION, POINTWISE, DEPTHWISE, STRIDED_DEPTHWISE = (
    "convolution",
    "1x1 convolution",
    "depthwise",
    "strided depthwise",
)

_BITS = ", bits of "


class Shape(Protocol):
    """Of a layer; the numbers may be a backend's scalars.

    Attributes:
        kind: as `kind_of` gives it.
        inputs, outputs: values of the maps read and written; channels: of the output.
    """

    @property
    def kind(self) -> str: ...
    @property
    def macs(self) -> Any: ...
    @property
    def inputs(self) -> Any: ...
    @property
    def outputs(self) -> Any: ...
    @property
    def channels(self) -> Any: ...


@dataclass(frozen=True)
class LayerShape:
    """See `Shape`; `share` is the probability that the layer exists."""

    kind: str
    macs: Any
    inputs: Any
    outputs: Any
    channels: Any
    share: Any = 1


TERMS: Mapping[str, Callable[[Shape], Any]] = {
    "per_mac": lambda layer: layer.macs,
    "per_input": lambda layer: layer.inputs,
    "per_output": lambda layer: layer.outputs,
    "per_channel": lambda layer: layer.channels,
    "per_layer": lambda layer: 1,
}
"""What a layer's cycles are made of: the names of the coefficients of a `LayerCost`."""


@dataclass(frozen=True)
class LayerCost:
    """Cycles of a kind of layer as a sum of non-negative costs, fitted to relative errors.

    Attributes:
        coefficients: cycles by the names of `TERMS`.
        mean_error_percent, worst_error_percent: of layers that the fit had not seen (10-fold cross-validation).
    """

    kind: str
    layers: int
    coefficients: Mapping[str, float]
    mean_error_percent: float
    worst_error_percent: float

    def cycles(self, layer: Shape) -> Any:
        """What the table expects of a layer of this kind."""
        return sum(cost * TERMS[name](layer) for name, cost in self.coefficients.items())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class NetworkCosts:
    """What networks of a board take.

    Attributes:
        kinds: costs by kind of layer.
        scale: a network's cycles over the sum of its convolutions' by `kinds`.
        networks: that `scale` is fitted to.
        mean_error_percent, worst_error_percent: of the latency of networks that `scale` had not seen, one left out at
            a time.
    """

    kinds: Mapping[str, LayerCost]
    scale: float = 1.0
    networks: int = 0
    mean_error_percent: float | None = None
    worst_error_percent: float | None = None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "NetworkCosts":
        """Raises KeyError or TypeError where it is none."""
        kinds = {entry["kind"]: LayerCost(**entry) for entry in content["kinds"]}
        return cls(**{**content, "kinds": kinds})

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {**asdict(self), "kinds": [cost.to_json() for cost in self.kinds.values()]}

    def cycles(self, layers: Iterable[Shape]) -> Any:
        """Of layers, before the scale. Kinds of few bits that are not known count as those of 8 bits, others as
        nothing."""
        costs = ((layer, self.kinds.get(layer.kind) or self.kinds.get(of_eight_bits(layer.kind))) for layer in layers)
        return sum(getattr(layer, "share", 1) * cost.cycles(layer) for layer, cost in costs if cost is not None)


@dataclass(frozen=True)
class LayerCostTable:
    """The table of a board.

    Attributes:
        clock_hz: of the board.
        of_bytes: costs of networks with 8 bits throughout.
        mixed: of networks with layers of 4 bits, whose other layers take another time, too, as they are not computed
            row by row with them; None: none were measured, and they count as those of 8 bits.
    """

    board: str
    clock_hz: int
    of_bytes: NetworkCosts
    mixed: NetworkCosts | None = None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "LayerCostTable":
        """Of `layer_costs.json` as `characterise` writes it; raises KeyError or TypeError where it is none."""
        mixed = content["mixed"] and NetworkCosts.from_json(content["mixed"])
        return cls(content["board"], content["clock_hz"], NetworkCosts.from_json(content["of_bytes"]), mixed)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        mixed = self.mixed and self.mixed.to_json()
        return {"board": self.board, "clock_hz": self.clock_hz, "of_bytes": self.of_bytes.to_json(), "mixed": mixed}

    def latency_ms(self, layers: Iterable[LayerShape]) -> Any:
        """Expected, of a network of these layers; a number, or a backend's scalar where the shapes are."""
        layers = tuple(layers)
        has_fewer_bits = any(layer.kind != of_eight_bits(layer.kind) for layer in layers)
        costs = self.mixed if has_fewer_bits and self.mixed is not None else self.of_bytes
        return costs.cycles(layers) * (1e3 * costs.scale / self.clock_hz)


def layer_shapes(architecture: Architecture) -> list[LayerShape]:
    """Of the convolutions, which is all that has operations to speak of."""
    shapes = zip(architecture.layers, architecture.input_shapes(), architecture.output_shapes(), strict=True)
    weight_bits, activation_bits = architecture.weight_bits(), architecture.activation_bits()
    found = []
    for index, (layer, before, after) in enumerate(shapes):
        if isinstance(layer, Convolution | DepthwiseConvolution):
            depthwise = isinstance(layer, DepthwiseConvolution)
            taps = layer.kernel[0] * layer.kernel[1] * (1 if depthwise else before[2])
            read = architecture.read_by(index)
            bits = LayerBits(weight_bits[index], 8 if read < 0 else activation_bits[read], activation_bits[index])
            kind = kind_of(layer.kernel, depthwise=depthwise, strided=layer.stride != (1, 1), bits=bits)
            found.append(LayerShape(kind, taps * math.prod(after), math.prod(before), math.prod(after), after[2]))
    return found


@dataclass(frozen=True)
class LayerBits:
    """Of a layer's weights, and of the values that it reads and writes."""

    weights: Bits = 8
    inputs: Bits = 8
    outputs: Bits = 8


def kind_of(kernel: tuple[int, int], *, depthwise: bool, strided: bool, bits: LayerBits | None = None) -> str:
    """The kind of a convolution: `1x1 convolution`, `convolution` (any other dense one), `depthwise` or `strided
    depthwise`, and behind it the bits where any are 4. Those of depthwise weights, read once for a channel, make no
    kind of their own."""
    bits = bits or LayerBits()
    if depthwise:
        kind = STRIDED_DEPTHWISE if strided else DEPTHWISE
        bits = replace(bits, weights=8)
    else:
        kind = POINTWISE if kernel == (1, 1) else CONVOLUTION
    if bits == LayerBits():
        return kind
    weights = "" if depthwise else f"weights {bits.weights}, "
    return f"{kind}{_BITS}{weights}inputs {bits.inputs}, outputs {bits.outputs}"


def of_eight_bits(kind: str) -> str:
    """The kind of the same layers with 8 bits throughout."""
    return kind.partition(_BITS)[0]


def find_layer_costs(board: str) -> LayerCostTable | None:
    """The table that is shipped for a board; None where there is none."""
    path = TABLES / f"{board}.json"
    return LayerCostTable.from_json(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def boards_with_layer_costs() -> list[str]:
    """Names of the boards that a table is shipped for."""
    return sorted(path.stem for path in TABLES.glob("*.json"))
