"""Reads one recording as people have it, of any format, rate and number of channels, or says why it cannot be used."""

import contextlib
import io
import os
from collections.abc import Iterator

import numpy as np
import soundfile
import soxr

from micronets.data.wave_header import with_true_sizes
from micronets.errors import MicronetsError

LEAST_RATE_HZ, MOST_RATE_HZ = 8000, 192_000
_UNBOUNDED_SUBTYPES = ("FLOAT", "DOUBLE", "VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
"""Samples that may lie beyond full scale; libsndfile scales or bounds them in none of our ways."""
_MOST_OVERSHOOT = 16  # times full scale: above, samples are in other units
_BLOCK_SAMPLES = 1 << 18  # of all channels; recordings of half an hour must not lie in memory as a whole in 64 bits
MOST_HOURS = 4
"""Of one recording: at 16 kHz it takes 0.5 GB of memory."""
_UNKNOWN_FRAMES = 2**63 - 1
_TOO_LONG = f"longer than {MOST_HOURS} hours; cut it into several"
_NOT_OURS = {".m4a", ".mp4", ".aac", ".wma", ".amr", ".3gp", ".webm", ".mkv", ".mov"}


class ClipRejected(MicronetsError):
    """The recording cannot be used; the message is the reason, without the path."""


def read_recording(path: str | os.PathLike, sample_rate_hz: int) -> np.ndarray:
    """All samples of a recording as int16 (samples,), its channels mixed down, resampled where its rate is another.

    Raises:
        ClipRejected: unreadable, truncated, empty, longer than `MOST_HOURS`, or of a rate outside `LEAST_RATE_HZ` to
            `MOST_RATE_HZ`.
    """
    return read_converted(path, sample_rate_hz)[0]


def read_converted(
    path: str | os.PathLike, sample_rate_hz: int, *, first_channel: bool = False
) -> tuple[np.ndarray, list[str]]:
    """As `read_recording`, with words for everything that was converted.

    Args:
        first_channel: takes it alone, instead of the mean of all channels.
    """
    with _opened(path) as stream:
        if not LEAST_RATE_HZ <= stream.samplerate <= MOST_RATE_HZ:
            raise ClipRejected(f"sample rate is {stream.samplerate} Hz, not {LEAST_RATE_HZ} to {MOST_RATE_HZ} Hz")
        if stream.frames == 0:
            raise ClipRejected("empty: no samples")
        if _UNKNOWN_FRAMES > stream.frames > MOST_HOURS * 3600 * stream.samplerate:
            raise ClipRejected(_TOO_LONG)
        conversions = []
        if stream.channels > 1:
            conversions.append(f"{'first' if first_channel else 'mean'} of {stream.channels} channels")
        if stream.samplerate == sample_rate_hz and (stream.channels == 1 or first_channel) and _is_bounded(stream):
            samples = _checked(stream, list(_int16_blocks(stream)))
        elif stream.samplerate == sample_rate_hz:
            samples = _checked(stream, [_as_int16(block) for block in _mono_blocks(stream, first_channel)])
        else:
            conversions.append(f"resampled from {stream.samplerate} Hz")
            samples = _resampled(stream, sample_rate_hz, first_channel)
    return samples, conversions


def _is_bounded(stream: soundfile.SoundFile) -> bool:
    return stream.subtype not in _UNBOUNDED_SUBTYPES and stream.frames < _UNKNOWN_FRAMES


def _block_frames(stream: soundfile.SoundFile) -> int:
    return max(1, _BLOCK_SAMPLES // stream.channels)


def _int16_blocks(stream: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """The first channel as it is stored, int16 (frames,)."""
    while len(block := stream.read(_block_frames(stream), dtype="int16", always_2d=True)):
        yield block[:, 0].copy()


def _mono_blocks(stream: soundfile.SoundFile, first_channel: bool) -> Iterator[np.ndarray]:
    """float64 (frames,), full scale 1."""
    frames = 0
    while len(block := _next_block(stream)):
        frames += len(block)
        if frames > MOST_HOURS * 3600 * stream.samplerate:
            raise ClipRejected(_TOO_LONG)
        peak = max(block.max(), -block.min())
        if not np.isfinite(peak):
            raise ClipRejected("corrupt: samples that are no numbers")
        if peak > _MOST_OVERSHOOT:
            raise ClipRejected(f"corrupt: samples up to {peak:.3g}, where full scale is 1")
        columns = block.T[:1] if first_channel else block.T
        yield sum(columns[1:], columns[0]) / len(columns)  # the mean along the short axis, several times as fast


def _next_block(stream: soundfile.SoundFile) -> np.ndarray:
    """float64 (frames, channels); no frames at the end."""
    if stream.frames < _UNKNOWN_FRAMES:
        return stream.read(_block_frames(stream), dtype="float64", always_2d=True)
    # A stream of unknown length fails at its end, when the samples before it have been read already.
    block = np.full((_block_frames(stream), stream.channels), np.nan)
    with contextlib.suppress(soundfile.LibsndfileError):
        stream.read(out=block)
    unread = np.isnan(block[:, 0])
    return block[: unread.argmax()] if unread.any() else block


def _resampled(stream: soundfile.SoundFile, sample_rate_hz: int, first_channel: bool) -> np.ndarray:
    resampler = soxr.ResampleStream(stream.samplerate, sample_rate_hz, 1, dtype="float64", quality="HQ")
    read, pieces = [], []
    for block in _mono_blocks(stream, first_channel):
        read.append(len(block))
        pieces.append(_as_int16(resampler.resample_chunk(block)))
    pieces.append(_as_int16(resampler.resample_chunk(np.zeros(0), last=True)))
    _check_count(stream, sum(read))
    return np.concatenate(pieces)


def _checked(stream: soundfile.SoundFile, pieces: list[np.ndarray]) -> np.ndarray:
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    _check_count(stream, len(samples))
    return samples


def _check_count(stream: soundfile.SoundFile, read: int) -> None:
    if read == 0:
        raise ClipRejected("empty: no samples")
    if read != stream.frames and stream.frames < _UNKNOWN_FRAMES:
        raise ClipRejected(f"corrupt: {read} of {stream.frames} samples can be read")


def _as_int16(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[soundfile.SoundFile]:
    try:
        with contextlib.ExitStack() as files:
            # as bytes: a name need not be valid in the encoding of file names
            stream = files.enter_context(soundfile.SoundFile(os.fsencode(path)))
            if stream.frames == 0 or _is_truncated(stream):
                mended = with_true_sizes(path)
                if mended is not None:
                    stream = files.enter_context(soundfile.SoundFile(io.BytesIO(mended)))
            if _is_truncated(stream):
                raise ClipRejected("truncated: shorter than its header says")
            yield stream
    except soundfile.LibsndfileError as error:
        raise ClipRejected(f"unreadable: {_reason(path, error)}") from None
    except OSError as error:
        raise ClipRejected(f"unreadable: {error.strerror or error}") from None


def _is_truncated(stream: soundfile.SoundFile) -> bool:
    """libsndfile shortens a cut file silently, but notes in its log what the header promised."""
    for line in stream.extra_info.splitlines():
        if line.startswith("data") and "should be" in line:
            return True
    return False


def _reason(path: str | os.PathLike, error: soundfile.LibsndfileError) -> str:
    if not os.path.isfile(path):
        return "not a file"
    if not os.path.getsize(path):
        return "the file has no bytes"
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in _NOT_OURS:
        return f"{suffix} is not among the formats that can be read; convert it to .wav or .flac"
    if "SF_INFO" in error.error_string:
        return "its header says 0 Hz"
    return error.error_string.rstrip(".") or "damaged"
