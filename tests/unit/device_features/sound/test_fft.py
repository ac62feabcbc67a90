import numpy as np
import pytest

from micronets.device_features.sound.fft import FftPlan, spectrum, window_q15
from micronets.errors import ConfigurationError

SIZES = (64, 128, 256, 512, 1024, 2048, 4096)


def plan_of(size: int, samples: int | None = None) -> FftPlan:
    samples = samples or size
    return FftPlan(window_q15(np.sin(np.pi * np.arange(samples) / samples) ** 2), size)


def float_spectrum(plan: FftPlan, frames: np.ndarray) -> np.ndarray:
    window = plan.window / 32767
    return np.fft.rfft(frames * window, plan.fft_samples)[:, : plan.size] * plan.gain


@pytest.mark.parametrize("size", SIZES)
def test_noise_is_90_db_below_the_signal(size: int) -> None:
    plan = plan_of(size, size - 2)
    frames = np.random.default_rng(size).integers(-32768, 32768, (5, size - 2)).astype(np.int16)
    real, imaginary = spectrum(plan, frames, np.zeros(5, np.int64))
    expected = float_spectrum(plan, frames)
    error = (real + 1j * imaginary - expected)[:, 1:]
    assert np.sqrt(np.mean(np.abs(error) ** 2)) < 10 ** (-90 / 20) * np.sqrt(np.mean(np.abs(expected[:, 1:]) ** 2))


@pytest.mark.parametrize("size", SIZES)
def test_the_loudest_frames_stay_within_32_bits(size: int) -> None:
    """The frames of which single bins are largest: full scale with the signs of the bin's own wave."""
    plan = plan_of(size)
    bins = np.unique(np.linspace(1, size // 2 - 1, 40).astype(np.int64))
    phase = 2 * np.pi * np.outer(bins, np.arange(size)) / size
    waves = np.concatenate([np.cos(phase), np.sin(phase), np.cos(phase + np.pi / 4)])
    frames = np.where(waves >= 0, 32767, -32768).astype(np.int16)
    parts = spectrum(plan, frames, np.zeros(len(frames), np.int64))
    largest = max(np.abs(part).max() for part in parts)
    assert 2**29 < largest < 2**31


def test_a_quiet_frame_shifted_up_is_as_exact_as_a_loud_one() -> None:
    plan = plan_of(1024, 640)
    quiet = np.random.default_rng(1).integers(-3, 4, (4, 640)).astype(np.int16)
    shifted = np.add(*(part * 1j**power for power, part in enumerate(spectrum(plan, quiet, np.full(4, 13)))))
    expected = float_spectrum(plan, quiet) * 2**13
    error = np.abs(shifted - expected)[:, 1:]
    assert np.sqrt(np.mean(error**2)) < 10 ** (-90 / 20) * np.sqrt(np.mean(np.abs(expected) ** 2))


@pytest.mark.parametrize("size", [32, 96, 8192])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ConfigurationError, match=f"power of two from 64 to 4096 samples, not of {size}"):
        plan_of(size)
