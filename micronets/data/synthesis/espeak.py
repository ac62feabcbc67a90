"""Words spoken by espeak-ng, where it is installed."""

import io
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import scipy.signal
import soundfile

from micronets.errors import DataError

COMMAND = "espeak-ng"
_ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
_TIMBRES = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5")


@dataclass(frozen=True)
class EspeakVoice:
    """A speaker: espeak-ng's voice and variant, base pitch (0-99), words per minute, and a warp of the spectrum."""

    name: str
    pitch: float
    words_per_minute: float
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
        pitch=generator.uniform(20, 80),
        words_per_minute=generator.uniform(130, 210),
        warp=generator.uniform(0.9, 1.12),
    )


def say(word: str, voice: EspeakVoice, generator: np.random.Generator, sample_rate_hz: int) -> np.ndarray:
    """Speaks one word once.

    Returns:
        float32 (samples,) of any level.

    Raises:
        DataError: espeak-ng failed.
    """
    pitch = round(np.clip(voice.pitch + generator.normal(0, 6), 0, 99))
    speed = round(voice.words_per_minute * generator.uniform(0.85, 1.15))
    command = [COMMAND, "-v", voice.name, "-p", str(pitch), "-s", str(speed), "--stdout", word]
    answer = subprocess.run(command, capture_output=True, check=False)
    if answer.returncode or not answer.stdout:
        reason = answer.stderr.decode(errors="replace").strip()
        raise DataError(f"espeak-ng could not say {word!r} ({reason}); set data.generated.voice to formant")
    audio, rate = soundfile.read(io.BytesIO(answer.stdout), dtype="float32")
    # Played at another rate: pitch and formants move together, as between a larger and a smaller speaker.
    divisor = 100
    up = round(sample_rate_hz / divisor)
    down = round(rate * voice.warp / divisor)
    return scipy.signal.resample_poly(audio, up, down).astype(np.float32)
