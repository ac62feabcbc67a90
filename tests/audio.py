"""Audio to try features on."""

import numpy as np


def mixed_audio() -> np.ndarray:
    """Tones in noise at all levels, digital silence, full scale, single samples: int16, 6.3 s at 16 kHz."""
    generator = np.random.default_rng(5)
    time = np.arange(4800) / 16000
    pieces = []
    for level in 2.0 ** np.arange(-1, 15):
        tone = np.sin(2 * np.pi * generator.uniform(60, 7000) * time * (1 + time))
        pieces.append(np.rint(level * tone + generator.normal(0, 0.05 * level, time.size)).astype(np.int16))
    pieces.append(np.zeros(6000, np.int16))
    pieces.append(np.eye(1, 1000, 500, dtype=np.int16)[0])
    pieces.append(np.zeros(2000, np.int16))
    pieces.append(np.full(3000, -32768, np.int16))
    pieces.append(np.tile(np.array([32767, -32768], np.int16), 1500))
    pieces.append(np.where(np.sin(np.arange(4000) * 0.3) > 0, 32767, -32768).astype(np.int16))
    pieces.append(generator.integers(-32768, 32768, 4000).astype(np.int16))
    return np.concatenate(pieces)
