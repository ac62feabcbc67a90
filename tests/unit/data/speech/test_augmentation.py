import numpy as np
import pytest

from micronets.data.mixup import mixup
from micronets.data.speech.augmentation import NO_AUGMENTATION, Augmentation, change_speed, shift, spectral_masks
from micronets.errors import ConfigurationError


def test_shift_moves_zeros_in():
    clip = np.arange(1, 6, dtype=np.float32)
    assert shift(clip, 2).tolist() == [0, 0, 1, 2, 3]
    assert shift(clip, -2).tolist() == [3, 4, 5, 0, 0]
    assert shift(clip, 0).tolist() == clip.tolist()


@pytest.mark.parametrize("rate", [0.85, 1.0, 1.15])
def test_speed_moves_a_tone(rate):
    time = np.arange(16000) / 16000
    clip = np.sin(2 * np.pi * 400 * time).astype(np.float32) * np.hanning(16000).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(change_speed(clip, rate)))
    assert abs(spectrum.argmax() - 400 * rate) <= 1


def test_speed_keeps_the_middle_and_fills_with_zeros():
    clip = np.ones(1001, np.float32)
    clip[500] = 5
    faster = change_speed(clip, 1.25)
    assert faster[500] == 5
    assert not faster[:100].any() and not faster[-100:].any()
    assert faster[101:900].all()
    assert np.allclose(change_speed(clip, 1.0), clip)


def test_masks_hide_what_they_say_and_nothing_else():
    augmentation = Augmentation(time_masks=2, time_mask_frames=6, frequency_masks=1, frequency_mask_bands=4)
    generator = np.random.default_rng(0)
    original = generator.normal(size=(200, 49, 40)).astype(np.float32)
    masked = original.copy()
    alter = spectral_masks(augmentation, 200, 49, 40, generator)
    for first in range(0, 200, 8):
        alter(masked[first : first + 8], first)
    changed = masked != original
    bands = changed.all(axis=1)
    frames = changed.all(axis=2)
    assert np.array_equal(changed, bands[:, None, :] | frames[:, :, None])
    assert set(bands.sum(axis=1)) == set(range(5))
    assert frames.sum(axis=1).max() > 6
    assert frames.sum(axis=1).max() <= 12
    means = np.broadcast_to(original.mean(axis=1, keepdims=True), original.shape)
    assert np.allclose(masked[changed], means[changed], atol=1e-6)
    for column in (0, 48):
        assert frames[:, column].any()


def test_nothing_to_mask():
    assert spectral_masks(NO_AUGMENTATION, 5, 49, 40, np.random.default_rng(0)) is None


def test_mixup_blends_features_as_targets():
    targets = np.eye(12, dtype=np.float32)
    features = np.repeat(targets[:, None, :], 3, axis=1)
    blended, shares = mixup(features, targets, 0.5, np.random.default_rng(0))
    assert np.allclose(blended, np.repeat(shares[:, None, :], 3, axis=1))
    assert np.allclose(shares.sum(axis=1), 1)
    assert (np.diag(shares) >= 0.5).all()
    assert (np.diag(shares) < 1).any()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("noise_probability", 1.1),
        ("speed_range", 0.5),
        ("noise_volume", -1.0),
        ("time_masks", -1),
        ("mixup_alpha", -0.1),
    ],
)
def test_impossible_values_name_the_key(key, value):
    with pytest.raises(ConfigurationError, match=f"augmentation.{key}"):
        Augmentation(**{key: value})
