"""The integer features against the float extractors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from micronets.data.clips import read_clips
from micronets.device_features.sound import clip_stream, clip_windows, streamed
from micronets.device_features.sound.tables import log_mel_tables, mfcc_tables
from micronets.errors import ConfigurationError, DataError
from micronets.features.filterbank import FilterbankParameters, filterbank
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES, MEL_IMAGES, log_mel, windows_of
from micronets.features.mfcc import MfccParameters, mfcc

MFCC = MfccParameters()
FINE_MFCC_STEP = 0.02
"""An input scale so fine that rounding to it hides nothing of the tolerances below."""
MFCC_TOLERANCE, RARE_MFCC_TOLERANCE = 0.01, 0.05
"""Of a coefficient, whose values reach over about 200, and of rare ones. Half a step of rounding comes on top."""
DB_TOLERANCE, RARE_DB_TOLERANCE = 0.02, 0.25
"""Of a log-mel value in dB, and of the rare ones where a band is a single bin far below the frame's loudest."""
RARE = 1e-3


def recordings(count: int, samples: int, quietest: float = 20) -> np.ndarray:
    """Gliding tones in noise, each at a level of its own, int16 (count, samples)."""
    generator = np.random.default_rng(count)
    time = np.arange(samples) / 16000
    tone = np.sin(2 * np.pi * generator.uniform(100, 1500, (count, 1)) * time * (1 + time))
    level = np.geomspace(quietest, 20_000, count)[:, None]
    return np.rint(level * tone + generator.normal(0, 1 + 0.01 * level, tone.shape)).astype(np.int16)


def covering(values: np.ndarray, step: float) -> int:
    """The zero point of a grid of `step` that has the middle of `values` at 0."""
    return int(np.clip(-round((values.max() + values.min()) / 2 / step), -128, 127))


def distances(integers: np.ndarray, expected: np.ndarray, step: float, zero_point: int) -> np.ndarray:
    """Of the values that the grid does not clip, less half a step."""
    real = step * (integers.astype(np.float64) - zero_point)
    inside = (integers > -128) & (integers < 127)
    assert inside.mean() > 0.02
    return np.abs(real - expected)[inside] - step / 2


def worst(integers: np.ndarray, expected: np.ndarray, step: float, zero_point: int) -> float:
    return float(distances(integers, expected, step, zero_point).max())


@pytest.mark.parametrize("window_ms", [40, 30])
def test_mfcc_of_clips(window_ms: int) -> None:
    parameters = replace(MFCC, window_ms=window_ms)
    clips = recordings(40, 16000)
    expected = mfcc(clips, parameters)
    for coefficient in range(10):
        zero_point = covering(expected[..., coefficient], FINE_MFCC_STEP)
        integers = clip_windows(clips, parameters, FINE_MFCC_STEP, zero_point)
        part = integers[..., coefficient], expected[..., coefficient]
        assert worst(*part, FINE_MFCC_STEP, zero_point) < MFCC_TOLERANCE


def test_mfcc_at_a_networks_scale() -> None:
    clips = recordings(60, 16000)
    expected = np.clip(np.floor(mfcc(clips, MFCC) / 0.6 + 0.5) + 80, -128, 127)
    integers = clip_windows(clips, MFCC, 0.6, 80)
    assert np.abs(integers - expected).max() <= 1
    assert np.mean(integers != expected) < 0.01


def test_mfcc_of_odd_parameters() -> None:
    parameters = MfccParameters(
        clip_ms=500, window_ms=25, hop_ms=10, mel_bands=25, coefficients=13, mel_high_hz=7600, peak_normalised=False
    )
    clips = recordings(10, 8000)
    expected = mfcc(clips, parameters)
    integers = clip_windows(clips, parameters, 0.5, 0)
    assert integers.shape == expected.shape
    assert worst(integers, expected, 0.5, 0) < MFCC_TOLERANCE


def test_digital_silence_is_the_floor_whatever_the_peak() -> None:
    clips = recordings(4, 16000)
    clips[1, 4000:12000] = 0
    clips[2] = 0
    expected = np.clip(np.floor(mfcc(clips, MFCC) + 0.5), -128, 127)
    integers = clip_windows(clips, MFCC, 1.0, 0)
    assert expected[1, 20, 0] == expected[2, 20, 0] == -124
    assert np.array_equal(integers[1, 13:36], expected[1, 13:36])
    assert np.array_equal(integers[2], expected[2])


@pytest.mark.parametrize("parameters", [IMAGES, MEL_IMAGES, AUTOENCODER_WINDOWS], ids=["images", "mel", "autoencoder"])
def test_log_mel_of_clips(parameters) -> None:
    clips = recordings(6, 160_000, quietest=300)
    expected = windows_of(log_mel(clips, parameters), parameters)
    for middle in np.percentile(expected, [2, 30, 70, 98]):
        zero_point = int(np.clip(-round(middle / 1.0), -128, 127))
        integers = clip_windows(clips, parameters, 1.0, zero_point)
        assert integers.shape == expected.shape
        far = distances(integers, expected, 1.0, zero_point)
        assert far.max() < RARE_DB_TOLERANCE
        assert np.mean(far > DB_TOLERANCE) < RARE


