"""Background recordings, split in time, and one-clip crops of them."""

from dataclasses import dataclass

import numpy as np

from micronets.data.dataset import SPLITS

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
