"""The generated C on this machine, against the integer reference, bit for bit."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from micronets.device_features.sound import Parameters, streamed, write_features
from micronets.features.filterbank import FilterbankParameters
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES
from micronets.features.mfcc import MfccParameters
from micronets.linking.host import build_program
from tests.audio import mixed_audio

CASES = {
    "kws": (MfccParameters(), 0.6, 80),
    "window_30_ms": (MfccParameters(window_ms=30), 0.004, -128),
    "overlapping_four_times": (MfccParameters(clip_ms=300, hop_ms=10, mel_bands=25, coefficients=13), 2.0, 127),
    "gaps": (MfccParameters(clip_ms=300, window_ms=10, mel_bands=12, peak_normalised=False), 1.0, 0),
    "filterbank": (FilterbankParameters(), 0.0037, -128),
    "filterbank_without_overlap": (FilterbankParameters(clip_ms=320, window_ms=32, span_db=20, mel_bands=20), 0.01, 5),
    "images": (IMAGES, 0.3, 40),
    "autoencoder": (AUTOENCODER_WINDOWS, 0.4, 50),
}


@pytest.mark.parametrize("case", CASES)
def test_c_equals_the_reference(case: str, run_on_host: Callable[..., np.ndarray]) -> None:
    audio = mixed_audio()
    expected = streamed(audio, *CASES[case])
    windows = run_on_host(audio, *CASES[case])
    assert len(expected) > 5
    assert np.array_equal(windows, expected)


def test_same_parameters_give_the_same_files(tmp_path) -> None:
    for folder in ("a", "b"):
        write_features(MfccParameters(), 0.6, 80, tmp_path / folder)
    for name in ("mn_features.c", "mn_features.h"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_shapes(tmp_path) -> None:
    shapes: list[tuple[Parameters, tuple[int, int, int]]] = [
        (MfccParameters(), (320, 49, 10)),
        (FilterbankParameters(), (512, 30, 40)),
        (IMAGES, (512, 32, 32)),
    ]
    for parameters, shape in shapes:
        features = write_features(parameters, 0.6, 80, tmp_path)
        assert (features.hop_samples, features.frames, features.values) == shape
        assert features.window_bytes == shape[1] * shape[2]


@pytest.mark.parametrize("case", ["kws", "filterbank", "images"])
def test_a_reset_forgets_all_audio(case: str, tmp_path: Path) -> None:
    parameters, scale, zero_point = CASES[case]
    features = write_features(parameters, scale, zero_point, tmp_path)
    library = ctypes.CDLL(str(build_program(features, tmp_path / "features.so", (), flags=("-shared", "-fPIC"))))
    audio = mixed_audio()
    hops = audio[: len(audio) // features.hop_samples * features.hop_samples].reshape(-1, features.hop_samples)
    window = np.empty((features.frames, features.values), np.int8)
    loudest_first = np.roll(hops, len(hops) // 3, axis=0)
    for stream in (loudest_first, hops):
        library.mn_features_reset()
        windows = []
        for hop in stream:
            if library.mn_features_push(hop.ctypes.data_as(ctypes.c_void_p)):
                library.mn_features_window(window.ctypes.data_as(ctypes.c_void_p))
                windows.append(window.copy())
        assert np.array_equal(windows, streamed(stream.reshape(-1), parameters, scale, zero_point))
