"""Words spoken by espeak-ng, where it is installed."""

import io
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import scipy
import soundfile

from micronets.errors import DataError

COMMAND = "espeak-ng"
_ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbcwmd")
_TIMBRES = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5")


@dataclass(frozen=True)
class EspeakVoice:
    """A speaker: espeak-ng's voice and variant, base pitch (0-99), words per minute, and a warp of the spectrum."""

    name: str
    pitch: int
    words_per_minute: int
    warp: float


def is_installed() -> bool:
    """Whether the command espeak-ng is on the path."""
    return shutil.which(COMMAND) is not None


def version() -> str:
    """What espeak-ng calls its version."""
    answer = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    return answer.split("Data at")[0].split(":")[-1].strip()


def draw_voice(generator: np.random.Generator) -> EspeakVoice:
    """A random speaker."""
    return EspeakVoice(
        name=f"{generator.choice(_ACCENTS)}+{generator.choice(_TIMBRES)}",
        pitch=round(generator.uniform(20, 80)),
        words_per_minute=round(generator.uniform(130, 210)),
        warp=generator.uniform(0.92, 1.1),
    )


def say(
    word: str, voice: EspeakVoice, repetitions: int, sample_rate_hz: int, generator: np.random.Generator
) -> list[np.ndarray]:
    """Speaks one word several times, a little faster and higher or slower and lower each time.

    Returns:
        float32 arrays (samples,) of any level.

    Raises:
        DataError: espeak-ng failed.
    """
    options = ["-v", voice.name, "-p", str(voice.pitch), "-s", str(voice.words_per_minute)]
    answer = subprocess.run([COMMAND, *options, "--stdout", word], capture_output=True, check=False)
    if answer.returncode or not answer.stdout:
        reason = answer.stderr.decode(errors="replace").strip()
        raise DataError(f"espeak-ng could not say {word!r} ({reason}); set data.generated.voice to formant")
    audio, rate = soundfile.read(io.BytesIO(answer.stdout), dtype="float32")
    divisor = 100  # keeps the resampler's filters short
    up = round(sample_rate_hz / divisor)
    # Played at another rate, pitch and formants move together, as between a larger and a smaller speaker.
    rates = rate * voice.warp * generator.uniform(0.92, 1.08, repetitions)
    return [scipy.signal.resample_poly(audio, up, round(played / divisor)).astype(np.float32) for played in rates]
