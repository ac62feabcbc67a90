"""The integers of posteriors.c and detector.c in numpy: the reference that the program is held to."""

import numpy as np

from micronets.keyword_spotter.settings import FULL_SCALE, DetectorSettings

NOTHING = -1
EXPONENTIAL_ONE = 32768


def exponentials(scale: float) -> np.ndarray:
    """exp(-scale x d) in 1/32768 for differences d of 0 to 255 between int8 logits of this scale, uint16 (256,)."""
    return np.rint(EXPONENTIAL_ONE * np.exp(-scale * np.arange(256))).astype(np.uint16)


def posteriors(outputs: np.ndarray, table: np.ndarray | None) -> np.ndarray:
    """Posteriors in 1/256, at most 255, uint8 (n, classes).

    Args:
        outputs: of the network, int8 (n, classes).
        table: what `exponentials` gives where the outputs are logits; None where they come from a softmax.
    """
    wide = outputs.astype(np.int64)
    if table is None:
        return (wide + 128).astype(np.uint8)
    values = table.astype(np.int64)[wide.max(axis=1, keepdims=True) - wide]
    total = values.sum(axis=1, keepdims=True)
    return np.minimum((values * FULL_SCALE + total // 2) // total, FULL_SCALE - 1).astype(np.uint8)


def detect(likely: np.ndarray, settings: DetectorSettings) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the window and detections after every inference.

    Args:
        likely: posteriors in 1/256, uint8 (inferences, classes).

    Returns:
        uint16 (inferences, classes), and the class detected or `NOTHING`, int16 (inferences,).
    """
    total = np.cumsum(likely, axis=0, dtype=np.int64)
    sums = total.copy()
    sums[settings.window :] -= total[: -settings.window]
    detected = np.full(len(likely), NOTHING, np.int16)
    possible = 0
    for step, best in enumerate(sums.argmax(axis=1)):
        if step >= possible and settings.keywords[best] and sums[step, best] >= settings.threshold_sum:
            detected[step] = best
            possible = step + settings.refractory
    return sums.astype(np.uint16), detected
