"""What networks of an input shape read of a machine's sound: windows, cut on the fly from log-mel spectrograms."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.atomic import add_own_file, atomic_file
from micronets.errors import DataError
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES, MEL_IMAGES, LogMelParameters, cut_windows, log_mel

VIEWS: dict[Shape, LogMelParameters] = {
    (32, 32, 1): IMAGES,
    (1, 1, 640): AUTOENCODER_WINDOWS,
    (32, 128, 1): MEL_IMAGES,
}
"""Features by input shape: the MicroNets' images, MLPerf Tiny's autoencoder windows as one pixel, and the convolutional
autoencoder's images."""

_SPECTROGRAM_FIELDS = (
    "sample_rate_hz",
    "fft_samples",
    "hop_samples",
    "centred",
    "mel_bands",
    "mel_low_hz",
    "mel_high_hz",
    "log_floor",
)
"""Parameters that decide the spectrogram; the others decide what is cut from it."""


def parameters_for(shape: Shape, changes: Mapping[str, Any]) -> LogMelParameters:
    """The features of an input shape of `VIEWS`, with some parameters changed.

    Raises DataError where the windows no longer have that shape; ConfigurationError for impossible parameters.
    """
    parameters = replace(VIEWS[shape], **changes)
    if np.prod(parameters.window_shape) != np.prod(shape):
        raise DataError(f"windows of {parameters.window_shape} values do not fit an input of {shape}; change features")
    return parameters


def spectrogram_path(directory: Path, parameters: LogMelParameters) -> Path:
    """Where a prepared dataset keeps its spectrograms of these parameters."""
    deciding = {name: value for name, value in asdict(parameters).items() if name in _SPECTROGRAM_FIELDS}
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    return directory / "spectrograms" / f"{parameters.mel_bands}-{digest[:12]}.npy"


def distinct_spectrograms() -> tuple[LogMelParameters, ...]:
    """Parameters of the spectrograms that all of `VIEWS` together are cut from."""
    return tuple({spectrogram_path(Path(), parameters): parameters for parameters in VIEWS.values()}.values())


def open_spectrograms(directory: Path, parameters: LogMelParameters, samples: np.ndarray) -> np.ndarray:
    """All frames of all clips one after the other, float32 (frames, bands), memory-mapped; computed from the audio
    where the data stage has not done so. Several may do that at once, the last one's file stays.

    Args:
        samples: of every clip, int64 (clips,).

    Raises ValueError where the files do not fit together, OSError where they cannot be read.
    """
    path = spectrogram_path(directory, parameters)
    frames = sum(parameters.frames(count) for count in samples.tolist())
    if not path.is_file():
        audio = np.load(directory / "audio.npy", mmap_mode="r")
        with atomic_file(path) as beside:
            shape = (frames, parameters.mel_bands)
            target = np.lib.format.open_memmap(beside, mode="w+", dtype=np.float32, shape=shape)
            first_sample = first = 0
            for count in samples.tolist():
                clip = log_mel(np.asarray(audio[None, first_sample : first_sample + count]), parameters)[0]
                target[first : first + len(clip)] = clip
                first_sample, first = first_sample + count, first + len(clip)
            target.flush()
        add_own_file(directory, str(path.relative_to(directory)))
    spectrograms = np.load(path, mmap_mode="r")
    if spectrograms.shape != (frames, parameters.mel_bands):
        raise ValueError(f"{path} has the shape {spectrograms.shape}")
    return spectrograms


class Windows:
    """Windows of some clips, in the order of the clips and, within a clip, of time.

    Args:
        spectrograms: float32 (frames, bands), all clips one after the other.
        first_frames: of each of these clips in it, int64 (clips,).
        samples: of each of these clips, int64 (clips,).
        shape: of one window, as networks read it.

    Attributes:
        clips: place of every window's clip in the arguments, int64 (n,).
    """

    def __init__(
        self,
        spectrograms: np.ndarray,
        first_frames: np.ndarray,
        samples: np.ndarray,
        parameters: LogMelParameters,
        shape: Shape,
    ):
        self._spectrograms = np.asarray(spectrograms)  # as it is mapped; a plain array is faster to index
        self._parameters, self._shape = parameters, shape
        counts = np.array([parameters.windows(count) for count in samples.tolist()], np.int64)
        used = [parameters.used_frames(count) for count in samples.tolist()]
        places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        self.clips = np.repeat(np.arange(len(counts)), counts)
        self._earliest = (first_frames + np.array([begin for begin, _ in used], np.int64))[self.clips]
        ends = first_frames + np.array([end for _, end in used], np.int64)
        self._latest = ends[self.clips] - parameters.window_frames
        self._starts = self._earliest + parameters.stride_frames * places

    def __len__(self) -> int:
        return len(self._starts)

    def cut(self, rows: np.ndarray, shifts: np.ndarray | int = 0) -> np.ndarray:
        """Windows by number, float32 (rows, *shape), moved by `shifts` frames (rows,) as far as their clips reach."""
        starts = np.clip(self._starts[rows] + shifts, self._earliest[rows], self._latest[rows])
        return cut_windows(self._spectrograms, starts, self._parameters).reshape(len(starts), *self._shape)
