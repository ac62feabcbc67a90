from pathlib import Path

import pytest

from micronets.cli import main
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.prepare import prepare_machines
from micronets.data.machines.synthesis import GeneratedOptions, generate_machines
from micronets.device_features.sound import accuracy
from micronets.device_features.sound.accuracy import compare
from micronets.errors import ConfigurationError
from micronets.export.writer import write_tflite
from tests.networks import random_network, small_ds_cnn


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared dataset of 2 machines, each with 2 ids."""
    root = tmp_path_factory.mktemp("machines")
    generate_machines(GeneratedOptions(ids=2, training_clips=4, testing_clips=2, clip_s=3.5), root / "clips", 5, 1)
    options = MachineOptions("folder", str(root / "clips"), validation_percent=30)
    prepare_machines("ad", options, root / "data", 1, 1)
    return root / "data"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "random.tflite"
    write_tflite(random_network(small_ds_cnn(input_shape=(32, 32, 1))), path)
    return path


def test_host_and_device_agree(sounds: Path, model: Path) -> None:
    found = compare(sounds, model)
    assert found.count > 20
    assert found.furthest <= 1
    assert found.different < 0.01
    assert found.host.keys() == found.device.keys() >= {"auc", "pauc"}


def test_other_integers_are_seen(sounds: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = accuracy.clip_windows
    monkeypatch.setattr(accuracy, "clip_windows", lambda *arguments: right(*arguments)[:, ::-1])
    assert compare(sounds, model).different > 0.2


def test_the_command(sounds: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features-accuracy", str(sounds), str(model)]) == 0
    assert "of the input values differ, by at most" in capsys.readouterr().out
    assert main(["features-accuracy", str(tmp_path), str(model)]) == 1
    assert "run the data stage" in capsys.readouterr().err


def test_a_dataset_without_sounds(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Images:
        task = "vww"

    monkeypatch.setattr(accuracy, "open_dataset", lambda *_: Images())
    with pytest.raises(ConfigurationError, match="holds no sounds: vww has no features on the device"):
        compare(Path("data"), model)
