from dataclasses import replace
from pathlib import Path

import pytest

import micronets.device_features.sound.measure as measure
from micronets.boards import find_board
from micronets.cli import main
from micronets.device_features.sound.measure import FeatureProfile, profile_features
from micronets.errors import BuildError, EmulatorError
from micronets.export.writer import write_tflite
from micronets.features.log_mel import IMAGES
from micronets.features.mfcc import MfccParameters
from micronets.litert import describe
from tests.networks import random_network, small_ds_cnn

pytestmark = pytest.mark.emulator

BOARD = find_board("nucleo-l4r5zi")


@pytest.fixture(scope="module")
def mfcc(tmp_path_factory: pytest.TempPathFactory) -> FeatureProfile:
    return profile_features(MfccParameters(), 0.6, 80, BOARD, tmp_path_factory.mktemp("mfcc"))


def test_a_frame_meets_its_budget(mfcc: FeatureProfile) -> None:
    """1 ms at 120 MHz by the cycle model, which counts and does not measure time; 6 KB of RAM with all scratch."""
    assert mfcc.frame.cycles is not None
    assert mfcc.frame.cycles < 120_000
    assert mfcc.firmware.linked_ram_bytes.network < 6000


def test_the_figures_add_up(mfcc: FeatureProfile) -> None:
    content = mfcc.to_json()
    assert content["frame"]["instructions"] == round(sum(cost.instructions for cost in mfcc.stages.values()))
    assert content["frame"]["ms"] == pytest.approx(content["frame"]["cycles"] / 120e3, abs=1e-3)
    assert content["estimated_error_percent"] == 3.2
    most = mfcc.frame.instructions + mfcc.window.instructions
    assert most * 0.98 < content["hop_instructions_max"] < most * 1.02
    assert content["flash_bytes"]["total"] == content["flash_bytes"]["code"] + content["flash_bytes"]["constants"]
    assert (content["hop_ms"], content["frame_length_ms"], content["compared_windows"]) == (20, 40, 7)


def test_ram_is_what_the_features_keep(mfcc: FeatureProfile) -> None:
    history, work, window, peaks = 640, 4096, 980, 104
    assert 0 <= mfcc.firmware.linked_ram_bytes.network - (history + work + window + peaks) < 64


def test_log_mel_without_a_cycle_model(tmp_path: Path) -> None:
    profile = profile_features(IMAGES, 0.5, 0, find_board("nucleo-f746zg"), tmp_path)
    content = profile.to_json()
    assert content["frame"]["cycles"] is None and profile.frame_ms is None
    assert content["estimated_error_percent"] is None
    assert content["frame"]["instructions"] > 10_000
    assert content["compared_windows"] == 4


def test_wrong_windows_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = measure.streamed
    monkeypatch.setattr(measure, "streamed", lambda *arguments: right(*arguments) ^ 1)
    with pytest.raises(EmulatorError, match="differ from the integer reference"):
        profile_features(MfccParameters(), 0.6, 80, BOARD, tmp_path)


def test_too_small_a_board(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"mfcc does not fit small: it needs .* bytes of SRAM of 8,192"):
        profile_features(MfccParameters(), 0.6, 80, replace(BOARD, name="small", sram_bytes=8192), tmp_path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn()), model)
    assert main(["features", "mfcc", "--set", "window_ms=30", "--model", str(model), "--output", str(tmp_path)]) == 0
    zero_point = describe(model)[0].quantisation.zero_point
    tables = (tmp_path / "features" / "mn_features_tables.h").read_text(encoding="utf-8")
    assert f"#define MN_QUANTISE_ZERO_POINT ({zero_point})" in tables
    printed = capsys.readouterr().out
    assert "mfcc on nucleo-l4r5zi" in printed
    assert "RAM: 3,4" in printed
    assert main(["features", "mfcc", "--set", "window_ms"]) == 1
    assert main(["features", "mfcc", "--set", "window=30"]) == 1
    assert "unknown key --set.window" in capsys.readouterr().err
