"""Augmentation of spoken words: on the waveform, on the log mel spectrogram, and between clips."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from micronets.data.options import require


@dataclass(frozen=True)
class Augmentation:
    """What is varied at random in training. The section `train.augmentation` of the configuration.

    Noise, shift and their defaults are those of the official Speech Commands recipe (Warden, arXiv:1804.03209); masks
    are SpecAugment (Park et al., arXiv:1904.08779) without time warping; mixup is Zhang et al., arXiv:1710.09412.

    Attributes:
        noise_probability: share of the clips that get background noise.
        noise_volume: greatest gain of the noise beside a word whose peak is at full scale, less beside a quieter one.
        shift_ms: greatest shift in time, to either side; zeros move in.
        speed_probability: share of the clips that are played faster or slower, pitch and all.
        speed_range: greatest relative change of speed.
        time_masks, time_mask_frames: number of time masks, and the greatest width of each.
        frequency_masks, frequency_mask_bands: number of mel band masks, and the greatest width of each.
        level_range_db: greatest change of the level of word and noise, up or down; features that are normalised by the
            loudest sample, as MFCC are, do not feel it.
        mixup_alpha: both parameters of the Beta distribution of the mixing weight; 0 turns mixup off.
    """

    noise_probability: float = 0.8
    noise_volume: float = 0.1
    shift_ms: float = 100.0
    speed_probability: float = 0.0
    speed_range: float = 0.15
    time_masks: int = 2
    time_mask_frames: int = 10
    frequency_masks: int = 2
    frequency_mask_bands: int = 5
    level_range_db: float = 0.0
    mixup_alpha: float = 0.0

    def __post_init__(self) -> None:
        for name in ("noise_probability", "speed_probability"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"augmentation.{name}", value, "between 0 and 1")
        require(0 <= self.speed_range < 0.5, "augmentation.speed_range", self.speed_range, "at least 0, below 0.5")
        for name in (
            "noise_volume",
            "shift_ms",
            "time_masks",
            "time_mask_frames",
            "frequency_masks",
            "frequency_mask_bands",
            "level_range_db",
            "mixup_alpha",
        ):
            value = getattr(self, name)
            require(value >= 0, f"augmentation.{name}", value, "0 or more")


NO_AUGMENTATION = Augmentation(noise_probability=0, shift_ms=0, time_masks=0, frequency_masks=0)


def change_speed(clip: np.ndarray, rate: float) -> np.ndarray:
    """Plays a clip `rate` times as fast around its middle, by linear interpolation; zeros fill what is missing.

    Args:
        clip: float32 (samples,).
        rate: above 1 is faster and higher.

    Returns:
        float32 (samples,).
    """
    middle = (len(clip) - 1) / 2
    positions = middle + (np.arange(len(clip), dtype=np.float32) - np.float32(middle)) * np.float32(rate)
    return np.interp(positions, np.arange(len(clip)), clip, left=0, right=0).astype(np.float32)


def shift(clip: np.ndarray, samples: int) -> np.ndarray:
    """Moves a clip later by `samples` (earlier if negative); zeros move in. Shape and dtype stay."""
    shifted = np.zeros_like(clip)
    if samples >= 0:
        shifted[samples:] = clip[: len(clip) - samples]
    else:
        shifted[:samples] = clip[-samples:]
    return shifted


def spectral_masks(
    augmentation: Augmentation, clips: int, frames: int, bands: int, generator: np.random.Generator
) -> Callable[[np.ndarray, int], None] | None:
    """Draws SpecAugment's masks for a batch.

    Returns:
        A function for `speech_features(..., alter=...)`, which sets what is masked to the mean of its mel band over the
        clip; None if there is nothing to mask.
    """
    hidden_frames = _mask(clips, frames, augmentation.time_masks, augmentation.time_mask_frames, generator)
    hidden_bands = _mask(clips, bands, augmentation.frequency_masks, augmentation.frequency_mask_bands, generator)
    if not hidden_frames.any() and not hidden_bands.any():
        return None

    def alter(log_mel: np.ndarray, first: int) -> None:
        block = slice(first, first + len(log_mel))
        hidden = hidden_frames[block, :, None] | hidden_bands[block, None, :]
        np.copyto(log_mel, log_mel.mean(axis=1, keepdims=True), where=hidden)

    return alter


def _mask(clips: int, length: int, count: int, widest: int, generator: np.random.Generator) -> np.ndarray:
    widest = min(widest, length)
    width = generator.integers(widest + 1, size=(clips, count, 1))
    start = generator.integers(length - width + 1)
    place = np.arange(length)
    return np.any((place >= start) & (place < start + width), axis=1)
