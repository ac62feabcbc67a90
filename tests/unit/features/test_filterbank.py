import numpy as np
import pytest

from micronets.errors import ConfigurationError
from micronets.features.filterbank import FilterbankParameters, emphasised, filterbank

PARAMETERS = FilterbankParameters()


def sounds() -> np.ndarray:
    """Gliding tones in noise, from faint to loud, float32 (6, 16000)."""
    generator = np.random.default_rng(7)
    time_s = np.arange(16000) / 16000
    tones = np.sin(2 * np.pi * generator.uniform(100, 3000, (6, 1)) * time_s * (1 + time_s))
    level = np.geomspace(0.001, 0.4, 6)[:, None]
    return (level * tones + generator.normal(0, 0.02, tones.shape) * level).astype(np.float32)


@pytest.mark.training
def test_tensorflow_computes_the_same():
    """With the operations of MLPerf Tiny's reference: Hamming window, power over 1024, TensorFlow's own mel matrix."""
    tensorflow = pytest.importorskip("tensorflow")
    audio = sounds()
    before = np.pad(audio, ((0, 0), (1, 0)))[:, :-1]
    spectrum = tensorflow.signal.stft(
        audio - 0.96875 * before,
        frame_length=1024,
        frame_step=512,
        window_fn=lambda length, dtype: tensorflow.signal.hamming_window(length, periodic=False, dtype=dtype),
    )
    mel = tensorflow.signal.linear_to_mel_weight_matrix(40, 513, 16000, 0.0, 8000.0)
    energy = tensorflow.tensordot(tensorflow.abs(spectrum) ** 2 / 1024, mel, 1).numpy()
    expected = np.clip((10 * np.log10(np.maximum(energy, 1e-30)) + 52) / 64, 0, 1)
    found = filterbank(audio, PARAMETERS)
    assert found.shape == expected.shape == (6, 30, 40)
    assert 0.05 < np.mean(expected == 0) < 0.8  # faint sounds end at the floor, others do not
    np.testing.assert_allclose(found, expected, atol=2e-4)  # 0.01 dB


def test_a_tone_on_a_bin_has_the_energy_of_its_window():
    # 1000 Hz is bin 64. A sine of amplitude A there has |X| = A/2 times the sum of the window, 0.54 N - 0.46 for the
    # symmetric Hamming window; what precedes it less 31/32 of itself has amplitude |1 - 31/32 exp(-i w)|.
    amplitude = 0.25
    tone = amplitude * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    raised = amplitude * abs(1 - 31 / 32 * np.exp(-2j * np.pi / 16))
    peak = (raised / 2 * (0.54 * 1024 - 0.46)) ** 2 / 1024
    parameters = FilterbankParameters(mel_bands=1, mel_low_hz=960, mel_high_hz=1040)
    bins, edges = parameters.mel_axis()
    height = {bin: weight for bin, weight in enumerate(parameters.mel_matrix()[:, 0] * 1024) if weight > 0}
    assert edges[1] == pytest.approx((edges[0] + edges[2]) / 2) and set(height) == {62, 63, 64, 65, 66}
    # beside the peak a Hamming window has (0.23 / 0.54)^2 of its power, and hardly any two bins away
    energy = peak * (height[64] + (0.23 / 0.54) ** 2 * (height[63] + height[65]))
    found = filterbank(tone[None].astype(np.float32), parameters)[0, 10, 0]
    assert 64 * found - 52 == pytest.approx(10 * np.log10(energy), abs=0.02)


def test_integers_and_floats_of_the_same_sound_are_alike():
    integers = np.rint(sounds() * 32768).astype(np.int16)
    np.testing.assert_array_equal(
        filterbank(integers, PARAMETERS), filterbank(integers.astype(np.float32) / 32768, PARAMETERS)
    )


def test_emphasis_ends_at_full_scale():
    loud = np.array([[0.5, -1, 1, 1]], np.float32)
    np.testing.assert_array_equal(emphasised(loud), np.array([[0.5, -1, 1, 0.03125]], np.float32))


def test_whoever_masks_sees_the_block_in_place():
    seen = []

    def alter(block, first):
        seen.append((first, len(block)))
        block[:] = 0.5

    assert (filterbank(np.tile(sounds(), (2, 1)), PARAMETERS, alter) == 0.5).all()
    assert seen == [(0, 8), (8, 4)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mel_high_hz": 9000}, "mel bands reach from 0.0 to 9000 Hz"),
        ({"window_ms": 40}, "a window of 640 samples is no power of two"),
        ({"window_ms": 0}, "the window must be longer than 0 ms"),
        ({"mel_bands": 0}, "the mel bands at least 1"),
        ({"span_db": 0}, "span_db is 0; it must be above 0"),
    ],
)
def test_impossible_parameters_are_refused(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        FilterbankParameters(**changes)
