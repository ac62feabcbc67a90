"""Reads one recording, or says why it cannot be used."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from micronets.errors import MicronetsError


class ClipRejected(MicronetsError):
    """The recording cannot be used; the message is the reason, without the path."""


def read_recording(path: str | os.PathLike, sample_rate_hz: int) -> np.ndarray:
    """All samples of a mono recording as int16.

    Raises:
        ClipRejected: unreadable, truncated, empty, of another sample rate, or of more than one channel.
    """
    with _opened(path) as stream:
        if stream.samplerate != sample_rate_hz:
            raise ClipRejected(f"sample rate is {stream.samplerate} Hz, not {sample_rate_hz} Hz")
        if stream.channels != 1:
            raise ClipRejected(f"{stream.channels} channels, not 1")
        return _samples(stream)[:, 0]


def read_channels(path: str | os.PathLike) -> tuple[np.ndarray, int]:
    """All samples of a recording as int16 (samples, channels), and its sample rate in Hz.

    Raises:
        ClipRejected: unreadable, truncated or empty.
    """
    with _opened(path) as stream:
        return _samples(stream), stream.samplerate


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[soundfile.SoundFile]:
    try:
        with soundfile.SoundFile(path) as stream:
            yield stream
    except soundfile.LibsndfileError as error:
        raise ClipRejected(f"unreadable: {_reason(path, error)}") from None
    except OSError as error:
        raise ClipRejected(f"unreadable: {error.strerror or error}") from None


def _samples(stream: soundfile.SoundFile) -> np.ndarray:
    if _is_truncated(stream):
        raise ClipRejected("truncated: shorter than its header says")
    if stream.frames == 0:
        raise ClipRejected("empty: no samples")
    samples = _as_int16(stream)
    if len(samples) != stream.frames:
        raise ClipRejected(f"corrupt: {len(samples)} of {stream.frames} samples can be read")
    return samples


def _as_int16(stream: soundfile.SoundFile) -> np.ndarray:
    if stream.subtype not in ("FLOAT", "DOUBLE"):
        return stream.read(dtype="int16", always_2d=True)
    samples = stream.read(dtype="float64", always_2d=True)  # libsndfile does not scale these to integers
    if not np.isfinite(samples).all():
        raise ClipRejected("corrupt: samples that are no numbers")
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)


def _is_truncated(stream: soundfile.SoundFile) -> bool:
    """libsndfile shortens a cut file silently, but notes in its log what the header promised."""
    for line in stream.extra_info.splitlines():
        if line.startswith("data") and "should be" in line:
            return True
    return False


def _reason(path: str | os.PathLike, error: soundfile.LibsndfileError) -> str:
    if not os.path.isfile(path):
        return "not a file"
    return error.error_string.rstrip(".") if os.path.getsize(path) else "the file has no bytes"


def read_clips(
    root: Path, paths: list[str], sample_rate_hz: int, length: int
) -> tuple[np.ndarray, list[int], list[int], list[tuple[str, str]]]:
    """Reads clips of one length.

    Returns:
        audio (usable clips, length) int16; the index in `paths` of each; its number of samples before padding or
        cutting; and (path, reason) of every clip that was rejected.
    """
    audio = np.zeros((len(paths), length), np.int16)
    usable: list[int] = []
    samples_of: list[int] = []
    rejected: list[tuple[str, str]] = []
    for index, path in enumerate(paths):
        try:
            samples = read_recording(root / path, sample_rate_hz)
        except ClipRejected as reason:
            rejected.append((path, str(reason)))
            continue
        kept = samples[:length]
        audio[len(usable), : len(kept)] = kept
        usable.append(index)
        samples_of.append(len(samples))
    return audio[: len(usable)], usable, samples_of, rejected
