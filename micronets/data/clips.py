"""Reads recordings as clips of one length."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.data.recording import ClipRejected, read_converted

LEAST_MS = 50
"""Shorter clips hold no word."""
CUT = "cut to their loudest part"


@dataclass(frozen=True, eq=False)
class Clips:
    """What became of some recordings.

    Attributes:
        audio: of the usable ones, int16 (usable, length).
        usable: the place of each among all that were to be read.
        samples: number of samples of each before it was padded or cut.
        rejected: (path, reason) of all others.
        conversions: how many were converted in which way.
    """

    audio: np.ndarray
    usable: list[int]
    samples: list[int]
    rejected: list[tuple[str, str]]
    conversions: Counter[str]


def read_clips(root: Path, paths: list[str], sample_rate_hz: int, length: int) -> Clips:
    """Reads clips of `length` samples: shorter recordings are padded, of longer ones the loudest part is kept."""
    audio = np.zeros((len(paths), length), np.int16)
    usable: list[int] = []
    samples_of: list[int] = []
    rejected: list[tuple[str, str]] = []
    conversions: Counter[str] = Counter()
    for index, path in enumerate(paths):
        try:
            samples, converted = read_converted(root / path, sample_rate_hz)
            if 1000 * len(samples) < LEAST_MS * sample_rate_hz:
                raise ClipRejected(f"too short: {1000 * len(samples) / sample_rate_hz:.3g} ms, less than {LEAST_MS} ms")
        except ClipRejected as reason:
            rejected.append((path, str(reason)))
            continue
        if len(samples) > length:
            converted.append(CUT)
        kept = loudest(samples, length)
        audio[len(usable), : len(kept)] = kept
        usable.append(index)
        samples_of.append(len(samples))
        conversions.update(converted)
    return Clips(audio[: len(usable)], usable, samples_of, rejected, conversions)


def loudest(samples: np.ndarray, length: int) -> np.ndarray:
    """The `length` successive samples with the greatest energy about the recording's mean, the middle one of several
    such stretches; all samples, int16, where there are no more."""
    if len(samples) <= length:
        return samples
    energy = np.cumsum(np.square(samples.astype(np.int64) - round(samples.mean())))
    of_stretches = energy[length - 1 :].copy()
    of_stretches[1:] -= energy[:-length]
    places = np.flatnonzero(of_stretches == of_stretches.max())
    first = places[len(places) // 2]
    return samples[first : first + length]
