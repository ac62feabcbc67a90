"""Log-mel spectrograms of machine sounds, and the windows of them that networks read.

    frames   of `fft_samples` every `hop_samples`; centred ones begin half a frame before the clip, which is mirrored at
             its ends (its first and last samples are not repeated)
    window   periodic Hann
    spectrum power, |FFT|^2, of samples with full scale at 1
    mel      triangles straight in Hz between edges equally spaced on the Slaney scale, each of area 1 Hz
    log      10 log10(max(energy, log_floor)), in dB
    windows  of `window_frames` frames every `stride_frames`; means over `pooling` x `pooling` values, which for 2 is
             bilinear interpolation to half the size
    mean     `mean_db` is subtracted from every value

So does librosa's `melspectrogram`, which the DCASE 2020 baseline, MLPerf Tiny and the paper used.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from micronets.errors import ConfigurationError
from micronets.features.spectrum import periodic_hann, triangles

_LINEAR_END_HZ, _HZ_PER_MEL = 1000.0, 200 / 3  # Slaney's Auditory Toolbox (1998): straight below, logarithmic above
_MELS_PER_OCTAVE_FACTOR = 27 / np.log(6.4)


@dataclass(frozen=True)
class LogMelParameters:
    """Everything that defines the features. The values here are those of the MicroNets' 32 x 32 images.

    `first_frame` and `end_frame` bound the frames that windows are cut from; None is the end of the clip. `mean_db` is
    the level that networks take for 0, with which they pad: the released MicroNets' -30 dB is the mean of slide rails.
    """

    sample_rate_hz: int = 16000
    fft_samples: int = 1024
    hop_samples: int = 512
    centred: bool = True
    mel_bands: int = 64
    mel_low_hz: float = 0.0
    mel_high_hz: float = 8000.0
    log_floor: float = 1e-10
    first_frame: int = 0
    end_frame: int | None = None
    window_frames: int = 64
    stride_frames: int = 20
    pooling: int = 2
    mean_db: float = -30.0

    def __post_init__(self) -> None:
        if not 0 <= self.mel_low_hz < self.mel_high_hz <= self.sample_rate_hz / 2:
            raise ConfigurationError(
                f"the mel bands reach from {self.mel_low_hz} to {self.mel_high_hz} Hz; "
                f"they must rise and end at or below half of {self.sample_rate_hz} Hz"
            )
        if self.fft_samples < 2 or self.fft_samples % 2 or self.hop_samples < 1 or self.mel_bands < 1:
            raise ConfigurationError("frames need an even number of samples, a hop above 0, and at least one mel band")
        if min(self.window_frames, self.stride_frames, self.pooling) < 1 or self.first_frame < 0:
            raise ConfigurationError("window_frames, stride_frames and pooling begin at 1, first_frame at 0")
        if self.window_frames % self.pooling or self.mel_bands % self.pooling:
            raise ConfigurationError(
                f"pooling {self.pooling} does not divide {self.window_frames} frames and {self.mel_bands} mel bands"
            )
        if not self.log_floor > 0:
            raise ConfigurationError(f"log_floor is {self.log_floor}; it must be above 0")

    @property
    def spectrum_bins(self) -> int:
        """FFT bins that the mel bands look at: those up to `mel_high_hz`."""
        return int(self.mel_high_hz * self.fft_samples // self.sample_rate_hz) + 1

    @property
    def window_shape(self) -> tuple[int, int]:
        """(frames, bands) of one window, after pooling."""
        return self.window_frames // self.pooling, self.mel_bands // self.pooling

    def frames(self, clip_samples: int) -> int:
        """Frames of a clip."""
        padded = clip_samples + (self.fft_samples if self.centred else 0)
        return max(0, 1 + (padded - self.fft_samples) // self.hop_samples)

    def used_frames(self, clip_samples: int) -> tuple[int, int]:
        """The frames of a clip that windows are cut from: the first, and the one after the last."""
        end = self.frames(clip_samples)
        return self.first_frame, end if self.end_frame is None else min(self.end_frame, end)

    def windows(self, clip_samples: int) -> int:
        """Windows of a clip."""
        first, end = self.used_frames(clip_samples)
        return max(0, 1 + (end - first - self.window_frames) // self.stride_frames)

    def window(self) -> np.ndarray:
        """The periodic Hann window, float32 of shape (fft_samples,)."""
        return periodic_hann(self.fft_samples)

    def mel_axis(self) -> tuple[np.ndarray, np.ndarray]:
        """In Hz, where the triangles are straight: FFT bins (spectrum_bins,), edges of the bands (mel_bands + 2,)."""
        low, high = hertz_to_slaney_mel(np.array([self.mel_low_hz, self.mel_high_hz]))
        edges = slaney_mel_to_hertz(np.linspace(low, high, self.mel_bands + 2))
        return np.arange(self.spectrum_bins) * self.sample_rate_hz / self.fft_samples, edges

    def mel_heights(self) -> np.ndarray:
        """Height of every triangle, (mel_bands,), per Hz."""
        _, edges = self.mel_axis()
        return 2 / (edges[2:] - edges[:-2])

    def mel_matrix(self) -> np.ndarray:
        """Weight of each FFT bin in each mel band, float32 of shape (spectrum_bins, mel_bands)."""
        return (triangles(*self.mel_axis()) * self.mel_heights()).astype(np.float32)


IMAGES = LogMelParameters()
"""32 x 32 images, 13 of a clip of 10 s, that the MicroNets for anomaly detection read."""

AUTOENCODER_WINDOWS = LogMelParameters(
    mel_bands=128,
    log_floor=2.0**-52,
    first_frame=50,
    end_frame=250,
    window_frames=5,
    stride_frames=1,
    pooling=1,
    mean_db=0.0,
)
"""640 values, the 5 frames one after the other, that MLPerf Tiny's autoencoder reads (frames 50 to 249 of a clip)."""

