"""A small formant synthesiser: a glottal pulse train and noise, shaped by moving vocal-tract resonances.

Formant frequencies are the classic averages of men's vowels (Peterson and Barney 1952) and of Klatt's synthesiser
(Klatt 1980); other speakers scale them by the length of their vocal tract.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from micronets.data.speech.synthesis.words import KEYWORDS, OTHERS

SAMPLE_RATE_HZ = 16000
_WINDOW = 320
_HOP = 80
_BANDWIDTHS_HZ = (70, 100, 140, 250)
_FOURTH_FORMANT_HZ = 3500
_MEAN_PITCH_HZ = 115


@dataclass(frozen=True)
class _Phoneme:
    """Targets of the articulators: formants and strength of the voice, centre, width and strength of the noise."""

    duration_ms: float
    formants_hz: tuple[float, float, float]
    voice: float
    noise: float = 0.0
    noise_hz: float = 0.0
    noise_width_hz: float = 1.0
    burst: bool = False


def _vowel(first: float, second: float, third: float, duration_ms: float = 130) -> _Phoneme:
    return _Phoneme(duration_ms, (first, second, third), 1.0)


def _fricative(centre: float, width: float, noise: float, voice: float = 0.0, duration_ms: float = 110) -> _Phoneme:
    return _Phoneme(duration_ms, (320, 1500, 2500), voice, noise, centre, width)


def _stop(formants: tuple[float, float, float], centre: float, width: float, voice: float, noise: float) -> _Phoneme:
    return _Phoneme(75, formants, voice, noise, centre, width, burst=True)


PHONEMES = {
    "i": _vowel(300, 2250, 3000, 110),
    "e": _vowel(530, 1840, 2480),
    "A": _vowel(660, 1720, 2410, 150),
    "a": _vowel(730, 1250, 2440, 130),
    "O": _vowel(600, 900, 2410, 160),
    "o": _vowel(500, 950, 2400, 110),
    "u": _vowel(320, 900, 2240, 110),
    "V": _vowel(640, 1190, 2390, 120),
    "E": _vowel(490, 1350, 1690, 160),
    "y": _Phoneme(70, (280, 2200, 2950), 0.7),
    "w": _Phoneme(70, (300, 650, 2200), 0.6),
    "r": _Phoneme(80, (330, 1100, 1550), 0.6),
    "l": _Phoneme(80, (360, 1200, 2700), 0.6),
    "m": _Phoneme(90, (250, 1000, 2200), 0.4),
    "n": _Phoneme(90, (250, 1500, 2500), 0.4),
    "s": _fricative(5600, 1500, 0.30),
    "z": _fricative(5600, 1500, 0.15, 0.35),
    "S": _fricative(3000, 1200, 0.30),
    "Z": _fricative(3000, 1200, 0.15, 0.35),
    "f": _fricative(4500, 4000, 0.10),
    "v": _fricative(4500, 4000, 0.04, 0.4, 80),
    "T": _fricative(5500, 3500, 0.08),
    "h": _fricative(1500, 1500, 0.08, 0.0, 70),
    "p": _stop((350, 900, 2200), 900, 900, 0.0, 0.25),
    "b": _stop((350, 900, 2200), 800, 800, 0.12, 0.15),
    "t": _stop((350, 1700, 2600), 4200, 1600, 0.0, 0.35),
    "d": _stop((350, 1700, 2600), 4000, 1600, 0.12, 0.2),
    "k": _stop((350, 1900, 2400), 1900, 700, 0.0, 0.35),
    "g": _stop((350, 1900, 2400), 1800, 700, 0.12, 0.2),
}


@dataclass(frozen=True)
class FormantVoice:
    """A speaker: mean pitch, vocal-tract scale (above 1 shorter, higher formants), breath noise, speed, accent.

    `accent` (3 phases) bends the vowels' formants by up to some percent, each speaker in another direction.
    """

    pitch_hz: float
    tract: float
    breath: float
    speed: float
    accent: tuple[float, float, float]


def draw_voice(generator: np.random.Generator) -> FormantVoice:
    """A random speaker; tract length and pitch go together, as they do in people."""
    tract = generator.uniform(0.9, 1.25)
    return FormantVoice(
        pitch_hz=_MEAN_PITCH_HZ * tract**2.5 * generator.uniform(0.85, 1.2),
        tract=tract,
        breath=generator.uniform(0.005, 0.06),
        speed=generator.uniform(0.75, 1.2),
        accent=tuple(generator.uniform(0, 2 * np.pi, 3).tolist()),
    )


def say(word: str, voice: FormantVoice, generator: np.random.Generator) -> np.ndarray:
    """Speaks one word of the vocabulary once.

    Returns:
        float32 (samples,) at 16 kHz, of any level.
    """
    phonemes = [PHONEMES[name] for name in (KEYWORDS | OTHERS)[word].split()]
    spans = [
        phoneme.duration_ms / voice.speed * generator.uniform(0.75, 1.3) * (1.3 if index == len(phonemes) - 1 else 1)
        for index, phoneme in enumerate(phonemes)
    ]
    controls = _controls(phonemes, spans, voice, generator)
    frames = len(controls.voice)
    samples = frames * _HOP
    source = _glottal_source(samples, voice, generator)
    noise = generator.standard_normal(samples)
    window = scipy.signal.ShortTimeFFT(scipy.signal.windows.hann(_WINDOW, sym=False), _HOP, SAMPLE_RATE_HZ)
    voiced, rough = window.stft(source), window.stft(noise)
    at = np.clip(np.arange(voiced.shape[1]) + window.p_min, 0, frames - 1)
    tract = _tract(controls.formants_hz[at], window.f)
    friction = np.exp(-0.5 * np.square((window.f - controls.noise_hz[at, None]) / controls.noise_width_hz[at, None]))
    spectrum = voiced * (controls.voice[at, None] * tract).T
    spectrum += rough * (controls.noise[at, None] * friction + voice.breath * controls.voice[at, None] * tract).T
    return window.istft(spectrum, k1=samples).astype(np.float32)


@dataclass(frozen=True)
class _Controls:
    formants_hz: np.ndarray
    voice: np.ndarray
    noise: np.ndarray
    noise_hz: np.ndarray
    noise_width_hz: np.ndarray


def _controls(
    phonemes: list[_Phoneme], spans_ms: list[float], voice: FormantVoice, generator: np.random.Generator
) -> _Controls:
    """Targets of every 5 ms frame, smoothed as articulators move."""
    bend = 1 + 0.07 * np.sin(np.asarray(voice.accent)) + generator.normal(0, 0.03, 3)
    columns: list[np.ndarray] = []
    for phoneme, span in zip(phonemes, spans_ms, strict=True):
        frames = max(int(span * SAMPLE_RATE_HZ / 1000 / _HOP), 2)
        formants = np.asarray(phoneme.formants_hz) * voice.tract * bend
        target = [*formants, phoneme.voice, phoneme.noise, phoneme.noise_hz or 2000, phoneme.noise_width_hz]
        block = np.tile(target, (frames, 1))
        if phoneme.burst:  # closure first, then the release
            release = max(frames // 3, 1)
            block[:-release, 4] = 0
            block[-release:, 4] *= np.linspace(1, 0.3, release)
        columns.append(block)
    table = np.concatenate(columns)
    smooth = scipy.signal.windows.hann(9)
    smooth /= smooth.sum()
    edge = len(smooth) // 2
    for column in (0, 1, 2, 3):
        table[:, column] = np.convolve(np.pad(table[:, column], edge, mode="edge"), smooth, "valid")
    fade = min(6, len(table) // 3)
    ramp = np.ones(len(table))
    ramp[:fade], ramp[-fade:] = np.linspace(0, 1, fade), np.linspace(1, 0, fade)
    return _Controls(table[:, :3], table[:, 3] * ramp, table[:, 4] * ramp, table[:, 5], table[:, 6])


def _glottal_source(samples: int, voice: FormantVoice, generator: np.random.Generator) -> np.ndarray:
    """Pulses whose pitch falls over the word and jitters, with the voice's -12 dB per octave."""
    time = np.linspace(0, 1, samples)
    drift = scipy.signal.lfilter([0.002], [1, -0.998], generator.standard_normal(samples))
    pitch = voice.pitch_hz * generator.uniform(0.9, 1.12) * (1.1 - generator.uniform(0.1, 0.35) * time + 0.5 * drift)
    phase = np.cumsum(np.maximum(pitch, 50)) / SAMPLE_RATE_HZ
    pulses = np.diff(np.floor(phase), prepend=0)
    return scipy.signal.lfilter([1], [1, -1.8, 0.81], pulses)


def _tract(formants_hz: np.ndarray, frequencies_hz: np.ndarray) -> np.ndarray:
    """Magnitude response of the formants in cascade with the lips' +6 dB per octave; (frames, frequencies)."""
    fourth = np.full((len(formants_hz), 1), float(_FOURTH_FORMANT_HZ))
    response = frequencies_hz / 1000
    for formant, width in zip(np.hstack([formants_hz, fourth]).T, _BANDWIDTHS_HZ, strict=True):
        centre = formant[:, None]
        response = response * centre**2 / np.hypot(centre**2 - frequencies_hz**2, width * frequencies_hz)
    return response
