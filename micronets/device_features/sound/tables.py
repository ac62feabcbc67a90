"""Every constant of the integer features, worked out from the parameters of the float ones."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from micronets.device_features.sound.fft import FftPlan, window_q15
from micronets.errors import ConfigurationError
from micronets.features.filterbank import FilterbankParameters
from micronets.features.log_mel import LogMelParameters
from micronets.features.mfcc import MfccParameters
from micronets.features.sound_features import SoundFeatures

Parameters = SoundFeatures

SILENT = -32768
"""Stands for coefficient 0 of a frame of digital silence."""

_DB_PER_Q16 = 10 * np.log10(2) / 65536
_NO_CEILING = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class MelTables:
    """Triangles of height 1 as segments between edges: segment s rises in band s and falls in band s - 1.

    Attributes:
        first_bin: of the first segment.
        counts: FFT bins in each segment, (bands + 1,).
        rising: weight of each bin in the band that rises there, Q15 (bins,); the rest to 1 falls in the band before.
    """

    first_bin: int
    counts: np.ndarray
    rising: np.ndarray


@dataclass(frozen=True)
class Quantiser:
    """int8 = zero_point + value << shift x multiplier / 2^32, rounded, saturated."""

    multiplier: int
    shift: int
    zero_point: int


@dataclass(frozen=True, eq=False)
class FrameTables:
    """What MFCC and log-mel share.

    Attributes:
        window_samples, hop_samples: as in the parameters.
        log_offsets: added to the binary logarithm of a band's energy in integers, Q16 (bands,).
        log_floor: the least binary logarithm, Q16.
        squared: energies are of the power spectrum, not of the magnitudes.
        emphasised: samples are those of `reference.emphasise`.
    """

    window_samples: int
    hop_samples: int
    fft: FftPlan
    mel: MelTables
    log_offsets: np.ndarray
    log_floor: int
    squared: bool
    emphasised: bool = False

    @property
    def history_samples(self) -> int:
        """Samples of earlier hops in a frame; frames end where a hop ends."""
        return max(self.window_samples - self.hop_samples, 0)

    @property
    def frame_hops(self) -> int:
        """Hops that a frame reaches over."""
        return -(-self.window_samples // self.hop_samples)

    @property
    def bands(self) -> int:
        return len(self.log_offsets)


@dataclass(frozen=True, eq=False)
class MfccTables:
    """Attributes:
    frame: up to the logarithms of the energies.
    frames: of a window.
    dct: cos(pi k (b + 1/2) / bands) of the first half of the bands, Q15 (coefficients, half).
    fraction_bits: of coefficients in 16 bits.
    dct_scale: 2^32 coefficients over twice the sums of products of the DCT.
    peak_scale: 2^32 coefficient 0 over binary logarithm, Q16, of full scale over peak; 0 where nothing is normalised.
    silent_value: coefficient 0 of digital silence.
    """

    frame: FrameTables
    frames: int
    dct: np.ndarray
    fraction_bits: int
    dct_scale: int
    peak_scale: int
    silent_value: int

    @property
    def coefficients(self) -> int:
        return len(self.dct)

    @property
    def window_hops(self) -> int:
        """Hops that the frames of a window reach over."""
        return self.frames + self.frame.frame_hops - 1

    def quantiser(self, scale: float, zero_point: int) -> Quantiser:
        """To an int8 input with real = scale (int8 - zero_point)."""
        return _quantiser(2.0**-self.fraction_bits, scale, zero_point)


@dataclass(frozen=True, eq=False)
class LogMelTables:
    """Of log-mel spectrograms and of filterbanks.

    Attributes:
        frame: up to the logarithms of the energies.
        rows, columns: of a window, after pooling.
        pooling: frames and bands per value.
        level: what is taken from the sum of a value's binary logarithms, Q16, so that the mean level becomes 0.
        unit: what 1 of such a difference stands for.
        ceiling: the greatest such difference that is told from greater ones.
    """

    frame: FrameTables
    rows: int
    columns: int
    pooling: int
    level: int
    unit: float
    ceiling: int = _NO_CEILING

    @property
    def has_ceiling(self) -> bool:
        return self.ceiling < _NO_CEILING

    def quantiser(self, scale: float, zero_point: int) -> Quantiser:
        """To an int8 input with real = scale (int8 - zero_point)."""
        return _quantiser(self.unit, scale, zero_point)


@lru_cache(maxsize=8)
def mfcc_tables(parameters: MfccParameters) -> MfccTables:
    """Raises ConfigurationError where the parameters ask for what the integer features cannot do."""
    bands = parameters.mel_bands
    frame = _frame_tables(parameters, parameters.window_samples, squared=False)
    half = (bands + 1) // 2
    angle = np.pi * np.arange(parameters.coefficients)[:, None] * (np.arange(half) + 0.5) / bands
    loudest = np.log(parameters.window().sum() * max(parameters.mel_matrix().sum(axis=0).max(), 1))
    largest = np.sqrt(2 * bands) * max(loudest, -np.log(parameters.log_floor))
    bits = int(np.floor(np.log2(32767 / largest)))
    unit = np.log(2) * 2.0**bits
    return MfccTables(
        frame=frame,
        frames=parameters.frames,
        dct=np.rint(32767 * np.cos(angle)).astype(np.int16),
        fraction_bits=bits,
        dct_scale=round(np.sqrt(2 / bands) * unit * 2.0**31 / 32767),
        peak_scale=round(np.sqrt(2 * bands) * unit * 2.0**16) if parameters.peak_normalised else 0,
        silent_value=round(np.sqrt(2 * bands) * np.log(parameters.log_floor) * 2**bits),
    )


@lru_cache(maxsize=8)
def log_mel_tables(parameters: LogMelParameters) -> LogMelTables:
    """Raises ConfigurationError where the parameters ask for what the integer features cannot do."""
    rows, columns = parameters.window_shape
    return LogMelTables(
        frame=_frame_tables(parameters, parameters.fft_samples, squared=True, heights=parameters.mel_heights()),
        rows=rows,
        columns=columns,
        pooling=parameters.pooling,
        level=round(parameters.mean_db / _DB_PER_Q16 * parameters.pooling**2),
        unit=_DB_PER_Q16 / parameters.pooling**2,
    )


@lru_cache(maxsize=8)
def filterbank_tables(parameters: FilterbankParameters) -> LogMelTables:
    """Raises ConfigurationError where the parameters ask for what the integer features cannot do."""
    return LogMelTables(
        frame=_frame_tables(parameters, parameters.window_samples, squared=True, heights=parameters.mel_heights()),
        rows=parameters.frames,
        columns=parameters.mel_bands,
        pooling=1,
        level=round(parameters.floor_db / _DB_PER_Q16),
        unit=_DB_PER_Q16 / parameters.span_db,
        ceiling=round(parameters.span_db / _DB_PER_Q16),
    )


def _frame_tables(
    parameters: Parameters, window_samples: int, squared: bool, heights: np.ndarray | None = None
) -> FrameTables:
    hop = parameters.hop_samples
    if window_samples % 2 or hop % 2:
        raise ConfigurationError(
            f"features on a device need windows and hops of an even number of samples, not {window_samples} and {hop}"
        )
    fft = FftPlan(window_q15(parameters.window()), parameters.fft_samples)
    exponent = np.log2(fft.gain * 32768)
    energy = np.full(parameters.mel_bands, 2 * exponent if squared else exponent + 15)
    if heights is not None:
        energy -= np.log2(heights)
    return FrameTables(
        window_samples=window_samples,
        hop_samples=hop,
        fft=fft,
        mel=_mel_tables(*parameters.mel_axis()),
        log_offsets=np.rint(-65536 * energy).astype(np.int32),
        log_floor=round(65536 * np.log2(parameters.log_floor)),
        squared=squared,
        emphasised=isinstance(parameters, FilterbankParameters),
    )


def _mel_tables(bins: np.ndarray, edges: np.ndarray) -> MelTables:
    inside = np.flatnonzero((bins > edges[0]) & (bins < edges[-1]))
    segment = np.searchsorted(edges, bins[inside], side="right") - 1
    rising = (bins[inside] - edges[segment]) / (edges[segment + 1] - edges[segment])
    counts = np.bincount(segment, minlength=len(edges) - 1)
    # The logarithm of band b takes the place of value b of the spectrum, when segment b + 1 has been read.
    unread = 2 * (inside[0] + np.cumsum(counts)[1:]) if len(inside) else 0
    if np.any(unread <= np.arange(len(edges) - 2)):
        raise ConfigurationError(f"{len(edges) - 2} mel bands are too many for the FFT bins that they look at")
    return MelTables(
        first_bin=int(inside[0]),
        counts=counts,
        rising=np.rint(32768 * rising).astype(np.uint16),
    )


def _quantiser(unit: float, scale: float, zero_point: int) -> Quantiser:
    """For int32 values that stand for so many times `unit`."""
    if not (np.isfinite(scale) and scale > 0 and -128 <= zero_point <= 127):
        raise ConfigurationError(f"an int8 input has a scale above 0, not {scale}, and a zero point from -128 to 127")
    steps_per_unit = unit / scale
    shift = max(0, int(np.ceil(np.log2(steps_per_unit))) + 2)
    multiplier = round(steps_per_unit * 2.0 ** (32 - shift))
    if shift > 8 or multiplier < 1024:
        raise ConfigurationError(f"an int8 input of scale {scale} is too fine or too coarse for features on a device")
    return Quantiser(multiplier, shift, zero_point)
