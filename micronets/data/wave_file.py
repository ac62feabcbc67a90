"""Writes recordings as WAV files."""

import io
import os
from pathlib import Path

import numpy as np
import soundfile


def write_wave(path: str | os.PathLike, samples: np.ndarray, sample_rate_hz: int) -> None:
    """Writes samples, int16 or float of full scale 1, of shape (samples,), as a WAV of 16 bits.

    Raises OSError where it cannot be written, which says why; libsndfile's own errors do not.
    """
    content = io.BytesIO()
    soundfile.write(content, samples, sample_rate_hz, format="WAV", subtype="PCM_16")
    Path(path).write_bytes(content.getbuffer())
