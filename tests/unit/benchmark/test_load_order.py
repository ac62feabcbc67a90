from pathlib import Path

import pytest

from micronets.boards import find_board
from micronets.cli import main
from micronets.export.writer import write_tflite
from micronets.profile.model import profile_model
from tests.networks import random_network, small_ds_cnn


@pytest.mark.emulator
def test_both_readings_and_the_price_of_a_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    models.mkdir()
    write_tflite(random_network(small_ds_cnn(), seed=1), models / "small.tflite")
    assert main(["load-order", str(models)]) == 0
    _, line = capsys.readouterr().out.splitlines()
    name, *figures = line.split()
    latency_ms, pipelined_ms, price = map(float, figures)
    profile = profile_model(
        models / "small.tflite", find_board("nucleo-l4r5zi"), tmp_path / "m4", optimise="balanced", inputs=1
    )
    assert name == "small"
    assert latency_ms == pytest.approx(profile.latency_ms, rel=0.05)
    assert pipelined_ms <= latency_ms
    assert 1 < price < 2.5


def test_error_of_a_damaged_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "damaged.tflite").write_bytes(b"TFL3")
    assert main(["load-order", str(tmp_path)]) == 1
    assert "damaged.tflite" in capsys.readouterr().err
