"""Log-mel filterbank energies of spoken words, computed in bulk with numpy and scipy.

What MLPerf Tiny's streaming wake word reads (github.com/mlcommons/tiny, 1afd2c9, `get_lfbe_func` in
benchmark/training/streaming_wakeword/get_dataset.py), with TensorFlow's `signal.stft` and
`signal.linear_to_mel_weight_matrix`:

    level    as recorded: full scale is 1
    emphasis x[n] - (31/32) x[n - 1], the sample before a clip being 0; what exceeds full scale is cut off, so that it
             fits 16 bits on a device (not so in the benchmark; only sounds both loud and shrill reach that far)
    frames   of `window_samples` every `hop_samples`, no padding at the ends
    window   Hamming, symmetric, 0.54 - 0.46 cos(2 pi n / (N - 1))
    spectrum power of an FFT of as many samples, over their number
    mel      triangles of height 1, equally spaced and straight on the HTK scale 1127 ln(1 + f / 700)
    log      10 log10 of the energy, in dB
    unit     `floor_db` becomes 0, and `span_db` more becomes 1; what lies outside is cut off
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from micronets.errors import ConfigurationError
from micronets.features.mel_frames import MelFrames
from micronets.features.spectrum import triangles

EMPHASIS_SHIFT = 5
"""Of the sample before, 1 - 2^-5 is taken away."""
_BLOCK_CLIPS = 8


@dataclass(frozen=True)
class FilterbankParameters(MelFrames):
    """Everything that defines the features; the one description shared by training data and firmware."""

    sample_rate_hz: int = 16000
    clip_ms: int = 1000
    window_ms: int = 64
    hop_ms: int = 32
    mel_bands: int = 40
    mel_low_hz: float = 0.0
    mel_high_hz: float = 8000.0
    floor_db: float = -52.0
    span_db: float = 64.0

    def __post_init__(self) -> None:
        self.check_frames()
        if self.window_samples & (self.window_samples - 1):
            raise ConfigurationError(
                f"a window of {self.window_samples} samples is no power of two, which the FFT needs"
            )
        if not self.span_db > 0:
            raise ConfigurationError(f"span_db is {self.span_db}; it must be above 0")

    @property
    def log_floor(self) -> float:
        """The energy that `floor_db` stands for."""
        return 10 ** (self.floor_db / 10)

    @property
    def frame_values(self) -> int:
        """Of a frame: one for each band."""
        return self.mel_bands

    def window(self) -> np.ndarray:
        """The symmetric Hamming window, float32 of shape (window_samples,)."""
        return np.hamming(self.window_samples).astype(np.float32)

    def mel_heights(self) -> np.ndarray:
        """Height of every triangle over the power spectrum, (mel_bands,): the mean is taken with them."""
        return np.full(self.mel_bands, 1 / self.window_samples)

    def mel_matrix(self) -> np.ndarray:
        """Weight of each FFT bin in each mel band, float32 of shape (spectrum_bins, mel_bands)."""
        return (triangles(*self.mel_axis()) * self.mel_heights()).astype(np.float32)


@lru_cache(maxsize=8)
def _tables(parameters: FilterbankParameters) -> tuple[np.ndarray, np.ndarray]:
    return parameters.window(), parameters.mel_matrix()


def emphasised(audio: np.ndarray) -> np.ndarray:
    """High tones raised, cut off at full scale: float32 (clips, samples), of int16 or float32 with full scale at 1."""
    samples = audio * np.float32(1 / 32768) if audio.dtype == np.int16 else audio
    result = samples.copy()
    result[:, 1:] -= np.float32(1 - 2.0**-EMPHASIS_SHIFT) * samples[:, :-1]
    return np.clip(result, -1, 1, out=result)


def filterbank(
    audio: np.ndarray,
    parameters: FilterbankParameters,
    alter: Callable[[np.ndarray, int], None] | None = None,
) -> np.ndarray:
    """Log-mel filterbank energies of many clips.

    Args:
        audio: (clips, clip_samples), int16, or float32 with full scale at 1.
        parameters: the definition of the features.
        alter: called as `alter(features, first)` on each block of features (clips, frames, mel_bands), to change them
            in place; `first` is the index of the block's first clip.

    Returns:
        float32 of shape (clips, frames, mel_bands), from 0 to 1.
    """
    from scipy.fft import rfft  # features on a device are generated without scipy

    window, mel_matrix = _tables(parameters)
    features = np.empty((len(audio), parameters.frames, parameters.mel_bands), np.float32)
    for first in range(0, len(audio), _BLOCK_CLIPS):
        samples = emphasised(audio[first : first + _BLOCK_CLIPS])
        frames = sliding_window_view(samples, parameters.window_samples, axis=1)[:, :: parameters.hop_samples]
        spectrum = rfft(frames * window)[..., : parameters.spectrum_bins]
        power = np.square(spectrum.real)
        power += np.square(spectrum.imag)
        block = features[first : first + _BLOCK_CLIPS]
        np.matmul(power, mel_matrix, out=block)
        np.maximum(block, np.float32(parameters.log_floor), out=block)
        np.log10(block, out=block)
        block *= np.float32(10 / parameters.span_db)
        block -= np.float32(parameters.floor_db / parameters.span_db)
        np.clip(block, 0, 1, out=block)
        if alter is not None:
            alter(block, first)
    return features
