"""The kinds of features of sound that networks here read, by name."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from micronets.data.options import from_mapping
from micronets.device_features.sound import Parameters
from micronets.features.filterbank import FilterbankParameters
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES, MEL_IMAGES
from micronets.features.mfcc import MfccParameters
from micronets.tflm.network import read_input

KINDS: dict[str, Parameters] = {
    "mfcc": MfccParameters(),
    "filterbank": FilterbankParameters(),
    "log-mel": IMAGES,
    "log-mel-128": MEL_IMAGES,
    "autoencoder": AUTOENCODER_WINDOWS,
}

_ANY_GRID = 0.6, 0
"""Costs do not depend on it."""


def parameters_of(kind: str, changes: Mapping[str, Any]) -> Parameters:
    """Those of a kind with some changed; raises ConfigurationError where it has no such parameter or value."""
    usual = KINDS[kind]
    return from_mapping(type(usual), {**asdict(usual), **changes}, "--set")


def input_grid(tflite: Path | None) -> tuple[float, int]:
    """Scale and zero point of a model's int8 input, or some where there is no model; raises ModelError."""
    if tflite is None:
        return _ANY_GRID
    source = read_input(tflite)
    return source.scale, source.zero_point
