"""A small folder of generated machines, and the prepared dataset of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from micronets.data.machines.options import MachineOptions
from micronets.data.machines.prepare import prepare_machines
from micronets.data.machines.synthesis import GeneratedOptions, generate_machines

GENERATED = GeneratedOptions(ids=2, training_clips=4, testing_clips=2, clip_s=3.5)


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """2 machines x 2 ids x (4 clips to train on, 2 normal and 2 anomalous ones to test), for reading only."""
    root = tmp_path_factory.mktemp("machines") / "clips"
    generate_machines(GENERATED, root, seed=5, processes=1)
    return root


@pytest.fixture
def own_folder(folder, tmp_path) -> Path:
    """A copy that the test may change."""
    return shutil.copytree(folder, tmp_path / "clips")


@pytest.fixture(scope="session")
def prepared(folder, tmp_path_factory) -> Path:
    """The directory of the prepared dataset."""
    directory = tmp_path_factory.mktemp("prepared") / "data"
    prepare_machines("ad", MachineOptions("folder", str(folder), validation_percent=30), directory, 1, 1)
    return directory


@pytest.fixture(scope="session")
def write_noise():
    """A function that writes a recording of noise, another one in every channel, and returns its samples."""

    def write(path: Path, seconds: float = 3.0, rate_hz: int = 16000, channels: int = 1) -> np.ndarray:
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(len(str(path)))
        samples = generator.normal(0, 1000, (round(seconds * rate_hz), channels)).astype(np.int16)
        soundfile.write(path, samples, rate_hz, subtype="PCM_16")
        return samples

    return write
