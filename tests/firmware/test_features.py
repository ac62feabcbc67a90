"""Features on the emulator, against the integer reference, bit for bit: with and without the DSP extension."""

from pathlib import Path

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.device_features.sound import Parameters, streamed, write_features
from micronets.device_features.sound.build import build_features
from micronets.emulator.execution import run_inputs
from micronets.features.filterbank import FilterbankParameters
from micronets.features.log_mel import IMAGES
from micronets.features.mfcc import MfccParameters
from tests.audio import mixed_audio

ONE_BOARD_OF_EACH_CORE = (
    "frdm-kl25z",
    "nucleo-f207zg",
    "nucleo-f446re",
    "nucleo-f746zg",
    "nucleo-u575zi-q",
    "corstone-300",
)
KINDS: dict[str, tuple[Parameters, float, int]] = {
    "mfcc": (MfccParameters(), 0.5, 60),
    "mfcc_30_ms": (MfccParameters(window_ms=30), 0.5, 60),
    "filterbank": (FilterbankParameters(), 0.0037, -128),
    "log_mel": (IMAGES, 0.5, 60),
}


@pytest.mark.parametrize("board_name", ONE_BOARD_OF_EACH_CORE)
@pytest.mark.parametrize("kind", KINDS)
def test_windows(kind: str, board_name: str, tmp_path: Path) -> None:
    features = write_features(*KINDS[kind], tmp_path)
    firmware = build_features(features, find_board(board_name), tmp_path)
    audio = mixed_audio()
    hops = audio[: len(audio) // features.hop_samples * features.hop_samples].reshape(-1, features.hop_samples)
    answers = run_inputs(firmware, hops)
    expected = streamed(audio, *KINDS[kind])
    ready = answers[:, 0] == 1
    assert len(expected) > 50
    assert np.flatnonzero(ready)[0] == features.first_window_hops - 1
    assert np.array_equal(answers[ready, 1:].reshape(expected.shape), expected)
