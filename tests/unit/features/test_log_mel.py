from dataclasses import replace

import numpy as np
import pytest

from micronets.errors import ConfigurationError
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES, hertz_to_slaney_mel, log_mel, windows_of


def humming(clips: int, samples: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    time = np.arange(samples) / 16000
    tone = np.sin(2 * np.pi * generator.uniform(50, 3000, (clips, 1)) * time * (1 + time))
    return (generator.uniform(500, 9000, (clips, 1)) * tone + generator.normal(0, 100, tone.shape)).astype(np.int16)


def slow_log_mel(clip: np.ndarray, parameters) -> np.ndarray:
    """The formula in float64, band by band, the DFT written out, edges looked up on a finely drawn mel scale."""
    size, hop = parameters.fft_samples, parameters.hop_samples
    audio = clip.astype(np.float64) / 32768
    half = size // 2
    mirrored = np.concatenate([audio[half:0:-1], audio, audio[-2 : -half - 2 : -1]])
    grid = np.linspace(0, 8000, 800001)
    scale = np.where(grid < 1000, grid * 3 / 200, 15 + 27 * np.log(np.maximum(grid, 1) / 1000) / np.log(6.4))
    mel = np.linspace(0, scale[-1], parameters.mel_bands + 2)
    edges = np.interp(mel, scale, grid)
    sample = np.arange(size)
    dft = np.exp(-2j * np.pi * np.outer(np.arange(half + 1), sample) / size)
    frequency = np.arange(half + 1) * 16000 / size
    rows = []
    for start in range(0, len(mirrored) - size + 1, hop):
        power = np.abs(dft @ (mirrored[start : start + size] * np.sin(np.pi * sample / size) ** 2)) ** 2
        row = []
        for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False):
            weight = np.interp(frequency, [low, centre, high], [0, 2 / (high - low), 0], left=0, right=0)
            row.append(10 * np.log10(max(weight @ power, parameters.log_floor)))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("parameters", [IMAGES, AUTOENCODER_WINDOWS])
def test_agrees_with_the_formula_written_out(parameters):
    clip = humming(1, 6000)
    expected = slow_log_mel(clip[0], parameters)
    found = log_mel(clip, parameters)[0]
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 0.02


def test_ten_seconds_give_313_frames_13_images_and_196_autoencoder_windows():
    spectrograms = log_mel(humming(2, 160000), IMAGES)
    assert spectrograms.shape == (2, 313, 64)
    assert windows_of(spectrograms, IMAGES).shape == (2, 13, 32, 32)
    assert (IMAGES.frames(160000), IMAGES.windows(160000), AUTOENCODER_WINDOWS.windows(160000)) == (313, 13, 196)
    assert AUTOENCODER_WINDOWS.windows(2000) == 0


def test_images_are_means_of_two_by_two_values_every_20_frames_above_minus_30_db():
    spectrograms = np.random.default_rng(0).normal(0, 10, (2, 90, 64)).astype(np.float32)
    images = windows_of(spectrograms, IMAGES)
    assert images.shape == (2, 2, 32, 32)
    for frame, band in ((0, 0), (31, 31), (7, 20)):
        first = 20 + 2 * frame
        expected = spectrograms[1, first : first + 2, 2 * band : 2 * band + 2].mean() + 30
        assert images[1, 1, frame, band] == pytest.approx(expected, rel=1e-5)


def test_autoencoder_windows_are_five_frames_one_after_the_other():
    spectrograms = np.arange(313 * 128, dtype=np.float32).reshape(1, 313, 128)
    windows = windows_of(spectrograms, AUTOENCODER_WINDOWS).reshape(196, 640)
    np.testing.assert_array_equal(windows[0], np.arange(50 * 128, 55 * 128))
    np.testing.assert_array_equal(windows[-1], np.arange(245 * 128, 250 * 128))


def test_slaney_scale_at_its_known_points():
    np.testing.assert_allclose(hertz_to_slaney_mel(np.array([0.0, 500, 1000, 6400])), [0, 7.5, 15, 42])


def test_silence_is_the_floor_and_a_clip_stands_alone():
    assert np.allclose(log_mel(np.zeros((1, 8000), np.int16), IMAGES), -100)
    audio = humming(3, 8000)
    np.testing.assert_array_equal(log_mel(audio, IMAGES)[2:], log_mel(audio[2:], IMAGES))


@pytest.mark.parametrize("change", [{"mel_high_hz": 9000}, {"hop_samples": 0}, {"pooling": 3}, {"log_floor": 0}])
def test_impossible_parameters_are_refused(change):
    with pytest.raises(ConfigurationError):
        replace(IMAGES, **change)


def test_clips_too_short_for_a_window_are_refused():
    with pytest.raises(ConfigurationError, match="too short"):
        windows_of(np.zeros((1, 63, 64), np.float32), IMAGES)
