import numpy as np
import pytest

from micronets.device_features.sound.tables import MelTables, log_mel_tables, mfcc_tables
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES
from micronets.features.mfcc import MfccParameters


def matrix(mel: MelTables, bins: int) -> np.ndarray:
    """Weight of every bin in every band as the segments have it, (bins, bands)."""
    weights = np.zeros((bins, len(mel.counts) + 1))
    bin_ = mel.first_bin
    for segment, count in enumerate(mel.counts):
        for rising in mel.rising[bin_ - mel.first_bin : bin_ - mel.first_bin + count] / 32768:
            weights[bin_, segment + 1], weights[bin_, segment] = rising, 1 - rising
            bin_ += 1
    return weights[:, 1:-1]


@pytest.mark.parametrize("parameters", [MfccParameters(), MfccParameters(window_ms=30, mel_bands=31)])
def test_segments_are_the_triangles_of_mfcc(parameters: MfccParameters) -> None:
    expected = parameters.mel_matrix()
    assert np.abs(matrix(mfcc_tables(parameters).frame.mel, len(expected)) - expected).max() < 2e-5


@pytest.mark.parametrize("parameters", [IMAGES, AUTOENCODER_WINDOWS])
def test_segments_are_the_triangles_of_log_mel(parameters) -> None:
    expected = parameters.mel_matrix() / parameters.mel_heights()
    assert np.abs(matrix(log_mel_tables(parameters).frame.mel, len(expected)) - expected).max() < 2e-5
