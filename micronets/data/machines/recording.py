"""Reads one recording of a machine: its first channel, at the rate that the features want."""

import os
from math import gcd

import numpy as np
import scipy

from micronets.data.clips import ClipRejected, read_channels


def read_machine(path: str | os.PathLike, sample_rate_hz: int) -> np.ndarray:
    """All samples of a recording's first channel as int16 (samples,), resampled where its rate is another.

    Raises ClipRejected where it is unreadable, truncated, empty, or of a lower rate.
    """
    samples, rate_hz = read_channels(path)
    first = samples[:, 0]
    if rate_hz == sample_rate_hz:
        return first
    if rate_hz < sample_rate_hz:
        raise ClipRejected(f"sample rate is {rate_hz} Hz, below {sample_rate_hz} Hz")
    common = gcd(rate_hz, sample_rate_hz)
    resampled = scipy.signal.resample_poly(first.astype(np.float64), sample_rate_hz // common, rate_hz // common)
    return np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)
