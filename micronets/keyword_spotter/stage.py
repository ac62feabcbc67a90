"""From a .tflite file and a stream of audio to the figures of a keyword spotter."""

import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from micronets.boards import Board
from micronets.compiler import compile_network
from micronets.data.options import from_mapping
from micronets.data.speech.spoken_stream import SpokenStream
from micronets.device_features.sound import write_features
from micronets.errors import ConfigurationError, ModelError
from micronets.features.speech_features import VIEWS, SpeechFeatures
from micronets.keyword_spotter.build import (
    SpotterSources,
    build_for_emulator,
    memory_by_part,
    spotter_sources,
)
from micronets.keyword_spotter.operating_points import detections_of, operating_points
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.result import SpotResult
from micronets.keyword_spotter.run import listen_on_emulator
from micronets.keyword_spotter.score import score
from micronets.keyword_spotter.settings import DetectorSettings
from micronets.tflm.network import read_input

logger = logging.getLogger(__name__)

_START_LIMIT_S = 60.0
_LIMIT_PER_SECOND = 10.0  # of wall-clock time for a second of audio


def features_read_by(tflite: Path) -> SpeechFeatures:
    """The features of speech that an int8 .tflite file reads, by the number of its input's values.

    Raises ModelError where there are none of so many, or the file has no such input.
    """
    shape = read_input(tflite).shape
    for known, parameters in VIEWS.items():
        if math.prod(known) == math.prod(shape):
            return parameters
    kinds = dict.fromkeys(VIEWS.values())
    expected = " or ".join(f"{features.frames} frames of {features.frame_values}" for features in kinds)
    raise ModelError(f"{tflite} reads {math.prod(shape)} values, but the features of speech are {expected}.")


def time_limit_s(seconds: float) -> float:
    """Of the emulator, for so many seconds of audio."""
    return _START_LIMIT_S + _LIMIT_PER_SECOND * seconds


def prepare_spotter(
    tflite: Path,
    board: Board,
    options: SpotOptions,
    labels: tuple[str, ...],
    parameters: SpeechFeatures,
    directory: Path,
    *,
    optimise: str = "balanced",
) -> SpotterSources:
    """Compiles the network and writes features and settings around it, all below `directory`.

    Args:
        labels: classes of the network's outputs, in order.
        parameters: of the features that the network reads.

    Raises:
        ModelError: the network's input are no such features, or its outputs not these classes.
        MicronetsError: as `compile_network` and `write_features`.
    """
    compiled = compile_network(tflite, directory / "src", core=board.core, optimise=optimise, memories=board)
    features = write_features(parameters, compiled.input.scale, compiled.input.zero_point, directory / "features")
    input_bytes = math.prod(compiled.input.shape)
    if input_bytes != features.window_bytes:
        raise ModelError(
            f"{tflite} reads {input_bytes} values, but the features are {features.frames} frames of {features.values}."
        )
    settings = DetectorSettings.of(options, labels, parameters.hop_ms)
    return spotter_sources(compiled, features, settings, directory / "settings")


def heard_by(
    labels: tuple[str, ...], parameters: SpeechFeatures, evaluate: Mapping[str, Any]
) -> tuple[tuple[str, ...], SpeechFeatures]:
    """Classes and features of a network: those given, or where it has been trained elsewhere, its own.

    Args:
        evaluate: the section of this name that describes it; empty of a network that has been trained here.

    Raises ConfigurationError where it reads features in another unit, which the device does not compute.
    """
    if not evaluate:
        return labels, parameters
    if (evaluate["scale"], evaluate["offset"]) != (1, 0):
        raise ConfigurationError(
            "The device computes features in their own unit, but evaluate.scale and evaluate.offset say that the "
            "network reads others; leave this model out of the run of spot."
        )
    return tuple(evaluate["labels"]) or labels, replace(parameters, **evaluate["features"])


def spot(
    tflite: Path,
    stream: SpokenStream,
    board: Board,
    directory: Path,
    section: Mapping[str, Any],
    labels: tuple[str, ...],
    parameters: SpeechFeatures,
    *,
    optimise: str = "balanced",
) -> SpotResult:
    """Builds the keyword spotter, plays the stream to it on the emulator, scores what it detects.

    Leaves `keyword_spotter.elf`, the sources, and what `SpotResult.save` writes in `directory`.

    Args:
        section: `spot` of the configuration.
        labels, parameters: as in `prepare_spotter`.

    Raises MicronetsError: a step failed.
    """
    options = from_mapping(SpotOptions, section, "spot")
    sources = prepare_spotter(tflite, board, options, labels, parameters, directory, optimise=optimise)
    firmware = build_for_emulator(sources, board, directory)
    logger.info("playing %.1f minutes of audio to %s", stream.seconds / 60, firmware.network)
    listened = listen_on_emulator(firmware, sources, stream.audio, timeout_s=time_limit_s(stream.seconds))
    answers, settings = listened.answers, sources.settings
    truth = (stream.events, options.tolerance_ms, stream.seconds)
    result = SpotResult(
        firmware=firmware,
        options=options,
        settings=settings,
        stream=stream,
        listened=listened,
        scored=score(detections_of(answers, settings), *truth),
        points=operating_points(answers, settings, *truth),
        memory=memory_by_part(firmware.map),
    )
    result.save(directory)
    return result
