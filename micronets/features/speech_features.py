"""The features of spoken words, by the input shape of the networks that read them."""

from collections.abc import Callable

import numpy as np

from micronets.architecture import Shape
from micronets.features.filterbank import FilterbankParameters, filterbank
from micronets.features.mfcc import MfccParameters, mfcc

SpeechFeatures = MfccParameters | FilterbankParameters

VIEWS: dict[Shape, SpeechFeatures] = {
    (49, 10, 1): MfccParameters(),
    (30, 1, 40): FilterbankParameters(),
    (30, 40, 1): FilterbankParameters(),
}
"""(height, width, channels): the MFCC of the published keyword spotters, and the filterbank of MLPerf Tiny's streaming
wake word, its bands as channels of a 1-D network or as columns of an image."""


def speech_features(
    audio: np.ndarray,
    parameters: SpeechFeatures,
    alter: Callable[[np.ndarray, int], None] | None = None,
) -> np.ndarray:
    """Features of either kind; arguments and result as `mfcc` and `filterbank`."""
    extract: Callable[..., np.ndarray] = mfcc if isinstance(parameters, MfccParameters) else filterbank
    return extract(audio, parameters, alter)
