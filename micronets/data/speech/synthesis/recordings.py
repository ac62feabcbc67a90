"""Writes a generated dataset in the official layout of Speech Commands."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from micronets.data.options import require
from micronets.data.speech.layout import BACKGROUND_NOISE, LISTS
from micronets.data.speech.synthesis import espeak, formant
from micronets.data.speech.synthesis.scene import Scene, background_recordings, draw_scene, record
from micronets.data.speech.synthesis.words import KEYWORDS, OTHERS
from micronets.data.wave_file import write_wave
from micronets.errors import ConfigurationError
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_SAMPLE_RATE_HZ = 16000
_HELD_OUT_SHARE = 0.15  # of the speakers, for validation and for testing each
_NOISE_S = 30


@dataclass(frozen=True)
class GeneratedOptions:
    """The section `data.generated` of the configuration.

    Attributes:
        voice: `espeak`, `formant` (the built-in synthesiser), or `auto`: espeak where it is installed.
        speakers: voices in all; those of validation and testing are heard in no other split.
        clips_per_word: recordings of each word.
        unknown_words: words beside the keywords.
        signal_to_noise_db: mean power of speech over background; single clips differ by up to 10 dB either way.
    """

    voice: str = "auto"
    speakers: int = 40
    clips_per_word: int = 120
    unknown_words: int = 6
    signal_to_noise_db: float = 22.0

    def __post_init__(self) -> None:
        voices = ("auto", "espeak", "formant")
        require(self.voice in voices, "data.generated.voice", self.voice, f"one of {', '.join(voices)}")
        require(self.speakers >= 3, "data.generated.speakers", self.speakers, "3 or more, one for each split")
        enough = self.clips_per_word >= self.speakers
        require(enough, "data.generated.clips_per_word", self.clips_per_word, f"at least the {self.speakers} speakers")
        known = len(OTHERS)
        require(
            1 <= self.unknown_words <= known,
            "data.generated.unknown_words",
            self.unknown_words,
            f"between 1 and {known}",
        )


@dataclass(frozen=True)
class _Speaker:
    name: str
    voice: formant.FormantVoice | espeak.EspeakVoice
    scene: Scene


def check_words(words: Sequence[str]) -> None:
    """Raises a ConfigurationError for a word that cannot be generated."""
    unknown = [word for word in words if word not in KEYWORDS | OTHERS]
    if unknown:
        raise ConfigurationError(
            f"data.keywords: {unknown[0]!r} cannot be generated; with recordings of it, set data.source to folder and "
            f"data.path to them; generated are {', '.join(KEYWORDS | OTHERS)}"
        )


def generate(
    options: GeneratedOptions, root: Path, seed: int, threads: int, keywords: Sequence[str] = tuple(KEYWORDS)
) -> dict[str, Any]:
    """Writes recordings, split lists and background noise into the new folder `root`.

    The same options and seed give the same files with one version of espeak-ng, numpy and scipy; the built-in
    synthesiser needs no espeak-ng.

    Args:
        options: the section `data.generated`.
        root: folder to make.
        seed: of everything random.
        threads: processes.
        keywords: the words beside which `options.unknown_words` others are said.

    Returns:
        What spoke: `voice` is espeak or formant, and espeak's `version`.

    Raises:
        ConfigurationError: espeak is asked for, but not installed, or a word cannot be said.
    """
    check_words(keywords)
    voice = _choose_voice(options.voice)
    speakers = [_speaker(voice, seed, number) for number in range(options.speakers)]
    others = [word for word in (*OTHERS, *KEYWORDS) if word not in keywords]
    words = [*keywords, *others[: options.unknown_words]]
    # two recordings of each noise: one to publish, another behind the words, so that no split hears both
    noises, behind = (
        background_recordings(_NOISE_S * _SAMPLE_RATE_HZ, _SAMPLE_RATE_HZ, np.random.default_rng([seed, number]))
        for number in (3, 4)
    )
    (root / BACKGROUND_NOISE).mkdir(parents=True)
    for name, noise in noises.items():
        write_wave(root / BACKGROUND_NOISE / f"{name}.wav", noise, _SAMPLE_RATE_HZ)
    logger.info("generating %d clips with %s", options.clips_per_word * len(words), voice)
    progress = Progress(logger, "words of speakers", len(speakers) * len(words))
    backdrop = np.stack(list(behind.values()))
    work = (
        joblib.delayed(_speak)(
            root, word, speakers[number], _repetitions(options, number), options.signal_to_noise_db, backdrop, seed
        )
        for number in range(len(speakers))
        for word in words
    )
    for _ in joblib.Parallel(n_jobs=threads, return_as="generator")(work):
        progress.advance()
    _write_lists(root, words, speakers)
    return {"voice": voice} | ({"version": espeak.version()} if voice == "espeak" else {})


def _choose_voice(voice: str) -> str:
    if voice == "auto":
        voice = "espeak" if espeak.is_installed() else "formant"
    if voice == "espeak" and not espeak.is_installed():
        raise ConfigurationError(
            "espeak-ng is not installed; install it, or set data.generated.voice to auto or formant"
        )
    return voice


def _speaker(voice: str, seed: int, number: int) -> _Speaker:
    generator = np.random.default_rng([seed, 1, number])
    name = hashlib.sha1(f"{voice} {seed} {number}".encode()).hexdigest()[:8]
    draw = espeak.draw_voice if voice == "espeak" else formant.draw_voice
    return _Speaker(name, draw(generator), draw_scene(generator))


def _repetitions(options: GeneratedOptions, speaker: int) -> int:
    """How often a speaker says each word, so that all together say it `clips_per_word` times."""
    return len(range(speaker, options.clips_per_word, options.speakers))


def _speak(
    root: Path,
    word: str,
    speaker: _Speaker,
    repetitions: int,
    signal_to_noise_db: float,
    noises: np.ndarray,
    seed: int,
) -> None:
    """Writes the recordings of one word by one speaker."""
    (root / word).mkdir(exist_ok=True)
    digest = hashlib.sha256(f"{speaker.name} {word}".encode()).digest()
    generator = np.random.default_rng([seed, 2, int.from_bytes(digest[:8], "little")])
    if isinstance(speaker.voice, espeak.EspeakVoice):
        spoken = espeak.say(word, speaker.voice, repetitions, _SAMPLE_RATE_HZ, generator)
    else:
        spoken = [formant.say(word, speaker.voice, generator) for _ in range(repetitions)]
    for repetition, speech in enumerate(spoken):
        # as in the real recordings, a few clips are shorter than a second
        length = _SAMPLE_RATE_HZ if generator.random() < 0.95 else int(generator.uniform(0.7, 1) * _SAMPLE_RATE_HZ)
        noise = noises[generator.integers(len(noises))]
        start = generator.integers(len(noise) - length)
        ratio = signal_to_noise_db + generator.uniform(-10, 10)
        background = noise[start : start + length] / 32768
        clip = record(speech, speaker.scene, background, ratio, length, _SAMPLE_RATE_HZ, generator)
        path = root / word / f"{speaker.name}_nohash_{repetition}.wav"
        write_wave(path, clip, _SAMPLE_RATE_HZ)


def _write_lists(root: Path, words: list[str], speakers: list[_Speaker]) -> None:
    held_out = max(round(_HELD_OUT_SHARE * len(speakers)), 1)
    names = {"validation": speakers[:held_out], "testing": speakers[held_out : 2 * held_out]}
    for split, chosen in names.items():
        prefixes = tuple(f"{speaker.name}_nohash_" for speaker in chosen)
        lines = [
            f"{word}/{file.name}\n"
            for word in words
            for file in sorted((root / word).iterdir())
            if file.name.startswith(prefixes)
        ]
        (root / LISTS[split]).write_text("".join(lines), encoding="utf-8")
