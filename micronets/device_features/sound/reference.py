"""Features of sounds in integers: the same arithmetic as the C in `micronets/csrc/features`, in numpy, in bulk.

Audio arrives in hops. A frame ends where a hop ends; it is shifted up by as many bits as the largest sample of the hops
that it reaches over has to spare, and that is taken back in the logarithm. A window is the last frames (of MFCC and
filterbanks) or rows (of log-mel, means over `pooling` frames and bands) that there are.

Coefficients of recorded sounds are within 0.05 of the float extractor's, nearly all within 0.01; log-mel values
within 0.02 dB, but for one in a thousand, where a band is a single FFT bin far below the loudest one: 0.25 dB. The
floor of a frame's energies is taken before the peak of its window is known. Digital silence has coefficients of its
own all the same; but where there are a few samples of 1 in the silence, coefficient 0 may be off by 9.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from micronets.device_features.sound.elementary import log2_q16, square_root
from micronets.device_features.sound.fft import Complex, spectrum
from micronets.device_features.sound.tables import (
    SILENT,
    FrameTables,
    LogMelTables,
    MfccTables,
    Parameters,
    Quantiser,
    filterbank_tables,
    log_mel_tables,
    mfcc_tables,
)
from micronets.errors import DataError
from micronets.features.filterbank import EMPHASIS_SHIFT, FilterbankParameters
from micronets.features.log_mel import LogMelParameters
from micronets.features.mfcc import MfccParameters

_BLOCK_FRAMES = 128
_FULL_SCALE_LOG2 = 15 << 16


def streamed(audio: np.ndarray, parameters: Parameters, scale: float, zero_point: int) -> np.ndarray:
    """Every window that the C gives when audio is pushed hop by hop from reset on.

    Args:
        audio: int16 (samples,); what is left over after the last whole hop is not used.
        scale, zero_point: of the network's int8 input, real = scale (int8 - zero_point).

    Returns:
        int8 (windows, frames, values) of MFCC and filterbanks: one window for every hop after the first full one; int8
        (windows, rows, columns) of log-mel: one for every row.
    """
    if isinstance(parameters, MfccParameters):
        tables = mfcc_tables(parameters)
        coefficients, peaks = _mfcc_frames(audio, tables)
        return _mfcc_windows(coefficients, peaks, tables, tables.quantiser(scale, zero_point))
    log_mel = _row_tables(parameters)
    rows = _rows(_log2_energies(audio, log_mel.frame)[0], log_mel, log_mel.quantiser(scale, zero_point))
    return _last_axes(rows, log_mel.rows)


def _row_tables(parameters: FilterbankParameters | LogMelParameters) -> LogMelTables:
    return filterbank_tables(parameters) if isinstance(parameters, FilterbankParameters) else log_mel_tables(parameters)


def clip_windows(clips: np.ndarray, parameters: Parameters, scale: float, zero_point: int) -> np.ndarray:
    """Of each clip on its own, the windows that the float extractor cuts from it.

    MFCC, filterbank: the clip's one window. Where its frames do not end with hops, zeros go before the clip. Log-mel:
    centred frames need the clip mirrored at its ends, and windows begin every `stride_frames` frames.

    Args:
        clips: int16 (clips, samples).

    Returns:
        int8 (clips, frames, values) of MFCC and filterbanks, (clips, windows, rows, columns) of log-mel.
    """
    if len(clips) == 0:
        raise DataError("there are no clips to extract features from")
    if not isinstance(parameters, LogMelParameters):
        return np.stack([streamed(clip_stream(clip, parameters), parameters, scale, zero_point)[0] for clip in clips])
    tables = log_mel_tables(parameters)
    quantiser = tables.quantiser(scale, zero_point)
    return np.stack([_log_mel_windows(clip, parameters, tables, quantiser) for clip in clips])


def clip_stream(clip: np.ndarray, parameters: Parameters) -> np.ndarray:
    """The int16 samples to push so that the frames are those that the float extractor cuts from a clip."""
    if not isinstance(parameters, LogMelParameters):
        lead = -parameters.window_samples % parameters.hop_samples
        stream = np.concatenate([np.zeros(lead, np.int16), clip])
        hops = parameters.frames - 1 + -(-parameters.window_samples // parameters.hop_samples)
        return stream[: hops * parameters.hop_samples]
    if parameters.centred:
        clip = np.pad(clip, parameters.fft_samples // 2, mode="reflect")
    lead = -parameters.fft_samples % parameters.hop_samples
    return np.concatenate([np.zeros(lead, np.int16), clip])


def _log_mel_windows(
    clip: np.ndarray, parameters: LogMelParameters, tables: LogMelTables, quantiser: Quantiser
) -> np.ndarray:
    energies = _log2_energies(clip_stream(clip, parameters), tables.frame)[0]
    used = energies[parameters.first_frame : parameters.end_frame]
    starts = range(0, len(used) - parameters.window_frames + 1, parameters.stride_frames)
    if not starts:
        raise DataError(f"clips of {len(clip)} samples are too short for a window of {parameters.window_frames} frames")
    return np.stack([_rows(used[at : at + parameters.window_frames], tables, quantiser) for at in starts])


def _log2_energies(audio: np.ndarray, tables: FrameTables) -> tuple[np.ndarray, np.ndarray]:
    """Binary logarithms of every frame's mel energies, Q16 (frames, bands), and the peak of every hop (hops,)."""
    if audio.dtype != np.int16 or audio.ndim != 1:
        raise DataError(f"features on a device take int16 samples of one stream, not {audio.dtype} {audio.shape}")
    if tables.emphasised:
        audio = emphasise(audio)
    hop, window = tables.hop_samples, tables.window_samples
    hops = audio[: len(audio) // hop * hop].reshape(-1, hop)
    hop_peaks = np.abs(hops.astype(np.int64)).max(axis=1)
    if len(hops) < tables.frame_hops:
        return np.empty((0, tables.bands), np.int64), hop_peaks
    frame_peaks = _last_axes(hop_peaks, tables.frame_hops).max(axis=1)
    lead = -window % hop
    frames = sliding_window_view(hops.reshape(-1)[lead:], window)[::hop]
    up = np.clip(14 - _exponent(frame_peaks), 0, 14)
    energies = np.empty((len(frames), tables.bands), np.int64)
    for first in range(0, len(frames), _BLOCK_FRAMES):
        part = slice(first, first + _BLOCK_FRAMES)
        energies[part] = _mel_energies(spectrum(tables.fft, frames[part], up[part]), tables)
    logarithms = (
        log2_q16(np.maximum(energies, 1)) + tables.log_offsets - (up[:, None] << (17 if tables.squared else 16))
    )
    logarithms = np.where(energies > 0, np.maximum(logarithms, tables.log_floor), tables.log_floor)
    return logarithms, hop_peaks


def emphasise(audio: np.ndarray) -> np.ndarray:
    """Int16 (samples,) less 31/32 of the sample before each, saturated; before the first there is 0."""
    before = np.concatenate([np.zeros(1, np.int64), audio[:-1].astype(np.int64)])
    rounding = 1 << (EMPHASIS_SHIFT - 1)
    return np.clip(audio - before + ((before + rounding) >> EMPHASIS_SHIFT), -32768, 32767).astype(np.int16)


def _exponent(values: np.ndarray) -> np.ndarray:
    """Position of the highest bit, counted from 0; 14 for 0."""
    return np.where(values > 0, np.frexp(values.astype(np.float64))[1] - 1, 14)


def _mel_energies(bins: Complex, tables: FrameTables) -> np.ndarray:
    """int64 (frames, bands): sums of magnitudes in Q15, or of powers."""
    mel = tables.mel
    used = slice(mel.first_bin, mel.first_bin + len(mel.rising))
    power = np.square(bins[0][:, used]) + np.square(bins[1][:, used])
    rising = mel.rising.astype(np.int64)
    if tables.squared:
        up = (_segments((power >> 32) * rising, mel.counts) << 17) + (
            _segments((power & 0xFFFFFFFF) * rising, mel.counts) >> 15
        )
        down = _segments(power, mel.counts) - up
    else:
        magnitude = square_root(power)
        up = _segments(magnitude * rising, mel.counts)
        down = (_segments(magnitude, mel.counts) << 15) - up
    return up[:, :-1] + down[:, 1:]


def _segments(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sums of `counts` values each along the last axis; empty ones are 0."""
    sums = np.zeros((len(values), values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return np.diff(sums[:, np.concatenate([[0], np.cumsum(counts)])], axis=1)


def _high_mac(a: np.ndarray | int, b: int, accumulator: int) -> np.ndarray:
    """accumulator + round(a b / 2^32), halves upwards."""
    return accumulator + ((np.asarray(a, np.int64) * b + (1 << 31)) >> 32)


def _quantise(values: np.ndarray, quantiser: Quantiser) -> np.ndarray:
    steps = _high_mac(values << quantiser.shift, quantiser.multiplier, quantiser.zero_point)
    return np.clip(steps, -128, 127).astype(np.int8)


def _mfcc_frames(audio: np.ndarray, tables: MfccTables) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of every frame, int64 (frames, coefficients), coefficient 0 without its peak; peaks of the hops."""
    logarithms, hop_peaks = _log2_energies(audio, tables.frame)
    bands, half = tables.frame.bands, tables.dct.shape[1]
    front, back = logarithms[:, :half], logarithms[:, : bands - half - 1 : -1]
    sums, differences = front + back, front - back
    if bands % 2:
        sums[:, -1], differences[:, -1] = front[:, -1], 0
    coefficients = np.empty((len(logarithms), tables.coefficients), np.int64)
    for k, row in enumerate(tables.dct.astype(np.int64)):
        products = (sums if k % 2 == 0 else differences) * row >> 16
        # A product keeps its upper bits: half a unit less than the true one on average.
        coefficients[:, k] = _high_mac((products.sum(axis=1) << 1) + half, tables.dct_scale, 0)
    silent = (logarithms == tables.frame.log_floor).all(axis=1)
    coefficients[silent] = 0
    coefficients[silent, 0] = SILENT
    return coefficients, hop_peaks


def _mfcc_windows(
    coefficients: np.ndarray, hop_peaks: np.ndarray, tables: MfccTables, quantiser: Quantiser
) -> np.ndarray:
    windows = _last_axes(coefficients, tables.frames).astype(np.int64)
    if len(windows) == 0:
        return np.empty((0, tables.frames, tables.coefficients), np.int8)
    peaks = _last_axes(hop_peaks, tables.window_hops).max(axis=1)
    louder = _high_mac(_FULL_SCALE_LOG2 - log2_q16(np.maximum(peaks, 1)), tables.peak_scale, 0)
    first = windows[:, :, 0]
    windows[:, :, 0] = np.where(first == SILENT, tables.silent_value, first + louder[:, None])
    return _quantise(windows, quantiser)


def _rows(logarithms: np.ndarray, tables: LogMelTables, quantiser: Quantiser) -> np.ndarray:
    """int8 (rows, columns) of frames (frames, bands); what is left over after the last whole row is not used."""
    pooling = tables.pooling
    whole = logarithms[: len(logarithms) // pooling * pooling]
    sums = whole.reshape(-1, pooling, tables.columns, pooling).sum(axis=(1, 3))
    return _quantise(np.minimum(sums - tables.level, tables.ceiling), quantiser)


def _last_axes(values: np.ndarray, count: int) -> np.ndarray:
    """Every run of `count` entries along axis 0, (runs, count, ...)."""
    if len(values) < count:
        return np.empty((0, count, *values.shape[1:]), values.dtype)
    return np.moveaxis(sliding_window_view(values, count, axis=0), -1, 1)
