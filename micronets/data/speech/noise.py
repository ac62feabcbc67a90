"""Background recordings, split in time, and one-clip crops of them."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.data.dataset import SPLITS
from micronets.data.files import shown
from micronets.data.recording import ClipRejected, read_recording
from micronets.data.speech.layout import BACKGROUND_NOISE, find_background_noise
from micronets.data.speech.synthesis.scene import background_recordings
from micronets.features.mfcc import MfccParameters

logger = logging.getLogger(__name__)

_GENERATED_S = 30
# Validation and testing take the last tenth each; what is next to a cut is still heard in only one split.
_HELD_OUT_SHARE = 0.1


@dataclass(frozen=True)
class NoiseSegment:
    """A stretch of one background recording that belongs to one split.

    `first` and `samples` count in the concatenation of all recordings; `offset` is where the stretch starts in its own.
    """

    path: str
    split: str
    first: int
    samples: int
    offset: int


@dataclass(frozen=True, eq=False)
class BackgroundNoise:
    """All background recordings.

    Attributes:
        samples: one after the other, int16 (samples,).
        segments: their cut into splits.
        read: number of files.
        rejected: (path, reason) of those that cannot be used.
    """

    samples: np.ndarray
    segments: list[NoiseSegment]
    read: int
    rejected: list[tuple[str, str]]


def background_noise(root: Path, parameters: MfccParameters, seed: int, *, required: bool) -> BackgroundNoise:
    """The recordings in `_background_noise_`; where they give a split no clip, and it is required, generated noise is
    added, and the log says so."""
    recordings: list[tuple[str, np.ndarray]] = []
    rejected: list[tuple[str, str]] = []
    paths = find_background_noise(root)
    for path in paths:
        try:
            recordings.append((shown(path), read_recording(root / path, parameters.sample_rate_hz)))
        except ClipRejected as reason:
            rejected.append((path, str(reason)))
    found = _cut(recordings, parameters.clip_samples)
    missing = [split for split in SPLITS if not any(segment.split == split for segment in found[1])]
    if missing and required:
        logger.warning(
            "%s has no background noise for %s (recordings of %g s or more in %s): silence is made of generated noise",
            root,
            ", ".join(missing),
            3 * parameters.clip_ms / 1000,
            BACKGROUND_NOISE,
        )
        rate_hz = parameters.sample_rate_hz
        generated = background_recordings(_GENERATED_S * rate_hz, rate_hz, np.random.default_rng([seed, 0x5113]))
        recordings += [(f"generated {name}", samples) for name, samples in generated.items()]
        found = _cut(recordings, parameters.clip_samples)
    return BackgroundNoise(*found, len(paths), rejected)


def _cut(recordings: list[tuple[str, np.ndarray]], clip_samples: int) -> tuple[np.ndarray, list[NoiseSegment]]:
    segments, first = [], 0
    for path, samples in recordings:
        segments += split_recording(path, len(samples), first, clip_samples)
        first += len(samples)
    return np.concatenate([np.zeros(0, np.int16), *(samples for _, samples in recordings)]), segments


def split_recording(path: str, length: int, first: int, clip_samples: int) -> list[NoiseSegment]:
    """Cuts a recording of `length` samples in time: training first, then validation, then testing.

    The held-out stretches are a tenth each, but never shorter than a clip. A recording too short to give every split
    one clip goes to training as a whole, or to nobody if it is shorter than a clip.
    """
    held_out = max(int(length * _HELD_OUT_SHARE), clip_samples)
    if length < clip_samples:
        return []
    if length < 2 * held_out + clip_samples:
        return [NoiseSegment(path, "training", first, length, 0)]
    samples = dict(zip(SPLITS, (length - 2 * held_out, held_out, held_out), strict=True))
    segments, offset = [], 0
    for split in SPLITS:
        segments.append(NoiseSegment(path, split, first + offset, samples[split], offset))
        offset += samples[split]
    return segments


def draw_crops(
    segments: list[NoiseSegment], count: int, clip_samples: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws `count` crops: recordings with equal probability, then the place in it.

    Returns:
        The index of each crop's segment, and the crop's first sample in the concatenation; both int64 (count,).
    """
    chosen = generator.integers(len(segments), size=count)
    first = np.array([segment.first for segment in segments], np.int64)
    places = np.array([segment.samples - clip_samples + 1 for segment in segments], np.int64)
    return chosen, first[chosen] + generator.integers(places[chosen])
