"""Mel-frequency cepstral coefficients (MFCC), computed in bulk with numpy and scipy.

The formula is the one the published keyword-spotting networks were trained on (TensorFlow's `audio_ops.mfcc`, and the
feature code Arm deploys beside its MicroNets). Their training also scaled every clip to full level: without that, Arm's
released networks take quiet words for unknown ones and never answer "silence".

    level    every clip scaled so that its largest absolute sample is 1; digital silence stays as it is
    frames   of `window_samples` every `hop_samples`, no padding at the ends
    window   periodic Hann, 0.5 - 0.5 cos(2 pi n / N)
    spectrum magnitude (not power) of an FFT of the next power of two, zeros behind the frame
    mel      triangles of height 1, equally spaced and straight on the HTK scale 1127 ln(1 + f / 700)
    log      ln(max(energy, log_floor))
    DCT-II   c_k = sqrt(2 / bands) sum_b log_b cos(pi k (b + 1/2) / bands); coefficient 0 is not scaled down
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from micronets.errors import ConfigurationError
from micronets.features.mel_frames import MelFrames
from micronets.features.spectrum import periodic_hann, triangles

_BLOCK_CLIPS = 4  # a block and its spectra (4 x 49 x 1024 float32, 0.8 MB) stay in the cache and in the allocator


@dataclass(frozen=True)
class MfccParameters(MelFrames):
    """Everything that defines the features; the one description shared by training data and firmware.

    `peak_normalised`: every clip is scaled to a largest absolute sample of 1. On a device this is a term added to
    coefficient 0, sqrt(2 mel_bands) ln(1 / peak), and needs no second pass over the audio.
    `log_floor` bounds digital silence from below. 1e-6 lies under what the rounding of 16-bit audio alone leaves in a
    mel band (about 3e-4), so that no recorded signal is touched by it.
    """

    sample_rate_hz: int = 16000
    clip_ms: int = 1000
    window_ms: int = 40
    hop_ms: int = 20
    mel_bands: int = 40
    mel_low_hz: float = 20.0
    mel_high_hz: float = 4000.0
    coefficients: int = 10
    log_floor: float = 1e-6
    peak_normalised: bool = True

    def __post_init__(self) -> None:
        self.check_frames()
        if not 1 <= self.coefficients <= self.mel_bands:
            raise ConfigurationError(f"{self.coefficients} coefficients cannot come from {self.mel_bands} mel bands")

    @property
    def frame_values(self) -> int:
        """Of a frame."""
        return self.coefficients

    def window(self) -> np.ndarray:
        """The periodic Hann window, float32 of shape (window_samples,)."""
        return periodic_hann(self.window_samples)

    def mel_matrix(self) -> np.ndarray:
        """Weight of each FFT bin in each mel band, float32 of shape (spectrum_bins, mel_bands)."""
        return triangles(*self.mel_axis()).astype(np.float32)

    def dct_matrix(self) -> np.ndarray:
        """The DCT-II, float32 of shape (mel_bands, coefficients)."""
        band, coefficient = np.arange(self.mel_bands)[:, None], np.arange(self.coefficients)
        cosine = np.cos(np.pi * coefficient * (band + 0.5) / self.mel_bands)
        return (np.sqrt(2 / self.mel_bands) * cosine).astype(np.float32)


@lru_cache(maxsize=8)
def _tables(parameters: MfccParameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return parameters.window(), parameters.mel_matrix(), parameters.dct_matrix()


def _scaled(block: np.ndarray, peak_normalised: bool) -> np.ndarray:
    if not peak_normalised:
        return block * np.float32(1 / 32768) if block.dtype == np.int16 else block
    peak = np.maximum(block.max(axis=1, keepdims=True), -block.min(axis=1, keepdims=True).astype(np.float32))
    return block * (1 / np.where(peak > 0, peak, 1)).astype(np.float32)


def mfcc(
    audio: np.ndarray,
    parameters: MfccParameters,
    alter: Callable[[np.ndarray, int], None] | None = None,
) -> np.ndarray:
    """MFCC of many clips.

    Args:
        audio: (clips, clip_samples), int16, or float32 with full scale at 1.
        parameters: the definition of the features.
        alter: called as `alter(log_mel, first)` on each block of log mel energies (clips, frames, mel_bands) before the
            DCT, to change them in place; `first` is the index of the block's first clip.

    Returns:
        float32 of shape (clips, frames, coefficients).
    """
    from scipy.fft import rfft  # features on a device are generated without scipy

    window, mel_matrix, dct_matrix = _tables(parameters)
    clips = len(audio)
    features = np.empty((clips, parameters.frames, parameters.coefficients), np.float32)
    padded = np.zeros((min(clips, _BLOCK_CLIPS), parameters.frames, parameters.fft_samples), np.float32)
    for first in range(0, clips, _BLOCK_CLIPS):
        block = _scaled(audio[first : first + _BLOCK_CLIPS], parameters.peak_normalised)
        frames = sliding_window_view(block, parameters.window_samples, axis=1)[:, :: parameters.hop_samples]
        np.multiply(frames, window, out=padded[: len(block), :, : parameters.window_samples])
        spectrum = rfft(padded[: len(block)])[..., : parameters.spectrum_bins]
        magnitude = np.square(spectrum.real)
        magnitude += np.square(spectrum.imag)
        np.sqrt(magnitude, out=magnitude)
        log_mel = magnitude @ mel_matrix
        np.maximum(log_mel, np.float32(parameters.log_floor), out=log_mel)
        np.log(log_mel, out=log_mel)
        if alter is not None:
            alter(log_mel, first)
        np.matmul(log_mel, dct_matrix, out=features[first : first + _BLOCK_CLIPS])
    return features