MEL_IMAGES = replace(
    AUTOENCODER_WINDOWS, first_frame=0, end_frame=None, window_frames=32, stride_frames=16, mean_db=IMAGES.mean_db
)
"""32 x 128 images that the convolutional autoencoder reads."""


def hertz_to_slaney_mel(frequency_hz: np.ndarray) -> np.ndarray:
    """Slaney's mel scale: f / (200 / 3) below 1000 Hz, 15 + 27 ln(f / 1000) / ln(6.4) above."""
    above = np.log(np.maximum(frequency_hz, _LINEAR_END_HZ) / _LINEAR_END_HZ) * _MELS_PER_OCTAVE_FACTOR
    return np.minimum(frequency_hz, _LINEAR_END_HZ) / _HZ_PER_MEL + above


def slaney_mel_to_hertz(mel: np.ndarray) -> np.ndarray:
    """The inverse of `hertz_to_slaney_mel`."""
    bend = _LINEAR_END_HZ / _HZ_PER_MEL
    return np.minimum(mel, bend) * _HZ_PER_MEL * np.exp(np.maximum(mel - bend, 0) / _MELS_PER_OCTAVE_FACTOR)


@lru_cache(maxsize=8)
def _tables(parameters: LogMelParameters) -> tuple[np.ndarray, np.ndarray]:
    return parameters.window(), parameters.mel_matrix()


def log_mel(audio: np.ndarray, parameters: LogMelParameters) -> np.ndarray:
    """Log-mel spectrograms of many clips.

    Args:
        audio: (clips, samples), int16, or float32 with full scale at 1; more than half a frame of samples.

    Returns:
        float32 of shape (clips, frames, mel_bands), in dB.
    """
    from scipy.fft import rfft  # features on a device are generated without scipy

    window, mel_matrix = _tables(parameters)
    result = np.empty((len(audio), parameters.frames(audio.shape[1]), parameters.mel_bands), np.float32)
    for clip, out in zip(audio, result, strict=True):
        samples = clip * np.float32(1 / 32768) if clip.dtype == np.int16 else clip
        if parameters.centred:
            samples = np.pad(samples, parameters.fft_samples // 2, mode="reflect")
        frames = sliding_window_view(samples, parameters.fft_samples)[:: parameters.hop_samples]
        spectrum = rfft(frames * window)[:, : parameters.spectrum_bins]
        power = np.square(spectrum.real)
        power += np.square(spectrum.imag)
        np.matmul(power, mel_matrix, out=out)
    np.maximum(result, np.float32(parameters.log_floor), out=result)
    np.log10(result, out=result)
    result *= 10
    return result


def windows_of(spectrograms: np.ndarray, parameters: LogMelParameters) -> np.ndarray:
    """The windows of log-mel spectrograms (clips, frames, mel_bands): float32 (clips, windows, *window_shape).

    Raises ConfigurationError where the clips are too short for one window.
    """
    used = spectrograms[:, parameters.first_frame : parameters.end_frame]
    if used.shape[1] < parameters.window_frames:
        raise ConfigurationError(f"clips of {spectrograms.shape[1]} frames are too short for {parameters}")
    cut = sliding_window_view(used, parameters.window_frames, axis=1)[:, :: parameters.stride_frames]
    return _pooled(np.moveaxis(cut, -1, 2), parameters)


def cut_windows(frames: np.ndarray, starts: np.ndarray, parameters: LogMelParameters) -> np.ndarray:
    """The windows that begin at the frames `starts`, int64 (n,), of the log-mel frames (m, mel_bands) of whatever
    clips: float32 (n, *window_shape)."""
    return _pooled(frames[starts[:, None] + np.arange(parameters.window_frames)], parameters)


def _pooled(cut: np.ndarray, parameters: LogMelParameters) -> np.ndarray:
    """(..., window_frames, mel_bands) → float32 (..., *window_shape): means, above the mean level."""
    frames, bands = parameters.window_shape
    pooling = parameters.pooling
    cells = cut.reshape(*cut.shape[:-2], frames, pooling, bands, pooling)
    return cells.mean(axis=(-3, -1), dtype=np.float32) - np.float32(parameters.mean_db)
