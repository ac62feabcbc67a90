"""Where generated words are heard: rooms, microphones, and background noise."""

from dataclasses import dataclass

import numpy as np
import scipy


@dataclass(frozen=True)
class Scene:
    """A speaker's room and microphone: reverberation time, share of reverberation, high-frequency tilt, usual level."""

    reverberation_s: float
    wet: float
    tilt: float
    level: float


def draw_scene(generator: np.random.Generator) -> Scene:
    """A random room and microphone."""
    return Scene(
        reverberation_s=generator.uniform(0.05, 0.4),
        wet=generator.uniform(0.0, 0.35),
        tilt=generator.uniform(-0.6, 0.6),
        level=10 ** generator.uniform(-1.2, -0.1),
    )


def record(
    speech: np.ndarray,
    scene: Scene,
    background: np.ndarray,
    signal_to_noise_db: float,
    length: int,
    sample_rate_hz: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Puts a word somewhere into a clip, in its room, with noise behind.

    Args:
        speech: float32 (samples,), any level; what is longer than the clip is cut.
        scene: room and microphone.
        background: float32 (length,), noise of any level above 0.
        signal_to_noise_db: power of the speech, where it sounds, over that of the noise.
        length: samples of the clip.
        sample_rate_hz: of all of these.
        generator: of place, room and level.

    Returns:
        int16 (length,).
    """
    speech = _trim(speech)[:length]
    tail = int(scene.reverberation_s * sample_rate_hz)
    decay = np.exp(-6.9 * np.arange(tail) / tail)
    room = generator.standard_normal(tail) * decay
    room *= scene.wet / np.sqrt(np.sum(np.square(room)))
    room[0] += 1
    # centred more or less, as in real clips; the end may fall off
    slack = length - len(speech)
    start = int(np.clip(generator.normal(0.5, 0.15), 0, 1) * slack)
    clip = np.zeros(length)
    clip[start : start + len(speech)] = speech
    clip = scipy.signal.fftconvolve(clip, room)[:length]
    clip = scipy.signal.lfilter([1, -scene.tilt], [1], clip)
    power = np.mean(np.square(clip[start : start + len(speech)]))
    noise_power = np.mean(np.square(background))
    clip += background * np.sqrt(power / noise_power / 10 ** (signal_to_noise_db / 10))
    peak = scene.level * 10 ** generator.uniform(-0.2, 0.1)
    return np.rint(clip / np.abs(clip).max() * min(peak, 1.0) * 32767).astype(np.int16)


def _trim(speech: np.ndarray) -> np.ndarray:
    """Without the silence before and after."""
    loud = np.flatnonzero(np.abs(speech) > 0.01 * np.abs(speech).max())
    return speech[loud[0] : loud[-1] + 1] if len(loud) else speech


def background_recordings(samples: int, sample_rate_hz: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Noises by name, each int16 (samples,)."""
    time = np.arange(samples) / sample_rate_hz
    white = generator.standard_normal(samples)
    pink = _coloured(generator.standard_normal(samples), -0.5)
    rumble = _coloured(generator.standard_normal(samples), -1.0)
    knots = np.arange(0, time[-1] + 1, 0.5)
    slow = np.interp(time, knots, generator.uniform(0.3, 1, len(knots)))
    tap = scipy.signal.lfilter(*scipy.signal.butter(2, [800, 5000], "band", fs=sample_rate_hz), white) * slow
    wheel = pink / pink.std() * (0.3 + np.square(np.sin(np.pi * 1.7 * time))) + 0.4 * np.sin(2 * np.pi * 97 * time)
    return {
        name: np.rint(noise / np.abs(noise).max() * level * 32767).astype(np.int16)
        for name, noise, level in (
            ("white_noise", white, 0.7),
            ("pink_noise", pink, 0.7),
            ("rumble", rumble, 0.7),
            ("running_tap", tap, 0.5),
            ("exercise_bike", wheel, 0.5),
            ("doing_the_dishes", _clatter(samples, sample_rate_hz, generator), 0.8),
        )
    }


def _coloured(white: np.ndarray, slope: float) -> np.ndarray:
    """White noise with an amplitude spectrum of f ** slope."""
    spectrum = np.fft.rfft(white)
    frequency = np.maximum(np.arange(len(spectrum)), 20 * len(white) / 16000)
    return np.fft.irfft(spectrum * (frequency / frequency[-1]) ** slope, len(white))


def _clatter(samples: int, sample_rate_hz: int, generator: np.random.Generator) -> np.ndarray:
    """Struck plates: short decaying tones at random times over a little hiss."""
    noise = 0.01 * generator.standard_normal(samples)
    ring = int(0.25 * sample_rate_hz)
    time = np.arange(ring) / sample_rate_hz
    for start in generator.integers(samples - ring, size=4 * samples // sample_rate_hz):
        tones = generator.uniform(700, 6500, 3)[:, None]
        decay = np.exp(-time * generator.uniform(15, 80))
        noise[start : start + ring] += generator.uniform(0.1, 1) * decay * np.sin(2 * np.pi * tones * time).sum(axis=0)
    return noise
