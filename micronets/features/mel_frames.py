"""Frames of a clip and the mel bands over their spectra: what features of speech have in common, whatever follows."""

import numpy as np

from micronets.errors import ConfigurationError
from micronets.features.spectrum import hertz_to_htk_mel


class MelFrames:
    """Sizes that follow from lengths in ms; a base of frozen dataclasses, which have the fields named here."""

    sample_rate_hz: int
    clip_ms: int
    window_ms: int
    hop_ms: int
    mel_bands: int
    mel_low_hz: float
    mel_high_hz: float

    def check_frames(self) -> None:
        """Raises ConfigurationError where there is no such frame, or no such band."""
        if not 0 <= self.mel_low_hz < self.mel_high_hz <= self.sample_rate_hz / 2:
            raise ConfigurationError(
                f"the mel bands reach from {self.mel_low_hz} to {self.mel_high_hz} Hz; "
                f"they must rise and end at or below half of {self.sample_rate_hz} Hz"
            )
        if not 0 < self.window_ms <= self.clip_ms or self.hop_ms <= 0 or self.mel_bands < 1:
            raise ConfigurationError(
                "the window must be longer than 0 ms and at most the clip, the hop above 0 ms, the mel bands at least 1"
            )

    @property
    def clip_samples(self) -> int:
        return self.sample_rate_hz * self.clip_ms // 1000

    @property
    def window_samples(self) -> int:
        return self.sample_rate_hz * self.window_ms // 1000

    @property
    def hop_samples(self) -> int:
        return self.sample_rate_hz * self.hop_ms // 1000

    @property
    def fft_samples(self) -> int:
        """The next power of two; zeros stand behind a shorter frame."""
        return 1 << (self.window_samples - 1).bit_length()

    @property
    def frames(self) -> int:
        """Whole ones in a clip."""
        return 1 + (self.clip_samples - self.window_samples) // self.hop_samples

    @property
    def spectrum_bins(self) -> int:
        """FFT bins that the mel bands look at: those up to `mel_high_hz`."""
        return int(self.mel_high_hz * self.fft_samples // self.sample_rate_hz) + 1

    def mel_axis(self) -> tuple[np.ndarray, np.ndarray]:
        """In mel, where the triangles are straight: FFT bins (spectrum_bins,), edges of the bands (mel_bands + 2,)."""
        mel = hertz_to_htk_mel(np.arange(self.spectrum_bins) * self.sample_rate_hz / self.fft_samples)
        return mel, np.linspace(
            hertz_to_htk_mel(self.mel_low_hz), hertz_to_htk_mel(self.mel_high_hz), self.mel_bands + 2
        )
