"""What a finished keyword spotter hears in a recording of the user's, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from micronets.boards import Board
from micronets.data.options import from_mapping
from micronets.data.recording import ClipRejected, read_converted
from micronets.errors import ConfigurationError, DataError
from micronets.features.speech_features import SpeechFeatures
from micronets.keyword_spotter.build import build_for_emulator
from micronets.keyword_spotter.operating_points import detections_of
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.run import hear_on_emulator
from micronets.keyword_spotter.score import Detection
from micronets.keyword_spotter.settings import FULL_SCALE, DetectorSettings
from micronets.keyword_spotter.stage import prepare_spotter, time_limit_s
from micronets.stage_file import read_json


@dataclass(frozen=True)
class FinishedSpotter:
    """A trained network and how it is listened to.

    Attributes:
        labels: classes of its outputs, in order; None where nothing beside the network tells.
        section: `spot` of the configuration that it was scored with; empty where it was not.
        board: name of the board that it was scored on; None where it was not.
    """

    tflite: Path
    labels: tuple[str, ...] | None
    section: Mapping[str, Any]
    board: str | None


@dataclass(frozen=True)
class Heard:
    """A recording as it was heard.

    Attributes:
        seconds: of the recording.
        conversions: what was done to it beforehand, in words.
        detections: with times from its beginning.
        closest: the keyword that came nearest to being detected, with its average and time; None where none was ever
            more likely than all other classes.
        threshold: least average for a detection.
    """

    path: Path
    seconds: float
    conversions: tuple[str, ...]
    detections: tuple[Detection, ...]
    closest: Detection | None
    threshold: float

    def summary(self) -> str:
        """One line for the recording, one for every word heard."""
        about = ", ".join([f"{self.seconds:.1f} s", *self.conversions])
        count = len(self.detections)
        lines = [f"{self.path} ({about}): {count or 'no'} {'word' if count < 2 else 'words'} heard"]
        lines += [f"  {_when(word)}  {word.label}  average {100 * word.average:.0f} %" for word in self.detections]
        if not self.detections and self.closest is not None:
            lines.append(
                f"  closest: {self.closest.label} at {_when(self.closest).strip()}, average "
                f"{100 * self.closest.average:.0f} % where {100 * self.threshold:.0f} % are needed"
            )
        return "\n".join(lines)


def _when(word: Detection) -> str:
    return f"{word.time_ms / 1000:8.2f} s"


def find_spotter(place: Path) -> FinishedSpotter:
    """The keyword spotter of a .tflite file, or of a model's folder in the results of the workflow.

    Raises DataError where there is neither, or what lies there is damaged.
    """
    if place.is_file():
        return FinishedSpotter(place, _labels(place.parent / "metrics.json"), {}, None)
    tflite = place / "export" / "model.tflite"
    if not tflite.is_file():
        raise DataError(
            f"{place} is neither a .tflite file nor a model's folder with export/model.tflite; give one of them, for "
            "instance results/kws/ds-cnn-s"
        )
    spotted = sorted(place.glob("*/spot/spot.json"))
    content = read_json(spotted[0], "spot") if spotted else {}
    return FinishedSpotter(
        tflite, _labels(tflite.with_name("metrics.json")), content.get("options", {}), content.get("board")
    )


def _labels(metrics: Path) -> tuple[str, ...] | None:
    return tuple(read_json(metrics, "labelled")["labels"]) if metrics.is_file() else None


def options_for(section: Mapping[str, Any], changes: Mapping[str, Any], parameters: SpeechFeatures) -> SpotOptions:
    """The settings of a detector: those of a section of the configuration, some changed; where there is no section, the
    usual ones in whole hops of the features.

    Raises ConfigurationError where they do not fit together or the features.
    """
    usual = SpotOptions().in_hops(parameters.hop_ms)
    options = replace(from_mapping(SpotOptions, section, "spot") if section else usual, **changes)
    options.check_hop(parameters.hop_ms)
    return options


def listen(
    recording: Path,
    spotter: FinishedSpotter,
    board: Board,
    options: SpotOptions,
    parameters: SpeechFeatures,
    directory: Path,
    *,
    optimise: str = "balanced",
) -> Heard:
    """Builds the keyword spotter in `directory` and plays a recording to it on the board's emulator.

    Silence goes before the recording, as much as the network hears at a time, and after it, as much as is averaged: so
    words at its ends are heard like others.

    Raises:
        DataError: the recording cannot be used.
        ConfigurationError: nothing tells the labels.
        MicronetsError: as `prepare_spotter`, `build_for_emulator` and `hear_on_emulator`.
    """
    if spotter.labels is None:
        raise ConfigurationError(f"nothing beside {spotter.tflite} names its outputs; name them in order with --labels")
    try:
        samples, conversions = read_converted(recording, parameters.sample_rate_hz)
    except ClipRejected as error:
        raise DataError(f"{recording} is no recording to listen to: {error}") from None
    sources = prepare_spotter(spotter.tflite, board, options, spotter.labels, parameters, directory, optimise=optimise)
    firmware = build_for_emulator(sources, board, directory)
    lead_ms = -(-parameters.clip_ms // parameters.hop_ms) * parameters.hop_ms
    silences = [np.zeros(parameters.sample_rate_hz * ms // 1000, np.int16) for ms in (lead_ms, options.smoothing_ms)]
    audio = np.concatenate([silences[0], samples, silences[1]])
    seconds = len(audio) / parameters.sample_rate_hz
    answers = hear_on_emulator(firmware, sources, audio, timeout_s=time_limit_s(seconds))
    answers = replace(answers, time_ms=answers.time_ms - lead_ms)
    return Heard(
        recording,
        len(samples) / parameters.sample_rate_hz,
        tuple(conversions),
        tuple(detections_of(answers, sources.settings)),
        _closest(answers.time_ms, answers.sums, sources.settings),
        options.threshold,
    )


def _closest(time_ms: np.ndarray, sums: np.ndarray, settings: DetectorSettings) -> Detection | None:
    """The greatest average of a keyword, where it was the greatest of all classes."""
    best = sums.argmax(axis=1)
    averages = np.where(np.array(settings.keywords)[best], sums.max(axis=1), 0) if len(sums) else np.zeros(0, np.int64)
    if not averages.any():
        return None
    at = int(averages.argmax())
    return Detection(int(time_ms[at]), settings.labels[best[at]], float(averages[at]) / (FULL_SCALE * settings.window))