def test_filterbank_of_clips() -> None:
    parameters = FilterbankParameters()
    clips = recordings(20, 16000)
    step = 1 / 640  # a tenth of a dB
    expected = filterbank(clips, parameters)
    for middle in (0.2, 0.5, 0.8):
        zero_point = int(np.clip(-round(middle / step), -128, 127))
        integers = clip_windows(clips, parameters, step, zero_point)
        assert integers.shape == (20, 30, 40)
        far = 64 * distances(integers, expected, step, zero_point)
        # frames end with hops: no value of another clip or of silence is among them
        assert far.max() < RARE_DB_TOLERANCE
        assert np.mean(far > DB_TOLERANCE) < RARE


def test_a_filterbank_ends_at_its_floor_and_its_ceiling() -> None:
    parameters = FilterbankParameters(floor_db=-30, span_db=20)
    loud = np.where(np.arange(16000) % 4 < 2, 32767, -32768).astype(np.int16)  # of 4 kHz, as loud as can be
    clips = np.stack([np.zeros(16000, np.int16), loud])
    assert filterbank(clips, parameters)[0].max() == 0 and filterbank(clips, parameters)[1].max() == 1
    # 1 is 50 steps above the zero point; nothing goes beyond, though int8 would hold it
    integers = clip_windows(clips, parameters, 0.02, 0)
    assert (integers[0] == 0).all() and integers[1].max() == 50


def test_a_stream_goes_on_from_window_to_window() -> None:
    audio = recordings(1, 16000 + 5 * 320)[0]
    windows = streamed(audio, MFCC, 0.6, 80)
    assert windows.shape == (6, 49, 10)
    alone = np.stack([clip_windows(audio[None, at : at + 16000], MFCC, 0.6, 80)[0] for at in range(0, 1601, 320)])
    assert np.array_equal(windows, alone)


def test_a_clip_is_the_stream_of_its_samples() -> None:
    clip = recordings(1, 16000)[0]
    assert np.array_equal(clip_stream(clip, MFCC), clip)
    assert len(clip_stream(clip, replace(MFCC, window_ms=30))) == 160 + 15840
    mirrored = clip_stream(clip, IMAGES)
    assert np.array_equal(mirrored[:512], clip[512:0:-1])
    assert len(mirrored) == 17024


def test_rows_of_log_mel_are_windows_of_their_own() -> None:
    audio = recordings(1, 70 * 512)[0]
    windows = streamed(audio, IMAGES, 0.5, 60)
    assert windows.shape == (3, 32, 32)
    assert np.array_equal(windows[0, 1:], windows[1, :-1])


def test_real_clips(shared: Path) -> None:
    root = shared / "data" / "speech_commands"
    files = sorted(str(path.relative_to(root)) for path in root.glob("[a-z]*/*.wav"))[::60]
    clips = read_clips(root, files, MFCC.sample_rate_hz, MFCC.clip_samples).audio
    expected = mfcc(clips, MFCC)
    zero_point = covering(expected[..., 0], 0.5)
    integers = clip_windows(clips, MFCC, 0.5, zero_point)
    frames = np.lib.stride_tricks.sliding_window_view(clips, 640, axis=1)[:, ::320]
    sounding = np.count_nonzero(frames, axis=2) > 15
    far = distances(integers[sounding], expected[sounding], 0.5, zero_point)
    assert len(clips) > 50 and sounding.mean() > 0.9
    assert far.max() < RARE_MFCC_TOLERANCE
    assert np.mean(far > MFCC_TOLERANCE) < RARE


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (replace(MFCC, hop_ms=11, sample_rate_hz=11000), "even number of samples, not 440 and 121"),
        (replace(MFCC, window_ms=300, clip_ms=2000), "power of two from 64 to 4096 samples, not of 8192"),
        (replace(MFCC, window_ms=8, hop_ms=8, mel_bands=100), "100 mel bands are too many"),
    ],
)
def test_impossible_mfcc(parameters: MfccParameters, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        mfcc_tables(parameters)


def test_impossible_log_mel() -> None:
    with pytest.raises(ConfigurationError, match="power of two"):
        log_mel_tables(replace(IMAGES, fft_samples=1000))


@pytest.mark.parametrize(
    ("scale", "zero_point"), [(0.0, 0), (-1.0, 0), (float("nan"), 0), (1.0, 200), (1e-5, 0), (1e6, 0)]
)
def test_impossible_grids(scale: float, zero_point: int) -> None:
    with pytest.raises(ConfigurationError, match="int8 input"):
        mfcc_tables(MFCC).quantiser(scale, zero_point)


def test_audio_must_be_a_stream_of_int16() -> None:
    with pytest.raises(DataError, match="int16 samples of one stream, not float32"):
        streamed(np.zeros(16000, np.float32), MFCC, 1.0, 0)
    with pytest.raises(DataError, match="no clips"):
        clip_windows(np.zeros((0, 16000), np.int16), MFCC, 1.0, 0)
