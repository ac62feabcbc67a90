"""Building blocks of machine sounds."""

import numpy as np
import scipy

from micronets.data.machines.synthesis.machine import SAMPLE_RATE_HZ


def coloured_noise(samples: int, db_per_octave: float, generator: np.random.Generator) -> np.ndarray:
    """Noise whose spectrum falls by `db_per_octave` above 50 Hz, of RMS 1; float64 (samples,)."""
    spectrum = scipy.fft.rfft(generator.normal(size=samples))
    frequency_hz = np.maximum(np.arange(len(spectrum)) * SAMPLE_RATE_HZ / samples, 50.0)
    spectrum *= (frequency_hz / 50.0) ** (-db_per_octave / (20 * np.log10(2)))
    return normalised(scipy.fft.irfft(spectrum, samples))


def resonances(signal: np.ndarray, frequencies_hz: np.ndarray, quality: float, gains: np.ndarray) -> np.ndarray:
    """The sum of what single resonances make of a signal; a resonance has gain `gains` at its own frequency."""
    heard = np.zeros_like(signal)
    for frequency_hz, gain in zip(frequencies_hz, gains, strict=True):
        numerator, denominator = scipy.signal.iirpeak(frequency_hz, quality, fs=SAMPLE_RATE_HZ)
        heard += gain * scipy.signal.lfilter(numerator, denominator, signal)
    return heard


def wander(samples: int, rate_hz: float, generator: np.random.Generator) -> np.ndarray:
    """A smooth random curve of about unit variance that turns around about `rate_hz` times a second."""
    knots = max(4, int(samples / SAMPLE_RATE_HZ * 2 * rate_hz) + 4)
    places = np.linspace(0, knots - 1, samples)
    first = np.minimum(places.astype(int), knots - 2)
    values, share = generator.normal(size=knots), places - first
    weight = share * share * (3 - 2 * share)
    return (1 - weight) * values[first] + weight * values[first + 1]


def impulses(phase: np.ndarray, generator: np.random.Generator, spread: float = 0.3) -> np.ndarray:
    """One impulse wherever `phase` (samples,), in turns, reaches a whole number; heights vary by `spread`."""
    hits = np.flatnonzero(np.diff(np.floor(phase)) > 0)
    struck = np.zeros(len(phase))
    struck[hits] = 1 + spread * generator.normal(size=len(hits))
    return struck


def normalised(signal: np.ndarray) -> np.ndarray:
    """The signal at RMS 1."""
    return signal / max(float(np.sqrt(np.mean(np.square(signal)))), 1e-9)
