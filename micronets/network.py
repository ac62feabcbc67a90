"""A trained network as numbers: what training hands to export, whatever backend trained it.

Weights come with BatchNorm folded in; ranges say how every tensor is quantised.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from micronets.architecture import Addition, Architecture, AveragePooling
from micronets.atomic import atomic_file
from micronets.errors import ModelError
from micronets.stage_file import reading

Range = tuple[float, float]


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """What one layer has learnt.

    Attributes:
        kernel: float32 of shape (height, width, in, out), or (height, width, channels) for a depthwise layer;
            None for layers without weights.
        bias: float32 of shape (out,), or None.
        kernel_scale: float32 of shape (out,): the real value of one step of the symmetric integer weights;
            None in a float network.
        output_range: lowest and highest value of the layer's output, quantised to 256 levels, or to the 16 levels of
            4 bits where the architecture says so. None in a float network.
    """

    kernel: np.ndarray | None
    bias: np.ndarray | None
    kernel_scale: np.ndarray | None
    output_range: Range | None


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A trained `Architecture`; `input_range` and all ranges and scales are None where it is a float network.

    Attributes:
        architecture: with the bits of every layer's weights and output.
        labels: names of the logits, in order.
    """

    architecture: Architecture
    labels: tuple[str, ...]
    input_range: Range | None
    parameters: tuple[LayerParameters, ...]

    def __post_init__(self) -> None:
        if len(self.parameters) != len(self.architecture.layers):
            raise ModelError(
                f"{self.architecture.name!r} has {len(self.architecture.layers)} layers, "
                f"but parameters for {len(self.parameters)}."
            )
        for index, (layer, parameters) in enumerate(zip(self.architecture.layers, self.parameters, strict=True)):
            if (parameters.kernel is None) != isinstance(layer, AveragePooling | Addition):
                raise ModelError(
                    f"Layer {index} of {self.architecture.name!r} ({layer.kind}) "
                    f"{'lacks' if parameters.kernel is None else 'cannot have'} a kernel."
                )

    def save(self, path: str | os.PathLike) -> None:
        """Writes one .npz atomically; equal networks give equal bytes."""
        header = {
            "architecture": self.architecture.to_json(),
            "labels": list(self.labels),
            "input_range": self.input_range,
            "output_ranges": [parameters.output_range for parameters in self.parameters],
        }
        arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8)}
        for index, parameters in enumerate(self.parameters):
            for name in ("kernel", "bias", "kernel_scale"):
                value = getattr(parameters, name)
                if value is not None:
                    arrays[f"{index:03d}_{name}"] = np.asarray(value, np.float32)
        with atomic_file(path) as beside:
            np.savez(beside, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "TrainedNetwork":
        """Raises ModelError, naming the file, where it is damaged."""
        with reading(path, kind=ModelError):
            with open(path, "rb") as stream, np.load(stream) as archive:
                arrays = dict(archive)
            header = json.loads(arrays["header"].tobytes())
            # Earlier versions had the bits of all weights beside the architecture.
            architecture = Architecture.from_json(header["architecture"])
            architecture = architecture.with_precision(header.get("weight_bits", 8), activation_bits=8)
            parameters = tuple(
                LayerParameters(
                    arrays.get(f"{index:03d}_kernel"),
                    arrays.get(f"{index:03d}_bias"),
                    arrays.get(f"{index:03d}_kernel_scale"),
                    _pair(header["output_ranges"][index]),
                )
                for index in range(len(architecture.layers))
            )
            return cls(architecture, tuple(header["labels"]), _pair(header["input_range"]), parameters)


def _pair(values: list[float] | None) -> Range | None:
    return None if values is None else (values[0], values[1])
